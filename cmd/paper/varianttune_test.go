package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/training"
)

// Every method can have a place for each of its settings, and has as many trials
// as every other, on the same rates and decays.
func TestEqualTrials(t *testing.T) {
	l := tinyRun(t, variantsStudy, io.Discard)
	arms := []arm{l.study.arms(l.budget)[0], l.study.arms(l.budget)[7], l.study.arms(l.budget)[14]}
	for _, m := range variant.SetNamed(variant.MNIST).Methods {
		if len(m.Settings)+2 > variant.Dimensions {
			t.Errorf("%s: must have at most %d settings, got %v", m.Name, variant.Dimensions-2, m.Settings)
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
	for i, at := range variant.Places(3, tuneSeed) {
		tr := l.trial(variantArm(a.Variant.On(), a.Variant.By(), at), tuneSeed)
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
