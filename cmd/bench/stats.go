package main

import (
	"math"
	"slices"
)

// quartiles are the quarter, the half and the three quarters of what was measured.
type quartiles struct {
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
}

// quartilesOf returns the quartiles of x, NaN if it is empty.
func quartilesOf(x []float64) quartiles {
	if len(x) == 0 {
		return quartiles{math.NaN(), math.NaN(), math.NaN()}
	}
	x = slices.Sorted(slices.Values(x))
	at := func(q float64) float64 {
		i, part := math.Modf(q * float64(len(x)-1))
		low := x[int(i)]
		return low + part*(x[min(int(i)+1, len(x)-1)]-low)
	}
	return quartiles{at(0.25), at(0.5), at(0.75)}
}

// ratios returns the quartiles of a/b, round by round.
func ratios(a, b []float64) quartiles {
	r := make([]float64, min(len(a), len(b)))
	for i := range r {
		r[i] = a[i] / b[i]
	}
	return quartilesOf(r)
}
