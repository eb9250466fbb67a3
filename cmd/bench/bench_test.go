package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// The command starts itself for each case, which in tests is the test program.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "--worker") {
		commandLine().Main()
	}
	if len(os.Args) > 2 && os.Args[1] == "-c" { // called as Python is
		if os.Args[2] == torchScript {
			panic("this is no Python")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	var out, log bytes.Buffer
	args := []string{"--only", "^op-1M/(both-ours2|forward-ours2)$|^op-1M/both-generic$", "--rounds", "3", "--for", "3ms", "--json", "--long"}
	if code := commandLine().Execute(&cmdline.Console{Args: args, In: strings.NewReader(""), Out: &out, Log: &log}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Cases) != 3 {
		t.Fatalf("got %d cases, want 3", len(r.Cases))
	}
	for _, m := range r.Cases {
		if len(m.Rounds) != 3 || m.Error != "" {
			t.Errorf("%s: got %d rounds and error %q, want 3 and none", m.Name, len(m.Rounds), m.Error)
		}
		for _, a := range m.Rounds {
			if a.Bytes == nil || !strings.HasPrefix(a.About, "BLAS: ") {
				t.Errorf("%s: answer lacks bytes or the BLAS: %+v", m.Name, a)
			}
		}
	}
	if len(r.Targets) != len(targets()) {
		t.Errorf("got %d targets, want %d", len(r.Targets), len(targets()))
	}
}

// The case of all products of a step keeps them, although those of a single one come after it.
func TestProducts(t *testing.T) {
	if r := measuredBy(t, "--only", "^products/gemm-ours1$", "--rounds", "1", "--for", "1ms"); r.Cases[0].Error != "" {
		t.Errorf("got the error %q, want none", r.Cases[0].Error)
	}
}

// A process that panics is reported by its message, not by the end of its stack.
func TestPanic(t *testing.T) {
	r := measuredBy(t, "--only", "^30-16-2/step-torch1$", "--python", os.Args[0])
	if want := "panic: this is no Python"; r.Cases[0].Error != want {
		t.Errorf("got the error %q, want %q", r.Cases[0].Error, want)
	}
}

// measuredBy is the result of the command.
func measuredBy(t *testing.T, args ...string) (r result) {
	t.Helper()
	var out, log bytes.Buffer
	if code := commandLine().Execute(&cmdline.Console{Args: append(args, "--json"), In: strings.NewReader(""), Out: &out, Log: &log}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestComplaint(t *testing.T) {
	for _, test := range []struct{ said, want string }{
		{"bench: no case of this program is called \"x\"\n", `bench: no case of this program is called "x"`},
		{"working\npanic: blas: illegal transpose\n\ngoroutine 1 [running]:\nmain.main()\n\tmain.go:56 +0xb2\n", "panic: blas: illegal transpose"},
		{"runtime: out of memory\nfatal error: out of memory\n\nmain.go:1 +0x1", "fatal error: out of memory"},
		{"Traceback (most recent call last):\n  File \"<string>\", line 1\nModuleNotFoundError: No module named 'torch'\n", "ModuleNotFoundError: No module named 'torch'"},
	} {
		if got := complaint(test.said); got != test.want {
			t.Errorf("%q: got %q, want %q", test.said, got, test.want)
		}
	}
}

func TestAbsentPrograms(t *testing.T) {
	var out, log bytes.Buffer
	args := []string{"--long", "--only", "^epoch/dropout-torch|^square/gemm-(pthread1|OpenMP1)$|^mlp/gomlx$", "--rounds", "1", "--for", "1ms",
		"--python", "no-such-python", "--gomlx", "no-such-folder", "--openmp-blas", "no-such-openmp", "--pthread-blas", "no-such-pthread"}
	if code := commandLine().Execute(&cmdline.Console{Args: args, In: strings.NewReader(""), Out: &out, Log: &log}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	_, missing, _ := strings.Cut(out.String(), "\nNot measured: ")
	lines := strings.Split(strings.TrimSpace(missing), "\n")
	for i, want := range []string{
		"square/gemm-pthread1: --pthread-blas: stat no-such-pthread: ",
		"Not measured: square/gemm-OpenMP1: --openmp-blas: stat no-such-openmp: ",
		"Not measured: mlp/gomlx: GoMLX cannot be built",
		"Not measured: epoch/dropout-torch1 and 3 more: PyTorch is not there for no-such-python (Debian: python3-torch; or give --python)",
	} {
		if len(lines) != 4 || !strings.HasPrefix(lines[i], want) {
			t.Errorf("want 4 lines, of which number %d begins with %q, got:\n%s", i+1, want, &out)
		}
	}
	if !strings.Contains(out.String(), "MLP step with dropout: to PyTorch's") || strings.Contains(out.String(), "yes") {
		t.Errorf("targets must be listed and none met:\n%s", &out)
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--only", "("}, 2, "--only: error parsing regexp"},
		{[]string{"--only", "nothing"}, 2, `--only: no case matches "nothing" (see --list, with --long for all)`},
		{[]string{"--only", "mlp/stock"}, 2, `--only: no case matches "mlp/stock"`},
		{[]string{"--rounds=-1"}, 2, "--rounds and --for must not be negative, got -1 and 0s"},
		{[]string{"--json", "--markdown"}, 2, "--json and --markdown must not be given together"},
		{[]string{"--figures", "x", "--only", "mlp"}, 2, `--figures: --only must leave cases of width, batch or threads, got "mlp"`},
		{[]string{"--unknown"}, 2, "unknown flag --unknown"},
		{[]string{"--worker", "nothing"}, 1, `no case of this program is called "nothing"`},
		{[]string{"--worker", "mlp/dropout-torch1"}, 1, "no case of this program"},
		{[]string{"--list"}, 0, "op-16M/memcpy"},
		{[]string{"--list", "--long"}, 0, "mlp/stock-pthread"},
		{[]string{"--list", "--figures", "x", "--only", "width"}, 0, "width/2048-limit2"},
		{[]string{"--help"}, 0, "go run ./cmd/bench --long"},
	} {
		var out bytes.Buffer
		if code := commandLine().Execute(&cmdline.Console{Args: test.args, In: strings.NewReader(""), Out: &out, Log: &out}); code != test.code {
			t.Errorf("%v: exit code %d, want %d", test.args, code, test.code)
		}
		if !strings.Contains(out.String(), test.want) {
			t.Errorf("%v: output lacks %q:\n%s", test.args, test.want, &out)
		}
	}
}

func TestTurns(t *testing.T) {
	var out bytes.Buffer
	turns := newTurns(strings.NewReader("run 1\nrun 0.5\n"), &out, "about")
	if err := memcpy(1000)(turns.next); err != nil || turns.err != nil {
		t.Fatal(err, turns.err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d answers, want 2: %s", len(lines), &out)
	}
	for _, line := range lines {
		a, err := parse(line)
		if err != nil || a.About != "about" || a.Bytes == nil {
			t.Errorf("%s: got %+v, %v", line, a, err)
		}
	}
	for _, wrong := range []string{"walk 1", "run", "run -1", "run NaN", "run 1e10"} {
		turns := newTurns(strings.NewReader(wrong), io.Discard, "")
		if err := memcpy(1)(turns.next); err != nil || turns.err == nil || !strings.Contains(turns.err.Error(), `expected a line as "run 250", got `) {
			t.Errorf("%q: got %v", wrong, turns.err)
		}
	}
}

func TestParse(t *testing.T) {
	torch := `{"steps": 12, "best_ns": 1034.5, "median_ns": 2000.0, "peak_kib": 281234, "about": "PyTorch 1.13.0, 2 threads"}` + "\n"
	a, err := parse(torch)
	if err != nil || a.Steps != 12 || a.Best != 1034.5 || a.Median != 2000 || a.Peak != 281234 || a.Bytes != nil || a.About != "PyTorch 1.13.0, 2 threads" {
		t.Errorf("PyTorch: got %+v, %v", a, err)
	}
	a, err = parse(`{"steps":1,"best_ns":5,"median_ns":5,"peak_kib":0,"about":"GoMLX"}`)
	if err != nil || a.Steps != 1 || a.About != "GoMLX" {
		t.Errorf("GoMLX: got %+v, %v", a, err)
	}
	for _, wrong := range []string{"", "Traceback", `{}`, `{"steps":1,"best_ns":0,"median_ns":1}`, `{"steps":0,"best_ns":1,"median_ns":1}`,
		`{"steps":1,"best_ns":2,"median_ns":1}`, `{"steps":"1"}`} {
		if _, err := parse(wrong); err == nil || !strings.HasPrefix(err.Error(), "expected ") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"steps":1,"best_ns":5,"median_ns":5,"peak_kib":0,"about":"GoMLX"}`)
	f.Fuzz(func(t *testing.T, line string) {
		if a, err := parse(line); err == nil && !(a.Steps > 0 && a.Best > 0 && a.Median >= a.Best) {
			t.Errorf("accepted %+v", a)
		}
	})
}

func TestQuartiles(t *testing.T) {
	for _, test := range []struct {
		x    []float64
		want quartiles
	}{
		{[]float64{3}, quartiles{3, 3, 3}},
		{[]float64{5, 1, 3, 2, 4}, quartiles{2, 3, 4}},
		{[]float64{1, 2}, quartiles{1.25, 1.5, 1.75}},
	} {
		if got := quartilesOf(test.x); got != test.want {
			t.Errorf("%v: got %v, want %v", test.x, got, test.want)
		}
	}
	if q := quartilesOf(nil); !math.IsNaN(q.Median) {
		t.Errorf("none: got %v, want NaN", q)
	}
	if got, want := ratios([]float64{2, 9, 4}, []float64{1, 3}), (quartiles{2.25, 2.5, 2.75}); got != want {
		t.Errorf("ratios: got %v, want %v", got, want)
	}
}

// GoMLX is a module of its own, which this one does not depend on.
func TestNoDependency(t *testing.T) {
	if out, err := exec.Command("go", "list", "-m", "all").Output(); err == nil && strings.Contains(string(out), "gomlx") {
		t.Error("the module depends on GoMLX")
	}
}
