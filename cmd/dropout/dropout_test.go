package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// command runs the program, and returns what it has written and its exit code.
func command(args ...string) (out, log string, code int) {
	var o, l bytes.Buffer
	code = commandLine().Execute(&cmdline.Console{In: strings.NewReader(""), Out: &o, Log: &l, Args: args})
	return o.String(), l.String(), code
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, log, code := command(args...)
	if code != 0 {
		t.Fatalf("dropout %q: must exit with 0, got %d: %s%s", args, code, out, log)
	}
	return out
}

// quick makes a comparison as short as it can be.
var quick = []string{"--rounds", "1", "--folds", "2", "--repeats", "1", "--epochs", "2"}

func compareQuickly(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return must(t, append(append([]string{"compare", "--out", dir}, args...), quick...)...)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// dirty is a file with all that strangers' files have.
func dirty() string {
	var b strings.Builder
	b.WriteString("\ufeffid,Größe,Farbe,since,active,note,constant,price\r\n")
	for i := range 60 {
		size := fmt.Sprint(20 + i*37%91)
		if i%10 == 3 {
			size = "NA"
		}
		fmt.Fprintf(&b, "K%05d,%s,%s,%d-%02d-%02d,%s,\"a long, rambling note about customer %d, with commas, that nobody reads\",7,%d.5\r\n",
			i, size, []string{"Red", "red", "RED ", "blue", "green"}[i%5], 2019+i%3, 1+i%12, 1+i%28, []string{"yes", "no", "?"}[i%3], i, 3*i%50)
		if i%12 == 5 { // a copy
			lines := strings.Split(strings.TrimSpace(b.String()), "\r\n")
			b.WriteString(lines[len(lines)-1] + "\r\n")
		}
	}
	return b.String()
}

func TestADirtyFile(t *testing.T) {
	path, dir := write(t, "prices <&>.csv", dirty()), filepath.Join(t.TempDir(), "run")
	out := compareQuickly(t, dir, path, "--target", "price")
	for _, want := range []string{
		"65 rows, 8 columns", "numbers (the target has 50 different numbers)", "id-like", "constant: 7 in each row", "free text", "date, such as 2019-01-01",
		"2 further spellings", "median and indicator where missing", "linear regression", "with MC dropout", "95 % interval", "Report:",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("output must have %q, got\n%s", want, out)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if n := runewidth.StringWidth(line); n > 80 && !strings.Contains(line, dir) {
			t.Errorf("lines must have at most 80 columns, got %d: %s", n, line)
		}
	}
	page := readFile(t, filepath.Join(dir, reportFile))
	for _, want := range []string{
		"prices &lt;&amp;&gt;.csv", "Größe", "id-like", "constant: 7 in each row", "Learning curves", "Error against p", "Coverage", "Importance of columns", "Worst predictions", "Chosen settings",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("report must have %q", want)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "http-equiv=\"refresh\"") || strings.Contains(page, "src=\"http") {
		t.Error("report must need nothing else")
	}
	t.Run("report", func(t *testing.T) {
		again := must(t, "report", dir)
		if !strings.HasSuffix(strings.TrimSpace(out), strings.TrimSpace(again)) {
			t.Errorf("report must say the same again:\n%s\ngot\n%s", out, again)
		}
	})
	t.Run("predict", func(t *testing.T) { testPredict(t, dir, path) })
	t.Run("export", func(t *testing.T) { testExport(t, dir) })
	t.Run("serve", func(t *testing.T) { testService(t, runDir(dir)) })
}

func testPredict(t *testing.T, dir, path string) {
	rows, err := csv.NewReader(strings.NewReader(must(t, "predict", dir, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if head := strings.Join(rows[0], ","); head != "id,Größe,Farbe,since,active,note,constant,price,prediction,low,high,model_uncertainty" || len(rows) != 66 {
		t.Errorf("predictions must be added to 65 rows, got %d rows of %s", len(rows)-1, head)
	}
	to := filepath.Join(t.TempDir(), "out.csv")
	must(t, "predict", dir, path, "-o", to)
	if got := readFile(t, to); strings.Count(got, "\n") != 66 {
		t.Errorf("the file must have 66 lines, got %d", strings.Count(got, "\n"))
	}
	var objects []map[string]any
	if err := json.Unmarshal([]byte(must(t, "predict", dir, path, "--json")), &objects); err != nil || len(objects) != 65 {
		t.Errorf("must be 65 objects, got %d and %v", len(objects), err)
	}
	_, log, code := command("predict", dir, write(t, "new.csv", strings.Replace(dirty(), "Größe", "size", 1)))
	if code != 1 || !strings.Contains(log, `must have the column ["Größe"]`) {
		t.Errorf("a column that is missing must be refused by name, got %d: %s", code, log)
	}
}

func testExport(t *testing.T, dir string) {
	to := filepath.Join(t.TempDir(), "model")
	must(t, "export", dir, to)
	if program := readFile(t, filepath.Join(to, programFile)); !strings.Contains(program, "models.MLP{Inputs:") || !strings.Contains(program, `model.Load("model.safetensors")`) {
		t.Errorf("program must load the model, got\n%s", program)
	}
	if readFile(t, filepath.Join(to, weightsFile)) == "" {
		t.Error("weights must be written")
	}
	net, err := onnx.Load(filepath.Join(to, onnxFile))
	if err != nil {
		t.Fatalf("the network must be an ONNX file, got %v", err)
	}
	m, err := net.Model()
	if err != nil {
		t.Fatal(err)
	}
	// Its inputs and outputs are in the units of the data.
	f, err := runDir(dir).final()
	if err != nil {
		t.Fatal(err)
	}
	mean, std := f.Encoder.Standardization()
	raw, x := make([]float32, len(mean)), make([]float32, len(mean))
	for i := range x {
		x[i] = float32(i%3) - 0.5
		raw[i] = x[i]*std[i] + mean[i]
	}
	want, err := f.Model.Predict(x)
	if err == nil {
		err = f.Encoder.Restore(want[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Predict(raw)
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(got[0][0] - want[0][0]); !(d < 1e-3*math.Abs(want[0][0])) || slices.Equal(mean, make([]float32, len(mean))) {
		t.Errorf("the ONNX network must give %v, got %v", want, got)
	}
}

// TestResume goes on with a run, which comes out as if it had been run at once.
func TestResume(t *testing.T) {
	path := write(t, "prices.csv", dirty())
	whole, parts := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "run")
	rounds := func(n string) []string {
		return []string{"--folds", "2", "--repeats", "1", "--epochs", "2", "--rounds", n}
	}
	board := filepath.Join(t.TempDir(), "board")
	want := must(t, append([]string{"compare", path, "-t", "price", "--out", whole, "--tensorboard", board}, rounds("2")...)...)
	if files, err := filepath.Glob(filepath.Join(board, "with-dropout-split-1-round-2", "events.out.tfevents.*")); err != nil || len(files) != 1 {
		t.Errorf("a trial must have one file for TensorBoard, got %q and %v", files, err)
	}
	must(t, append([]string{"compare", path, "-t", "price", "--out", parts}, rounds("1")...)...)
	got := must(t, "compare", "--resume", parts, "--rounds", "2")
	results := regexp.MustCompile(`(?s)  +RMSE.*tuning parts`)
	if a, b := results.FindString(want), results.FindString(got); a == "" || a != b {
		t.Errorf("results must be\n%s\ngot\n%s", a, b)
	}
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"compare", "--resume", parts, "--seed", "2"}, 2, "--seed must be left out with --resume"},
		{[]string{"compare", path, "--resume", parts}, 2, "the data must be left out"},
		{[]string{"compare", path, "-t", "price", "--out", parts}, 2, "must be a new directory"},
	} {
		if _, log, code := command(tt.args...); code != tt.code || !strings.Contains(log, tt.want) {
			t.Errorf("%q: must exit with %d and say %q, got %d: %s", tt.args, tt.code, tt.want, code, log)
		}
	}
	if err := os.WriteFile(path, []byte(dirty()+"x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, log, code := command("compare", "--resume", parts, "--rounds", "3"); code != 1 || !strings.Contains(log, "has changed") && !strings.Contains(log, "must have 8 values") {
		t.Errorf("other data must be refused, got %d: %s", code, log)
	}
}

// TestReproduced runs the command at the end of a report, which must give its results.
func TestReproduced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	want := must(t, "compare", write(t, "prices.csv", dirty()), "-t", "price", "--out", dir, "--folds", "2", "--repeats", "1", "--rounds", "1", "--epochs", "3")
	page := regexp.MustCompile(`</?span[^>]*>`).ReplaceAllString(readFile(t, filepath.Join(dir, reportFile)), "")
	command := regexp.MustCompile(`<code>dropout (compare [^<]*)</code>`).FindStringSubmatch(page)
	if command == nil {
		t.Fatal("report must have a command")
	}
	got := must(t, append(strings.Fields(command[1]), "--out", filepath.Join(t.TempDir(), "run"))...)
	results := regexp.MustCompile(`(?s)  +RMSE.*tuning parts`)
	if a, b := results.FindString(want), results.FindString(got); a == "" || a != b {
		t.Errorf("%s: results must be\n%s\ngot\n%s", command[1], a, b)
	}
}

func TestUsage(t *testing.T) {
	path := write(t, "prices.csv", dirty())
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"compare"}, 2, "a file or folder to compare on must be given"},
		{[]string{"compare", "nothing.csv", "-t", "x"}, 2, "and there is none"},
		{[]string{"compare", path}, 2, "--target must name the column to predict, one of id, Größe"},
		{[]string{"compare", path, "-t", "prize"}, 2, `did you mean "price"?`},
		{[]string{"compare", path, "-t", "price", "--column", "Farbe=number"}, 2, "must have numbers"},
		{[]string{"compare", path, "-t", "price", "--folds", "1"}, 2, "--folds must be in [2, 100], got 1"},
		{[]string{"compare", path, "-t", "price", "--time=-1s"}, 2, "--time must be positive"},
		{[]string{"compare", path, "-t", "price", "--comma", "ab"}, 2, "--comma must be one character or tab"},
		{[]string{"predict", t.TempDir(), path}, 1, "must have a model"},
	} {
		if _, log, code := command(tt.args...); code != tt.code || !strings.Contains(log, tt.want) {
			t.Errorf("%q: must exit with %d and say %q, got %d: %s", tt.args, tt.code, tt.want, code, log)
		}
	}
}

