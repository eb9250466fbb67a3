package main

import (
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// formValue is what a form sends back.
var formValue = regexp.MustCompile(` (name|value)="[^"]*"`)

// consoleTo returns a console that writes to out and log.
func consoleTo(out, log io.Writer) *cmdline.Console {
	return &cmdline.Console{In: strings.NewReader(""), Out: out, Log: log}
}

// small is a table that is trained on quickly.
func small() string {
	var b strings.Builder
	b.WriteString("size,rooms,price\n")
	for i := range 40 {
		fmt.Fprintf(&b, "%d,%d,%d.5\n", 20+i*37%91, i%5, 3*i%50)
	}
	return b.String()
}

// hostile are the ends of names that a terminal or a browser would take for more.
var hostile = []string{"\x1b[2J", "\n dropout: all is well", "\x01", "\u202e", "\u009b2J", "\x7f"}

// TestHostileNames has columns and classes that a terminal would obey, which must not reach
// the terminal, the report or the form.
func TestHostileNames(t *testing.T) {
	var b strings.Builder
	for i, end := range hostile {
		fmt.Fprintf(&b, "\"column %d%s\",", i, end)
	}
	b.WriteString("\"the target\x1b[5m\"\n")
	for i := range 60 {
		for k := range hostile {
			if k == 1 {
				fmt.Fprintf(&b, "\"value %s\",", hostile[i%6])
			} else {
				fmt.Fprintf(&b, "%d.25,", i*(k+3)%17)
			}
		}
		fmt.Fprintf(&b, "\"class %s\"\n", hostile[i%6])
	}
	path, dir := write(t, "hostile\x1b[2J.csv", b.String()), filepath.Join(t.TempDir(), "run")
	check := func(what, text string) {
		t.Helper()
		for _, r := range text {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Errorf("%s must have printable text alone, got %q in\n%.3000q", what, r, text)
				return
			}
		}
		if strings.Contains(text, "\n dropout: all is well") {
			t.Errorf("%s must not have lines from elsewhere, got\n%s", what, text)
		}
	}
	check("the result", compareQuickly(t, dir, path, "-t", "the target\x1b[5m"))
	check("the report", readFile(t, filepath.Join(dir, reportFile)))
	check("verify", must(t, "verify", dir))
	for _, args := range [][]string{
		{"compare", path}, {"compare", path, "-t", "none\x1b[2J"}, {"compare", path + "x", "-t", "x"}, {"compare", path, "-t", "column 0\x1b[2J", "--group", "\x1b"},
		{"predict", dir, write(t, "x\x1b.csv", "a,b\n1,2\n")}, {"compare", path, "-t", "the target\x1b[5m", "--column", "column 1" + hostile[1] + "=number"},
	} {
		_, log, code := command(args...)
		if check("an error", log); code == 0 || strings.Count(log, "\n") != 1 {
			t.Errorf("%q: must fail with one line, got %d: %s", args, code, log)
		}
	}
	f, err := runDir(dir).final()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	consoleTo(io.Discard, &said).Logf("%s", exampleOf(f))
	check("the example", said.String())
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://127.0.0.1/", nil)
	r.RemoteAddr = "127.0.0.1:1"
	newService(f, 2).ServeHTTP(w, r)
	// What a browser shows; values of fields are sent back and must be as they are.
	shown := formValue.ReplaceAllString(w.Body.String(), "")
	if check("the form", shown); w.Code != 200 || !strings.Contains(shown, "Predict the target") {
		t.Errorf("the form must be shown, got %d\n%s", w.Code, shown)
	}
	var rows strings.Builder
	table, err := tabular.Open(path, tabular.Format{})
	if err != nil {
		t.Fatal(err)
	}
	added := []answerColumn{{Name: "prediction", Values: make([]any, table.Len())}}
	if err := writeRows(&rows, table, added, true); err != nil {
		t.Fatal(err)
	}
	check("a table on a terminal", rows.String())
}

// TestHostileSizes gives numbers and files that must be refused before anything is done.
func TestHostileSizes(t *testing.T) {
	data, dir := write(t, "prices.csv", small()), filepath.Join(t.TempDir(), "run")
	for _, flag := range []string{"--epochs=9223372036854775807", "--batch=9223372036854775807", "--workers=100000000", "--folds=101", "--repeats=101"} {
		if _, log, code := command("compare", data, "-t", "price", flag, "--dry-run"); code != 2 || strings.Count(log, "\n") > 1 {
			t.Errorf("%s: must exit with 2, got %d: %s", flag, code, log)
		}
	}
	if fileExists(dir) {
		t.Error("nothing must be written")
	}
}
