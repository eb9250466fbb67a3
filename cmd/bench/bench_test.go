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
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// The command starts itself for each case, which in tests is the test program.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "--worker") {
		commandLine().Main()
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	var out, log bytes.Buffer
	args := []string{"--only", "^op-1M/(both|both-generic|forward)$", "--rounds", "3", "--for", "3ms", "--json"}
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
	if len(r.Reach) != len(aims) {
		t.Errorf("got %d rows of reach, want %d", len(r.Reach), len(aims))
	}
}

func TestAbsentPrograms(t *testing.T) {
	var out, log bytes.Buffer
	args := []string{"--only", "^epoch/dropout-torch1$|^mlp/gomlx$", "--rounds", "1", "--for", "1ms",
		"--python", "no-such-python", "--gomlx", "no-such-folder"}
	if code := commandLine().Execute(&cmdline.Console{Args: args, In: strings.NewReader(""), Out: &out, Log: &log}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	for _, want := range []string{
		"epoch/dropout-torch1: not measured: PyTorch is not there (no-such-python -c 'import torch')",
		"mlp/gomlx: not measured: GoMLX cannot be built",
		"MLP step with dropout: to PyTorch's",
		"not measured",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, &out)
		}
	}
}

func TestPyTorch(t *testing.T) {
	c := cli{Python: "/usr/bin/python3"}
	i := slices.IndexFunc(cases(), func(b *benchCase) bool { return b.Name == "op-1M/forward-torch1" })
	b := cases()[i]
	programs, cleanUp := c.programs(t.Context(), []*benchCase{b})
	defer cleanUp()
	if programs[torch].err != nil {
		t.Skip("PyTorch is not installed (Debian: python3-torch)")
	}
	m := &measurement{rounds: 2, turn: time.Millisecond, log: io.Discard}
	r, err := m.group(t.Context(), []*benchCase{b}, programs)
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Error != "" || len(r[0].Rounds) != 2 || !strings.HasPrefix(r[0].Rounds[0].About, "PyTorch ") {
		t.Errorf("got %+v", r[0])
	}
}