func TestClassesAsJSON(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,y,wet,windy,kind\n")
	for i := range 50 {
		fmt.Fprintf(&b, "%d.5,%d.25,%s,%s,%s\n", i*7%23, i*5%19, []string{"yes", "no"}[i%2], []string{"no", "yes"}[i/25], []string{"a", "b", "c"}[i%3])
	}
	path, dir := write(t, "weather.csv", b.String()), filepath.Join(t.TempDir(), "run")
	var out struct {
		Finding, Run string
		Outcome      struct{ Kind string }
	}
	if err := json.Unmarshal([]byte(compareQuickly(t, dir, path, "-t", "kind", "--json")), &out); err != nil {
		t.Fatal(err)
	}
	if out.Finding == "" || out.Run != dir || out.Outcome.Kind != "classes" {
		t.Errorf("finding, run and outcome must be there, got %+v", out)
	}
	rows, err := csv.NewReader(strings.NewReader(must(t, "predict", dir, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if head := strings.Join(rows[0], ","); head != "x,y,wet,windy,kind,prediction,probability,model_uncertainty" {
		t.Errorf("columns of classes must be added, got %s", head)
	}
	labels := filepath.Join(t.TempDir(), "labels")
	if out := compareQuickly(t, labels, path, "-t", "wet,windy"); !strings.Contains(out, "the shares") {
		t.Errorf("labels must have their baseline, got\n%s", out)
	}
	if out := must(t, "predict", labels, path); !strings.Contains(out, "probability of wet,probability of windy") {
		t.Errorf("columns of labels must be added, got\n%s", out)
	}
}

func TestPlanFile(t *testing.T) {
	path, plan := write(t, "prices.csv", dirty()), filepath.Join(t.TempDir(), "plan.yaml")
	out := must(t, "compare", path, "-t", "price", "--dry-run", "--save-plan", plan)
	if !strings.Contains(out, "Method:") || strings.Contains(out, "RMSE") {
		t.Errorf("a dry run must end with the method, got\n%s", out)
	}
	changed := strings.Replace(readFile(t, plan), "name: Farbe\n      use: category", "name: Farbe\n      use: out", 1)
	if err := os.WriteFile(plan, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "compare", path, "--plan", plan, "--dry-run"); !regexp.MustCompile(`Farbe +left out`).MatchString(out) {
		t.Errorf("the plan must be followed, got\n%s", out)
	}
}

// TestStrangersFiles runs the real sets of the repository as files, with no flag but the
// target.
func TestStrangersFiles(t *testing.T) {
	for _, tt := range []struct {
		path string
		args []string
		want []string
	}{
		{"../../datasets/wdbc/wdbc.csv", []string{"-t", "31"}, []string{"569 rows", "classes", "logistic regression"}},
		{"../../datasets/vowel/vowel.csv", []string{"-t", "Class"}, []string{"990 rows", "11 classes"}},
		{"../../datasets/uci/concrete/data.csv", []string{"-t", "target"}, []string{"1,030 rows", "numbers", "linear regression"}},
	} {
		t.Run(filepath.Base(tt.path), func(t *testing.T) {
			out := compareQuickly(t, filepath.Join(t.TempDir(), "run"), append([]string{tt.path}, tt.args...)...)
			for _, want := range append(tt.want, "with dropout", "95 % interval") {
				if !strings.Contains(out, want) {
					t.Errorf("output must have %q, got\n%s", want, out)
				}
			}
		})
	}
}

func TestText(t *testing.T) {
	text := readFile(t, "../../datasets/opticks/opticks.txt")[:5000]
	out := compareQuickly(t, filepath.Join(t.TempDir(), "run"), write(t, "book.txt", text))
	for _, want := range []string{"different characters", "shares of characters", "pairs of characters", "with dropout"} {
		if !strings.Contains(out, want) {
			t.Errorf("output must have %q, got\n%s", want, out)
		}
	}
}

func TestImages(t *testing.T) {
	dir := t.TempDir()
	for class := range 2 {
		folder := filepath.Join(dir, []string{"dark", "light"}[class])
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 15 {
			img := image.NewGray(image.Rect(0, 0, 12, 12))
			for k := range img.Pix {
				img.Pix[k] = uint8(150*class + (k*i*7+k*k)%100)
			}
			img.SetGray(i%12, i/12, color.Gray{Y: 128})
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)+".png"), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := filepath.Join(t.TempDir(), "run")
	out := compareQuickly(t, run, dir, "--size", "12")
	for _, want := range []string{"30 images of 2 classes (dark, light)", "in grey", "logistic regression", "with MC dropout"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("output must have %q, got\n%s", want, out)
		}
	}
	if _, log, code := command("predict", run, write(t, "new.csv", "a\n1\n")); code != 1 || !strings.Contains(log, "must be a PNG") {
		t.Errorf("a table must be refused, got %d: %s", code, log)
	}
	to := filepath.Join(t.TempDir(), "model")
	must(t, "export", run, to)
	if program := readFile(t, filepath.Join(to, programFile)); !strings.Contains(program, "models.ConvNet{") {
		t.Errorf("program must have the network, got\n%s", program)
	}
}
