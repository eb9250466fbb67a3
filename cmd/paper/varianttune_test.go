package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
)

// Each setting has one trial in each part of its space.
func TestPlaces(t *testing.T) {
	for _, n := range []int{1, 2, 6, 20} {
		all := places(n)
		for d := range dimensions {
			seen := make([]bool, n)
			for _, at := range all {
				if len(at) != dimensions || !(at[d] >= 0 && at[d] < 1) {
					t.Fatalf("%d trials: places must be in [0, 1), got %v", n, at)
				}
				seen[int(at[d]*float64(n))] = true
			}
			if slices.Contains(seen, false) {
				t.Errorf("%d trials: setting %d must be in every part of its space, got %v", n, d, all)
			}
		}
		for i, at := range places(n) {
			if !slices.Equal(at, all[i]) {
				t.Errorf("%d trials: places must be the same each time, got %v and %v", n, all[i], at)
			}
		}
	}
}

func TestSpace(t *testing.T) {
	for _, tt := range []struct {
		space space
		at    float64
		want  float64
	}{
		{space{low: 0.1, high: 0.6}, 0, 0.1},
		{space{low: 0.1, high: 0.6}, 0.5, 0.35},
		{space{low: 0.1, high: 0.6}, 1, 0.6},
		{space{low: -1, high: 2}, 1. / 3, 0},
		{space{low: 1e-3, high: 1e-1, log: true}, 0.5, 1e-2},
		{space{low: 1e-3, high: 1e-1, log: true}, 1, 1e-1},
		{space{low: 0, high: 1}, 0.123456, 0.123}, // three digits
	} {
		if got := tt.space.at(tt.at); math.Abs(got-tt.want) > 1e-15 {
			t.Errorf("%v at %v: want %v, got %v", tt.space, tt.at, tt.want, got)
		}
	}
	if got := (space{name: "rate", low: 1, high: 2, log: true}).String(); got != "rate 1 to 2 (log)" {
		t.Errorf("got %q", got)
	}
}

// Every method can have a place for each of its settings, and has as many trials
// as every other, on the same rates and decays.
func TestEqualTrials(t *testing.T) {
	l := tinyRun(t, variantsStudy, io.Discard)
	arms := []arm{l.study.arms(l.budget)[0], l.study.arms(l.budget)[7], l.study.arms(l.budget)[14]}
	for _, m := range variantMethods {
		if len(m.settings)+2 > dimensions {
			t.Errorf("%s: must have at most %d settings, got %v", m.name, dimensions-2, m.settings)
		}
	}
	_, tried, err := l.chosenVariants(context.Background(), arms)
	if err != nil {
		t.Fatal(err)
	}
	if len(tried) != l.budget.Trials*len(arms) {
		t.Fatalf("want %d trials of each arm, got %d", l.budget.Trials, len(tried))
	}
	for i, r := range tried {
		a, first := r.Trial.Arm, tried[i%l.budget.Trials].Trial.Arm
		if a.Name != arms[i/l.budget.Trials].Name || a.Rate != first.Rate || a.Variant.Decay != first.Variant.Decay {
			t.Errorf("trial %d: got %+v %+v", i, a, a.Variant)
		}
		if r.Trial.Held == 0 || r.Trial.Seed != tuneSeed || r.Trial.Budget.Updates != l.budget.Updates {
			t.Errorf("trial %d must be as long as a result, on held-out examples: %+v", i, r.Trial)
		}
	}
}

// The arm has the settings with the lowest validation error.
func TestVariantChoice(t *testing.T) {
	var log bytes.Buffer
	l := tinyRun(t, variantsStudy, &log)
	l.budget.Trials = 3
	a := l.study.arms(l.budget)[1]
	known := []int{50, 70, 70} // correct ones of 100
	nll := []float64{1, 3, 2}
	var rates []float64
	for i, at := range places(3) {
		tr := l.trial(variantArm(mnistSet, a.Variant.method(), at), tuneSeed)
		tr.Measure, tr.Held = "", 100
		m := &training.Metrics{Examples: 100, Correct: known[i], NLL: nll[i]}
		if _, err := l.records.Add(record{Trial: tr, History: &training.History{Train: m, Test: m, Steps: 1}}); err != nil {
			t.Fatal(err)
		}
		rates = append(rates, tr.Arm.Rate)
	}
	best, tried, err := l.chosenVariants(context.Background(), []arm{a})
	if err != nil || len(tried) != 3 || strings.Count(log.String(), "kept") != 3 {
		t.Fatalf("want the 3 records, got %v, %v\n%s", tried, err, log.String())
	}
	if best[0].Rate != rates[2] || best[0].Name != a.Name || best[0].Images != 0 {
		t.Errorf("want rate %v, got %+v", rates[2], best[0])
	}
}

func TestLowestError(t *testing.T) {
	at := func(correct int, nll float64) record {
		return record{History: &training.History{Test: &training.Metrics{Examples: 10, Correct: correct, NLL: nll}}}
	}
	diverged := record{Diverged: "loss is NaN"}
	for _, tt := range []struct {
		records []record
		want    int
	}{
		{nil, -1},
		{[]record{diverged, diverged}, -1},
		{[]record{diverged, at(1, 1), at(2, 9)}, 2},
		{[]record{at(2, 1), diverged, at(2, 2)}, 0},
		{[]record{at(2, 2), at(2, 1), at(1, 0)}, 1},
	} {
		if got := lowestError(tt.records); got != tt.want {
			t.Errorf("want %d, got %d", tt.want, got)
		}
	}
}
