package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// Small weights are those of all networks of ReLUs in all experiments that leave it open,
// whatever their dropout, and of no others.
func TestSmallWeights(t *testing.T) {
	b := budget{Images: 60000, Shrink: 4}
	for _, s := range studies {
		for _, a := range s.arms(b) {
			if a.settlesInit() {
				continue
			}
			small := a.smallWeights()
			if want := a.Activation == ""; (small.Init == smallNormal) != want {
				t.Errorf("%s, %s: init is %q", s.name, a.Name, small.Init)
			}
			m, _, err := small.model(b.Shrink, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range m.Params() {
				if p.Value().Dims() != 2 {
					continue
				}
				var w []float64
				for _, v := range p.Value().Float32s() {
					w = append(w, float64(v))
				}
				if _, std := stat.MeanStdDev(w, nil); (math.Abs(std-0.01) < 0.0005) != (small.Init != "") {
					t.Errorf("%s, %s: weights of %s have a standard deviation of %v", s.name, a.Name, p.Name(), std)
				}
			}
		}
	}
}

// With small weights trials are others, and the page says so.
func TestSmallWeightsOnThePage(t *testing.T) {
	var log bytes.Buffer
	l := tinyRun(t, table2, &log)
	for _, small := range []bool{false, true} {
		l.small = small
		if err := l.run(context.Background(), &log); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(l.dir, "table2.md"))
		if err != nil {
			t.Fatal(err)
		}
		if says := strings.Contains(string(page), "Weights of networks of ReLUs are at first normal with a standard deviation of 0.01"); says != small {
			t.Errorf("small weights %v, but the page is\n%s", small, page)
		}
	}
	inits := make(map[string]int)
	for _, r := range l.records.All() {
		inits[r.Trial.Arm.Activation+r.Trial.Arm.Init]++
	}
	// Two seeds of two rows with sigmoids, which have one kind of weights, and of five rows
	// with ReLUs, which have both.
	if inits[logistic] != 4 || inits[""] != 10 || inits[smallNormal] != 10 {
		t.Errorf("got records with %v", inits)
	}
}

// The flag reaches the trainings.
func TestSmallWeightsByFlag(t *testing.T) {
	dir := t.TempDir()
	var out, log strings.Builder
	args := strings.Fields("table10 --small-weights --images 10 --updates 1 --seeds 1 --shrink 256 --out " + dir)
	if code := commandLine().Execute(&cmdline.Console{Args: args, Out: &out, Log: &log}); code != 0 {
		t.Fatalf("exit %d\n%s", code, log.String())
	}
	kept, err := records.Open[record](table10.recordFile(filepath.Join(dir, "records")))
	if err != nil {
		t.Fatal(err)
	}
	if len(kept.All()) != 3 {
		t.Errorf("want a record of each row, got %d", len(kept.All()))
	}
	for _, r := range kept.All() {
		if a := r.Trial.Arm; a.Init != smallNormal {
			t.Errorf("%s: init is %q", a.Name, a.Init)
		}
	}
}

// Chosen rows, which make no page, say so too.
func TestSmallWeightsOfRows(t *testing.T) {
	l := tinyRun(t, table2, io.Discard)
	l.small, l.rows = true, []string{"+ max-norm, 3×1024"}
	var out strings.Builder
	if err := l.run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), beginSmall+"\n") {
		t.Errorf("want %q, got\n%s", beginSmall, out.String())
	}
}

// An experiment whose rows are about their weights, or need some, refuses others.
func TestSmallWeightsRefused(t *testing.T) {
	const refused = "--small-weights must be with an experiment that leaves open how weights begin, got "
	for name, want := range map[string]string{
		"why": refused + "why", "fig7": refused + "fig7", "fig8": refused + "fig8", "variants": refused + "variants", "all": refused + "all",
		"uci": "uci takes --budget",
	} {
		var out, log strings.Builder
		code := commandLine().Execute(&cmdline.Console{Args: []string{name, "--small-weights", "--out", t.TempDir()}, Out: &out, Log: &log})
		if code != 2 || !strings.Contains(log.String(), want) {
			t.Errorf("%s: want exit 2 and %q, got %d\n%s", name, want, code, log.String())
		}
	}
}
