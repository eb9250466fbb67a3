package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCases(t *testing.T) {
	seen := make(map[string]*benchCase)
	for _, b := range cases() {
		if seen[b.Name] != nil {
			t.Errorf("two cases are called %s", b.Name)
		}
		seen[b.Name] = b
		if headings()[b.Group] == "" || b.Title == "" || !strings.HasPrefix(b.Name, b.Group+"/") {
			t.Errorf("%s: got group %q and title %q", b.Name, b.Group, b.Title)
		}
		if (b.with == own) != (b.work != nil) || (b.with == own) != (b.script == "") {
			t.Errorf("%s: a case is run by this program or another one", b.Name)
		}
		if (figures[b.Group].title != "") != (b.point != nil) {
			t.Errorf("%s: a case of a figure must have a place in it, and no other", b.Name)
		}
	}
	for _, a := range targets() {
		for _, name := range slices.Concat(a.ours, a.theirs) {
			if seen[name] == nil || seen[name].long {
				t.Errorf("%s: %s must be a case of the short run", a.Title, name)
			}
		}
	}
}

// Two goroutines come first, so that ratios are to them, and each variant says in its name
// and title how many it has.
func TestVariants(t *testing.T) {
	var names []string
	for _, b := range cases() {
		if b.Group == "784-256-256-10" {
			names = append(names, b.Name[len(b.Group)+1:])
		}
	}
	want := []string{"step-ours2", "step-ours1", "step-pthread1", "step-pthread2", "step-torch1", "step-torch2", "step-torchomp1", "step-torchomp2"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	for _, b := range cases() {
		for n, suffix := range map[int]string{1: "1", 2: "2"} {
			if b.threads == n && b.Group != "data" && !strings.HasSuffix(b.Name, suffix) && !strings.HasPrefix(b.Name, "pair/") && b.Name != "op-1M/memcpy" && b.Name != "op-16M/memcpy" {
				t.Errorf("%s has %d threads", b.Name, n)
			}
		}
	}
	if got := threadCounts(6); !slices.Equal(got, []int{1, 2, 4, 6}) {
		t.Errorf("6 cores: got %v", got)
	}
	if got := threadCounts(1); !slices.Equal(got, []int{1}) {
		t.Errorf("1 core: got %v", got)
	}
}

// made is a result with a case for each name, whose rounds take the given times.
func made(times map[string][]float64) *result {
	r := &result{Date: "2000-01-01", Machine: about{CPU: "CPU", Cores: 2, System: "os/arch", Go: "go", BLAS: "BLAS: built-in, generic", Kernel: "generic"}, Rounds: 2, Turn: "1ms"}
	for _, b := range cases() {
		if times := times[b.Name]; times != nil {
			m := newMeasured(b)
			for _, ms := range times {
				bytes := 1024.0
				m.Rounds = append(m.Rounds, answer{Steps: 1, Best: ms * 1e6, Median: ms * 1e6, Bytes: &bytes, Peak: 3 << 10, About: "BLAS: built-in"})
			}
			r.Cases = append(r.Cases, m)
		}
	}
	return r
}

func TestReach(t *testing.T) {
	r := made(map[string][]float64{
		"mlp/dropout-ours1": {40, 50}, "mlp/dropout-ours2": {10, 20}, "mlp/none-ours2": {10, 10},
		// The last has the fastest step, the one before the lowest median.
		"mlp/dropout-torch1": {120, 120}, "mlp/dropout-torchomp1": {60, 80}, "mlp/dropout-torchomp2": {20, 180},
		"mlp/dropout-limit1": {9, 9}, "mlp/dropout-limit2": {5, 10},
		"square/gemm-ours2": {1, 2}, "square/gemm-gonum": {5, 14},
	})
	rows := make(map[string]reached)
	for _, row := range reach(r, targets()) {
		rows[row.Title] = row
	}
	for title, want := range map[string]reached{
		"MLP step with dropout: to PyTorch's": {Measured: &quartiles{Median: (10./60 + 20./80) / 2}, Fastest: 0.5, Met: true,
			Ours: "mlp/dropout-ours2", Against: "mlp/dropout-torchomp1", Missing: "1 variant missing"},
		"MLP step with dropout: to the limit": {Measured: &quartiles{Median: 2}, Fastest: 2,
			Ours: "mlp/dropout-ours2", Against: "mlp/dropout-limit2"},
		"MLP step with dropout: to the same without": {Measured: &quartiles{Median: 1.5}, Fastest: 1, Ours: "mlp/dropout-ours2", Against: "mlp/none-ours2"},
		"1024×1024×1024: Gonum's time to ours":       {Measured: &quartiles{Median: 6}, Fastest: 5, Met: true, Ours: "square/gemm-ours2", Against: "square/gemm-gonum"},
		"bytes allocated in an MLP step":             {Measured: &quartiles{Median: 1024}, Met: true},
		"CNN step with dropout: to PyTorch's":        {},
	} {
		got := rows[title]
		if (got.Measured == nil) != (want.Measured == nil) || got.Measured != nil && math.Abs(got.Measured.Median-want.Measured.Median) > 1e-12 {
			t.Errorf("%s: got %+v, want %+v", title, got.Measured, want.Measured)
		}
		if got.Met != want.Met || got.Fastest != want.Fastest || got.Ours != want.Ours || got.Against != want.Against || got.Missing != want.Missing {
			t.Errorf("%s: got %+v, want %+v", title, got, want)
		}
	}
}

// printed is a result for the tests of its text.
func printed() *result {
	r := made(map[string][]float64{
		"fma/limit1": {100, 100}, "fma/limit2": {50, 50},
		"mlp/dropout-ours2": {10, 20}, "mlp/none-ours2": {10, 10}, "mlp/dropout-torch1": {50, 50},
	})
	torch := r.find("mlp/dropout-torch1")
	for i := range torch.Rounds {
		torch.Rounds[i].About, torch.Rounds[i].Bytes = "PyTorch 1, OpenBLAS", nil
	}
	for _, name := range []string{"mlp/dropout-torch2", "mlp/gomlx", "mlp/dropout-torchomp1"} {
		i := slices.IndexFunc(cases(), func(b *benchCase) bool { return b.Name == name })
		m := newMeasured(cases()[i])
		if m.Error = "no | library"; name == "mlp/gomlx" {
			m.Error = "no network"
		}
		r.Cases = append(r.Cases, m)
	}
	r.Libraries = []string{"OpenBLAS with pthread: /lib."}
	r.Targets = slices.DeleteFunc(reach(r, targets()), func(row reached) bool {
		return !strings.HasPrefix(row.Title, "MLP step with dropout: to") && row.Title != "bytes allocated in an MLP step"
	})
	return r
}

func TestPrint(t *testing.T) {
	for name, markdown := range map[string]bool{"print.txt": false, "print.md": true} {
		var out bytes.Buffer
		if err := printed().print(&out, markdown); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if out.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, &out, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 1: "1", 0.05: "0.0500", 0.123: "0.123", 1.234: "1.23", 12.34: "12.3", 1234.5: "1234", math.NaN(): "-"} {
		if got := number(x); got != want {
			t.Errorf("%v: got %q, want %q", x, got, want)
		}
	}
}

// Each line has a point for each width, with the best variant's median there, and what was
// not measured is left out.
func TestChart(t *testing.T) {
	r := made(map[string][]float64{
		"width/256-ours1": {4, 4}, "width/256-ours2": {2, 3}, "width/512-ours2": {5, 5},
		"width/256-torchomp1": {6, 8}, "width/256-torch1": {9, 9}, "width/512-limit1": {3, 3},
		"batch/32-torch2": {1, 1},
	})
	r.Cases = append(r.Cases, &measured{Name: "width/1024-ours1", Group: "width", Point: &point{inThisLibrary, 1024}, Error: "none"})
	c, ok := r.chart("width")
	if !ok || len(c.Series) != 3 || !slices.Equal(c.XTicks, []float64{256, 512}) {
		t.Fatalf("got %+v", c)
	}
	for i, want := range []struct {
		name string
		x, y []float64
		low  []float64
	}{
		{inThisLibrary, []float64{256, 512}, []float64{2.5, 5}, []float64{2.25, 5}},
		{inPyTorch, []float64{256}, []float64{7}, []float64{6.5}},
		{atTheLimit, []float64{512}, []float64{3}, []float64{3}},
	} {
		s := c.Series[i]
		if s.Name != want.name || !slices.Equal(s.X, want.x) || !slices.Equal(s.Y, want.y) || !slices.Equal(s.Low, want.low) {
			t.Errorf("got %+v, want %+v", s, want)
		}
	}
	if _, ok := r.chart("threads"); ok {
		t.Error("threads: nothing was measured, got a chart")
	}

	dir := filepath.Join(t.TempDir(), "images")
	var log bytes.Buffer
	if err := r.draw(dir, &log); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if want := []string{"bench-batch.png", "bench-batch.svg", "bench-width.png", "bench-width.svg"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}
