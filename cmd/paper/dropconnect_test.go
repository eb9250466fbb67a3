package main

import (
	"math"
	"testing"
)

// Three networks vote on five images: all are certain of the first, two outvote the third
// on the second and the third, one vote each is decided by the probabilities on the
// fourth, and on the last two are wrong together.
func TestEnsemble(t *testing.T) {
	sure := func(class, label int) []float64 {
		row := make([]float64, classes)
		row[class], row[label] = 0.75, 0.25
		return row
	}
	split := func(a, b int, p float64) []float64 {
		row := make([]float64, classes)
		row[a], row[b] = p, 1-p
		return row
	}
	labels := []float64{3, 1, 2, 5, 7}
	join := func(rows ...[]float64) (all []float64) {
		for _, r := range rows {
			all = append(all, r...)
		}
		return all
	}
	nets := []map[string][]float64{
		{"labels": labels, "classes": {3, 1, -1, -1, 8}, "probabilities": join(sure(2, 0), split(5, 6, 0.9))},
		{"labels": labels, "classes": {3, -1, 2, -1, 8}, "probabilities": join(sure(1, 0), split(6, 5, 0.6))},
		{"labels": labels, "classes": {3, 0, -1, -1, -1}, "probabilities": join(sure(9, 2), split(4, 5, 0.6), sure(7, 8))},
	}
	r := &results{}
	for i, extra := range nets {
		r.records = append(r.records, record{Trial: trial{Arm: arm{Name: "net"}, Seed: uint64(i)}, Extra: extra})
	}
	vote, mean, err := r.ensemble("net")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(vote-20) > 1e-9 || math.Abs(mean-20) > 1e-9 {
		t.Errorf("want one image of five wrong by vote and by mean, got %v and %v %%", vote, mean)
	}
}
