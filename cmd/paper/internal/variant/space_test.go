package variant

import (
	"math"
	"slices"
	"testing"
)

// Each setting has one trial in each part of its space, at a place that a seed draws.
func TestPlaces(t *testing.T) {
	for _, n := range []int{1, 2, 6, 20} {
		all := Places(n, 7)
		for d := range Dimensions {
			seen := make([]bool, n)
			for _, at := range all {
				if len(at) != Dimensions || !(at[d] >= 0 && at[d] < 1) {
					t.Fatalf("%d trials: places must be in [0, 1), got %v", n, at)
				}
				seen[int(at[d]*float64(n))] = true
			}
			if slices.Contains(seen, false) {
				t.Errorf("%d trials: setting %d must be in every part of its space, got %v", n, d, all)
			}
		}
		for i, at := range Places(n, 7) {
			if !slices.Equal(at, all[i]) {
				t.Errorf("%d trials: places must be the same each time, got %v and %v", n, all[i], at)
			}
		}
		if other := Places(n, 8); slices.Equal(other[0], all[0]) {
			t.Errorf("%d trials: another seed must have other places, got %v", n, other)
		}
	}
}

func TestSpace(t *testing.T) {
	for _, tt := range []struct {
		space Space
		at    float64
		want  float64
	}{
		{Space{Low: 0.1, High: 0.6}, 0, 0.1},
		{Space{Low: 0.1, High: 0.6}, 0.5, 0.35},
		{Space{Low: 0.1, High: 0.6}, 1, 0.6},
		{Space{Low: -1, High: 2}, 1. / 3, 0},
		{Space{Low: 1e-3, High: 1e-1, Log: true}, 0.5, 1e-2},
		{Space{Low: 1e-3, High: 1e-1, Log: true}, 1, 1e-1},
		{Space{Low: 0, High: 1}, 0.123456, 0.123}, // three digits
	} {
		if got := tt.space.At(tt.at); math.Abs(got-tt.want) > 1e-15 {
			t.Errorf("%v at %v: want %v, got %v", tt.space, tt.at, tt.want, got)
		}
	}
	if got := (Space{Name: "rate", Low: 1, High: 2, Log: true}).String(); got != "rate 1 to 2 (log)" {
		t.Errorf("got %q", got)
	}
}
