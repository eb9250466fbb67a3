package main

import (
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A claim rests on the mean, and on whether the interval of the mean lies beside what is
// published or contains it.
func TestReached(t *testing.T) {
	for _, tt := range []struct {
		errors []float64
		want   string
	}{
		{[]float64{1.00, 1.01, 1.02}, "net 1.01 here (0.99 to 1.03), 1.08 there: reproduces"},
		{[]float64{1.00, 1.10, 1.20}, "net 1.10 here (0.85 to 1.35), 1.08 there: reproduces, within chance"}, // at most 1.12
		{[]float64{1.05, 1.15, 1.25}, "net 1.15 here (0.90 to 1.40), 1.08 there: does not, within chance"},
		{[]float64{1.30, 1.31, 1.32}, "net 1.31 here (1.29 to 1.33), 1.08 there: does not"},
		{[]float64{0.1, 0.9}, "net 0.50 here (0.00 to 5.58), 1.08 there: reproduces, within chance"},
		{[]float64{1.31}, "net 1.31 here, 1.08 there"},
	} {
		if got := (arm{Name: "net"}).at(1.08).give(0.04).reached(experiment.Estimated(tt.errors)); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.errors, got, tt.want)
		}
	}
}

// recordsOf are records of an arm, with so many errors of 1000 for each seed.
func recordsOf(name string, steps int64, errors ...int) []record {
	var all []record
	for i, n := range errors {
		test := &training.Metrics{Examples: 1000, Correct: 1000 - n}
		all = append(all, record{Trial: trial{Arm: arm{Name: name}, Seed: uint64(i)}, History: &training.History{Steps: steps, Test: test}})
	}
	return all
}

func TestOrder(t *testing.T) {
	r := &results{arms: []arm{
		plain("a").at(1), plain("b").at(2), plain("c").at(3), plain("not in the paper"), plain("d").at(4), plain("as d").at(4),
	}}
	for name, errors := range map[string][]int{
		"a": {10, 11, 12}, "b": {20, 21, 22}, // in the paper's order
		"c": {15, 16, 17},                     // below b, against the paper
		"d": {5, 30, 13}, "as d": {5, 30, 13}, // of the mean of c, and too different to say
		"not in the paper": {1, 2, 3},
	} {
		r.records = append(r.records, recordsOf(name, 1, errors...)...)
	}
	const want = "Pairs of rows that the paper's numbers put in an order: 9. In the same order here: 4, " +
		"of these by the 95 % interval of the paired difference: 2. In the opposite order by that: 1."
	if got := r.order(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Rows are compared with the first one where they have as many images.
func TestFromFirst(t *testing.T) {
	few := plain("few")
	few.Images = 100
	r := &results{arms: []arm{plain("a"), few, plain("b")}}
	r.records = append(r.records, recordsOf("a", 1, 10, 11, 12)...)
	r.records = append(r.records, recordsOf("few", 1, 1, 2, 3)...)
	r.records = append(r.records, recordsOf("b", 1, 20, 22, 21)...)
	r.arms = append(r.arms, plain("as a"))
	r.records = append(r.records, recordsOf("as a", 1, 20, 10, 5)...)
	want := []string{
		"b is 1.00 points above a (paired over 3 seeds: ± 0.06, 95 % interval +0.75 to +1.25, p 0.003), which is significant",
		"as a is 0.07 points above a (paired over 3 seeds: ± 0.50, 95 % interval -2.08 to +2.21, p 0.906)",
	}
	if got := r.fromFirst(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
