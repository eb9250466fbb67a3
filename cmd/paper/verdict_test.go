package main

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A claim rests on the mean, and on whether the interval of the mean lies beside what is
// published or contains it.
func TestVerdict(t *testing.T) {
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