// The networks to compare with take a step.
func TestStock(t *testing.T) {
	for name, load := range map[string]func() (loop, error){
		"mlp": func() (loop, error) { return stockMLP(2) },
		"op":  func() (loop, error) { return gorgoniaDropoutOp(10, true) },
	} {
		l, err := load()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range 2 {
			n := 0
			if err := l(func() bool { n++; return n < 3 }); err != nil || n != 3 {
				t.Errorf("%s: %d calls, %v", name, n, err)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--only", "("}, 2, "--only: error parsing regexp"},
		{[]string{"--only", "nothing"}, 2, `--only: no case matches "nothing"`},
		{[]string{"--rounds=-1"}, 2, "--rounds and --for must not be negative, got -1 and 0s"},
		{[]string{"--unknown"}, 2, "unknown flag --unknown"},
		{[]string{"--worker", "nothing"}, 1, `no case of this program is called "nothing"`},
		{[]string{"--worker", "mlp/dropout-torch1"}, 1, "no case of this program"},
		{[]string{"--list", "--quick"}, 0, "op-16M/memcpy"},
		{[]string{"--help"}, 0, "go run ./cmd/bench --quick"},
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

func TestCases(t *testing.T) {
	seen := make(map[string]*benchCase)
	for _, b := range cases() {
		if seen[b.Name] != nil {
			t.Errorf("two cases are called %s", b.Name)
		}
		seen[b.Name] = b
		if headings[b.Group] == "" || b.Title == "" || !strings.HasPrefix(b.Name, b.Group+"/") {
			t.Errorf("%s: got group %q and title %q", b.Name, b.Group, b.Title)
		}
		if (b.with == own) != (b.work != nil) {
			t.Errorf("%s: a case is run by this program or another one", b.Name)
		}
	}
	for _, a := range aims {
		for _, name := range append(slices.Clone(a.theirs), a.ours) {
			if seen[name] == nil || !seen[name].quick {
				t.Errorf("%s: %s must be a case of --quick", a.Title, name)
			}
		}
	}
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

// made is a result with a case for each name, whose rounds take the given times.
func made(times map[string][]float64) *result {
	r := &result{Date: "2000-01-01", Machine: about{CPU: "CPU", Cores: 2, System: "os/arch", Go: "go", BLAS: "BLAS: gonum", Kernel: "generic"}, Rounds: 2, Turn: "1ms"}
	for _, b := range cases() {
		if times := times[b.Name]; times != nil {
			m := &measured{Name: b.Name, Group: b.Group, Title: b.Title}
			for _, ms := range times {
				bytes := 1024.0
				m.Rounds = append(m.Rounds, answer{Steps: 1, Best: ms * 1e6, Median: ms * 1e6, Bytes: &bytes, Peak: 3 << 10})
			}
			r.Cases = append(r.Cases, m)
		}
	}
	r.Reach = reach(r)
	return r
}

func TestReach(t *testing.T) {
	r := made(map[string][]float64{
		"op-1M/both": {1, 2}, "op-1M/both-gorgonia": {41, 80}, "op-1M/both-torch1": {30, 60}, "op-1M/both-torch2": {10, 20},
		"mlp/dropout": {10, 20}, "mlp/none": {10, 10},
	})
	for i, want := range []struct {
		measured float64
		met      bool
		against  string
	}{{40.5, true, "op-1M/both-gorgonia"}, {10, false, "op-1M/both-torch2"}, {against: ""}} {
		got := r.Reach[i]
		if got.Met != want.met || got.Against != want.against || (got.Measured == nil) != (want.measured == 0) ||
			got.Measured != nil && got.Measured.Median != want.measured {
			t.Errorf("%s: got %+v, want %+v", got.Title, got, want)
		}
	}
	for _, row := range r.Reach {
		switch row.Title {
		case "MLP step with dropout: to the same without":
			if row.Measured == nil || row.Measured.Median != 1.5 || row.Met {
				t.Errorf("got %+v", row)
			}
		case "bytes allocated in an MLP step":
			if row.Measured == nil || row.Measured.Median != 1024 || !row.Met {
				t.Errorf("got %+v", row)
			}
		}
	}
}

func TestPrint(t *testing.T) {
	r := made(map[string][]float64{"mlp/dropout": {10, 20}, "mlp/none": {10, 10}})
	r.Cases = append(r.Cases, &measured{Name: "mlp/gomlx", Group: "mlp", Title: "GoMLX", Error: "no network"})
	r.Reach = r.Reach[7:9]
	var out bytes.Buffer
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `2000-01-01. CPU, 2 cores, os/arch, go. BLAS: gonum. Kernels: generic.
2 rounds of 1ms per case in turns, fastest step of each; medians, quartiles in brackets.

Training step, 784-1024-1024-1024-10, batch 128, dropout 0.5, SGD with momentum

case         what               ms                ratio                  KiB/step  peak MiB
mlp/dropout  step with dropout  15  [12.5, 17.5]  1      [1, 1]          1         3
mlp/none     without dropout    10  [10, 10]      0.750  [0.625, 0.875]  1         3
mlp/gomlx    GoMLX              -
mlp/gomlx: not measured: no network

Reach: medians over the rounds, and the ratio of the fastest steps of all rounds

what                                        aim     measured                    met  fastest  against
MLP step with dropout: to the same without  ≤ 1.05  1.50          [1.25, 1.75]  no   1        mlp/none
MLP step of Adam: to that of SGD            ≤ 1.20  not measured
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 1: "1", 0.05: "0.050", 1.234: "1.23", 12.34: "12.3", 1234.5: "1234", math.NaN(): "-"} {
		if got := number(x); got != want {
			t.Errorf("%v: got %q, want %q", x, got, want)
		}
	}
}

// GoMLX is a module of its own, which this one does not depend on.
func TestNoDependency(t *testing.T) {
	if out, err := exec.Command("go", "list", "-m", "all").Output(); err == nil && strings.Contains(string(out), "gomlx") {
		t.Error("the module depends on GoMLX")
	}
}
