package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// command runs a command line and returns what it wrote and its exit code.
func command(args ...string) (out, log string, code int) {
	var o, l bytes.Buffer
	code = commandLine().Execute(&cmdline.Console{Args: args, Out: &o, Log: &l})
	return o.String(), l.String(), code
}

var small = []string{"--train", "200", "--hidden", "16", "--epochs", "2", "--plain-epochs", "2", "--seeds", "1", "--curve", "20"}

func drawDigit(t *testing.T, path string) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 100, 120))
	for y := 20; y < 100; y++ {
		for x := 45; x < 57; x++ {
			img.Set(x, y, color.White)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// A run's directory serves all the other commands.
func TestRunDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	out, log, code := command(append([]string{"--out", dir}, small...)...)
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}

	if _, log, code := command(append([]string{"--out", dir}, small...)...); code != 1 || !strings.Contains(log, "which holds a run") {
		t.Errorf("a directory that holds a run must be refused, got %d and %s", code, log)
	}

	out, log, code = command("eval", dir, "--passes", "3")
	if code != 0 || strings.Count(out, "\n") != 4 || !strings.Contains(out, "3 passes") {
		t.Errorf("eval: exit %d\n%s%s", code, out, log)
	}

	digit := filepath.Join(dir, "digit.png")
	drawDigit(t, digit)
	out, log, code = command("predict", dir, digit, "--passes", "5")
	if code != 0 || !strings.Contains(out, `digit.png" shows a `) || strings.Count(out, "\n") != 18 {
		t.Errorf("predict: exit %d\n%s%s", code, out, log)
	}
	out, log, code = command("--json", "predict", dir, digit)
	var got answer
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || len(got.Probabilities) != 10 || got.Passes != 50 {
		t.Errorf("predict --json: exit %d, %v\n%s%s", code, err, out, log)
	}
	// 0 is a seed as others are, and this run has none of it.
	h, err := (&serveCmd{Dir: runDir(dir), Passes: 5}).handler(t.Context(), &cmdline.Console{Out: io.Discard, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := os.ReadFile(digit)
	if err != nil {
		t.Fatal(err)
	}
	answered := httptest.NewRecorder()
	h.ServeHTTP(answered, httptest.NewRequest("POST", "/predict", bytes.NewReader(drawn)))
	if body := answered.Body.String(); answered.Code != 200 || !strings.Contains(body, `"passes":5,"unlike_training_data":`) {
		t.Errorf("serve: a digit must be predicted, got %d: %s", answered.Code, body)
	}
	if _, log, code = command("serve", dir, "--passes", "0"); code != 2 || !strings.Contains(log, "--passes must be in [1, 10000], got 0") {
		t.Errorf("serve --passes 0: exit %d\n%s", code, log)
	}
	if _, log, code = command("predict", dir, digit, "--seed", "0"); code != 1 || !strings.Contains(log, "with-dropout-0") {
		t.Errorf("predict --seed 0: exit %d\n%s", code, log)
	}

	out, log, code = command("report", dir)
	if code != 0 || !strings.Contains(out, "difference") {
		t.Errorf("report: exit %d\n%s%s", code, out, log)
	}

	// A damaged checkpoint is one clear line.
	last := filepath.Join(dir, "runs", "with-dropout-1", "model.safetensors")
	data, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	if err := os.WriteFile(last, data, 0o666); err != nil {
		t.Fatal(err)
	}
	_, log, code = command("predict", dir, digit)
	if code != 1 || !strings.Contains(log, last) || !strings.Contains(log, "damaged") || strings.Count(log, "\n") != 1 {
		t.Errorf("damaged checkpoint: exit %d\n%s", code, log)
	}
}

// An interrupted run goes on to the results of one that was not.
func TestResume(t *testing.T) {
	results := func(dir string) []experiment.Result {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, "runs.json"))
		if err != nil {
			t.Fatal(err)
		}
		var r []experiment.Result
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	whole, cut := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "cut")
	for _, dir := range []string{whole, cut} {
		if out, log, code := command(append([]string{"--out", dir}, small...)...); code != 0 {
			t.Fatalf("exit %d\n%s%s", code, out, log)
		}
	}
	// As if the run had been killed while its second network was training.
	for _, path := range []string{"runs.json", "runs.csv", "runs/with-dropout-1/last.safetensors", "runs/with-dropout-1/model.safetensors"} {
		if err := os.Remove(filepath.Join(cut, path)); err != nil {
			t.Fatal(err)
		}
	}
	if out, log, code := command("--resume", cut); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	want, got := results(whole), results(cut)
	for i := range want {
		if !reflect.DeepEqual(*want[i].History.Test, *got[i].History.Test) || want[i].History.Steps != got[i].History.Steps {
			t.Errorf("%s: test metrics are %+v, want %+v", want[i].Arm, got[i].History.Test, want[i].History.Test)
		}
	}
}

func TestCommandErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.png")
	if err := os.WriteFile(text, []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"--nonsense", 2, "unknown flag --nonsense"},
		{"--p 2", 2, "--p must be in [0, 1], got 2"},
		{"eval /nowhere", 2, "/nowhere"},
		{"eval " + dir, 1, "config.json\": no such file"},
		{"predict " + dir + " /nowhere.png", 2, "/nowhere.png"},
		{"predict " + dir + " " + text, 1, "config.json\": no such file"},
		{"--resume " + dir, 1, "config.json\": no such file"},
		{"explain --output x.pdf", 2, "--output must end in .svg or .dot, got"},
		{"bench --batch 0", 2, "--batch must be in [1, 60000]"},
		{"--config " + text, 2, text + ":1:2: invalid character 'o' in literal null"},
		{"bench -p 2", 2, "--p must be in [0, 1], got 2"},
		{"explain --input-p=-1", 2, "--input-p must be in [0, 1], got -1"},
		{"explain --batch 0", 2, "--batch must be in [1, 60000], got 0"},
		{"eval " + dir + " --bins 0", 2, "--bins positive, got 20 and 0"},
		{"predict " + dir + " " + text + " --passes 0", 2, "--passes must be positive, got 0"},
		{"--lr=-1", 2, "--lr must be finite and not negative, got -1"},
		{"--plain-lr=-1", 2, "--plain-lr must be finite and not negative, got -1"},
		{"--momentum 1", 2, "--momentum must be in [0, 1), got 1"},
		{"--seed 18446744073709551615 --seeds 2", 2, "--seed must leave room for 2 seeds below 2^64"},
		{"--data " + dir, 1, "mnist: Open: "},
	} {
		_, log, code := command(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(log, tt.want) || strings.Count(strings.TrimSpace(log), "\n") > 0 {
			t.Errorf("%s: want exit %d and one line with %q, got %d and\n%s", tt.args, tt.code, tt.want, code, log)
		}
	}
}

func TestHelp(t *testing.T) {
	out, _, code := command("--help")
	if code != 0 || !strings.Contains(out, "Examples:") || !strings.Contains(out, "Exit codes:") || !strings.Contains(out, "--input-p") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestExplain(t *testing.T) {
	out, log, code := command("explain", "--hidden", "8")
	if code != 0 || !strings.Contains(out, "0  Dropout  (784)            0  0.3\n") || !strings.Contains(out, "total                 6,370\n") {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	out, log, code = command("explain", "--hidden", "8", "--json")
	if code != 0 || !strings.Contains(out, `{"place":"1","name":"Linear","output":[8],"params":6280}`) {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	drawn := filepath.Join(t.TempDir(), "graph.dot")
	if _, log, code := command("explain", "--hidden", "8", "-o", drawn); code != 0 {
		t.Fatalf("exit %d\n%s", code, log)
	}
	if dot, err := os.ReadFile(drawn); err != nil || !bytes.HasPrefix(dot, []byte("digraph")) || !bytes.Contains(dot, []byte("DenseDropout")) {
		t.Errorf("want a graph, got %s, %v", dot, err)
	}
	if _, err := exec.LookPath("dot"); err != nil {
		t.Skip("Graphviz is not installed (Debian: graphviz)")
	}
	path := filepath.Join(t.TempDir(), "graph.svg")
	if _, log, code := command("explain", "-o", path); code != 0 {
		t.Fatalf("exit %d\n%s", code, log)
	}
	if svg, err := os.ReadFile(path); err != nil || !bytes.Contains(svg, []byte("<svg")) {
		t.Errorf("want an SVG, got %v", err)
	}
}

func TestBench(t *testing.T) {
	out, log, code := command("bench", "--hidden", "16", "--for", "20ms")
	if code != 0 || strings.Count(out, "\n") != 3 {
		t.Errorf("exit %d\n%s%s", code, out, log)
	}
}

// Whatever a path is called, each command's error is one line without commands for the
// terminal.
func TestHostileNames(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a\n mnist: all is well\x1b[2J\u202e")
	for _, args := range [][]string{
		{"eval", name}, {"report", name}, {"predict", name, name + ".png"}, {"--resume", name}, {"--data", name}, {"bench", "--data", name}, {name},
		{"--hidden", name}, {"--schedule", name}, {"explain", "--loss", name}, {"--" + name}, {"verify", name}, {"export", name, name}, {"serve", name},
	} {
		out, log, code := command(args...)
		if text := out + log; code == 0 || strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\x1b\u202e") || !strings.HasPrefix(text, "mnist: ") {
			t.Errorf("%.20q: exit %d, %q", args, code, text)
		}
	}
}

// A report of as many units and images as the default run's is small enough to send.
func TestReportSize(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if out, log, code := command("--train", "500", "--epochs", "2", "--plain-epochs", "1", "--seeds", "1", "--curve", "20", "--out", dir); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	info, err := os.Stat(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 500_000 {
		t.Errorf("the report has %d bytes", info.Size())
	}
}
