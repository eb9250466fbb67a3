package main

import (
	"math"
	"strings"
	"testing"
)

// Three networks vote on six images: all are certain of the first; two outvote the third
// on the second and the third; one vote each is decided by the probabilities on the
// fourth; on the fifth, two are wrong together; on the last, two are hardly right and one
// is very wrong, so that the vote is right and the mean is not.
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
	labels := []float64{3, 1, 2, 5, 7, 4}
	join := func(rows ...[]float64) (all []float64) {
		for _, r := range rows {
			all = append(all, r...)
		}
		return all
	}
	nets := []map[string][]float64{
		{"labels": labels, "classes": {3, 1, -1, -1, 8, -1}, "probabilities": join(sure(2, 0), split(5, 6, 0.9), split(4, 9, 0.51))},
		{"labels": labels, "classes": {3, -1, 2, -1, 8, -1}, "probabilities": join(sure(1, 0), split(6, 5, 0.6), split(4, 9, 0.51))},
		{"labels": labels, "classes": {3, 0, -1, -1, -1, 9}, "probabilities": join(sure(9, 2), split(4, 5, 0.6), sure(7, 8))},
	}
	r := &results{}
	for i, extra := range nets {
		r.records = append(r.records, record{Trial: trial{Arm: arm{Name: "net"}, Seed: uint64(i)}, Extra: extra})
	}
	vote, mean, err := r.ensemble("net")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(vote-100./6) > 1e-9 || math.Abs(mean-200./6) > 1e-9 {
		t.Errorf("want one image of six wrong by vote and two by mean, got %v and %v %%", vote, mean)
	}
	for name, broken := range map[string]map[string][]float64{
		"another form":           {"labels": labels, "probabilities": make([]float64, 60)},
		"an image too few":       {"labels": labels, "classes": {3, 0, 1, 1, 9}},
		"probabilities too few":  {"labels": labels, "classes": {3, 0, -1, -1, -1, 9}, "probabilities": make([]float64, 20)},
		"probabilities too many": {"labels": labels, "classes": {3, 0, -1, -1, -1, 9}, "probabilities": make([]float64, 40)},
	} {
		r.records[2].Extra = broken
		if _, _, err := r.ensemble("net"); err == nil || !strings.Contains(err.Error(), "every record must have the classes of all images") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
