package experiment_test

import (
	"context"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// line is a set of points on a line, in two classes.
func line() *training.Examples {
	e := &training.Examples{Shape: []int{1}}
	for i := range 20 {
		e.X = append(e.X, float32(i-10)/10)
		e.Y = append(e.Y, min(1, i/10))
	}
	return e
}

func arm(name string, lr float64) experiment.Arm {
	return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
		m, err := models.New(models.Linear(1, 2), []int{1}, models.WithSeed(seed))
		return &training.Trainer{Model: m, Solver: &optim.SGD{LR: lr}, Epochs: 2, Seed: seed},
			training.Data{Train: line(), Test: line()}, err
	}}
}

func TestRunPairsSeeds(t *testing.T) {
	var watched atomic.Int32
	watch := func(string, uint64, *training.Trainer) []training.Callback {
		return []training.Callback{{OnEnd: func(*training.Run) error { watched.Add(1); return nil }}}
	}
	var first []experiment.Result
	for _, workers := range []int{1, 4} {
		results, err := experiment.Run(context.Background(), []experiment.Arm{arm("a", 0.1), arm("b", 1)}, []uint64{7, 8, 9}, workers, watch)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if want := []string{"a", "b"}[i%2]; r.Arm != want || r.Seed != uint64(7+i/2) || r.History.Test == nil {
				t.Errorf("result %d is of arm %s and seed %d", i, r.Arm, r.Seed)
			}
			if workers > 1 && r.History.Test.NLL != first[i].History.Test.NLL {
				t.Errorf("result %d depends on the number of workers", i)
			}
		}
		first = results
	}
	if watched.Load() != 12 {
		t.Errorf("%d runs were watched, want 12", watched.Load())
	}
	d := experiment.Difference(first, "b", "a", experiment.TestNLL)
	mean := experiment.Mean(first, "b", experiment.TestNLL).Mean - experiment.Mean(first, "a", experiment.TestNLL).Mean
	if d.N != 3 || math.Abs(d.Mean-mean) > 1e-12 {
		t.Errorf("paired difference is %+v, difference of means %v", d, mean)
	}
}

func TestRunStops(t *testing.T) {
	boom := errors.New("boom")
	bad := experiment.Arm{Name: "bad", New: func(uint64) (*training.Trainer, training.Data, error) { return nil, training.Data{}, boom }}
	if _, err := experiment.Run(context.Background(), []experiment.Arm{bad}, []uint64{1, 2}, 1, nil); !errors.Is(err, boom) ||
		!strings.Contains(err.Error(), "experiment: Run: bad, seed 1") {
		t.Errorf("want the arm's error, got %v", err)
	}
	none := experiment.Arm{Name: "none", New: func(uint64) (*training.Trainer, training.Data, error) { return nil, training.Data{}, nil }}
	if _, err := experiment.Run(context.Background(), []experiment.Arm{none}, []uint64{1}, 1, nil); err == nil ||
		!strings.Contains(err.Error(), "none, seed 1: New must return a trainer, got nil") {
		t.Errorf("want an error about New, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := experiment.Run(ctx, []experiment.Arm{arm("a", 1)}, []uint64{1}, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
	for _, tt := range []struct {
		arms    []experiment.Arm
		seeds   []uint64
		workers int
	}{{nil, []uint64{1}, 1}, {[]experiment.Arm{arm("a", 1)}, nil, 1}, {[]experiment.Arm{arm("a", 1)}, []uint64{1}, 0}} {
		if _, err := experiment.Run(context.Background(), tt.arms, tt.seeds, tt.workers, nil); err == nil {
			t.Errorf("%+v: want an error", tt)
		}
	}
}

// Seeds that one arm alone has finished say nothing about a difference.
func TestPairs(t *testing.T) {
	m := &training.Metrics{Examples: 1}
	run := func(arm string, seed uint64) experiment.Result {
		return experiment.Result{Arm: arm, Seed: seed, History: &training.History{Train: m, Test: m}}
	}
	unfinished := run("b", 2)
	unfinished.History = nil
	twice := run("a", 1)
	twice.History = &training.History{Steps: 9, Train: m, Test: m}
	got := experiment.Pairs([]experiment.Result{run("a", 1), run("c", 1), run("b", 1), twice, run("a", 2), unfinished, run("b", 3)}, "a", "b")
	if len(got) != 2 || got[0].Arm != "a" || got[0].History.Steps != 0 || got[1].Arm != "b" || got[1].Seed != 1 {
		t.Errorf("want the first runs of seed 1, got %+v", got)
	}
}

// An arm may return one trainer for all seeds: each run is watched by its own
// callbacks alone.
func TestOneTrainerForAllSeeds(t *testing.T) {
	tr, data, err := arm("a", 1).New(1)
	if err != nil {
		t.Fatal(err)
	}
	own := len(tr.Callbacks)
	same := experiment.Arm{Name: "same", New: func(uint64) (*training.Trainer, training.Data, error) { return tr, data, nil }}
	told := make(map[uint64]int)
	_, err = experiment.Run(context.Background(), []experiment.Arm{same}, []uint64{1, 2, 3}, 1, func(_ string, seed uint64, _ *training.Trainer) []training.Callback {
		return []training.Callback{{OnEnd: func(*training.Run) error { told[seed]++; return nil }}}
	})
	if err != nil || told[1] != 1 || told[2] != 1 || told[3] != 1 || len(tr.Callbacks) != own {
		t.Errorf("the watches were told %v, %d callbacks are left of %d: %v", told, len(tr.Callbacks), own, err)
	}
}

// The interval of 1, 2, 3, 4 at 95 %: 2.5 ± 3.1824 · 0.6455.
func TestInterval(t *testing.T) {
	e := experiment.Estimated([]float64{1, 2, 3, 4})
	low, high := e.Interval(0.95)
	if math.Abs(e.StdErr-0.645497) > 1e-6 || math.Abs(low-0.445739) > 1e-5 || math.Abs(high-4.554261) > 1e-5 {
		t.Errorf("estimate %+v, interval %v to %v", e, low, high)
	}
	if low, _ := experiment.Estimated([]float64{1}).Interval(0.95); !math.IsNaN(low) {
		t.Errorf("one value has the interval from %v, want NaN", low)
	}
}

// The interval of a share stays within [0, 1], and is that of the mean where the
// shares lie close together.
func TestShareInterval(t *testing.T) {
	for _, x := range [][]float64{{1, 0.98, 1, 0.9}, {0.001, 0, 0.02}, {1, 1}, {0, 0, 0}, {0.5, 0.9}, {1e-300, 0}} {
		e := experiment.Estimated(x)
		low, high := e.ShareInterval(0.95)
		if !(0 <= low && low <= e.Mean && e.Mean <= high && high <= 1) {
			t.Errorf("%v: %v to %v around %v", x, low, high, e.Mean)
		}
	}
	e := experiment.Estimated([]float64{0.9, 0.901, 0.902})
	low, high := e.ShareInterval(0.95)
	if l, h := e.Interval(0.95); math.Abs(low-l) > 1e-4 || math.Abs(high-h) > 1e-4 {
		t.Errorf("%v to %v, want about %v to %v", low, high, l, h)
	}
	if low, high := experiment.Estimated([]float64{0.5}).ShareInterval(0.95); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("one value has no interval, got %v to %v", low, high)
	}
}
