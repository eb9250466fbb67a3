package page

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// What is published is reached up to a limit, and chance may have decided if the interval
// contains that.
func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		worse []float64
		want  string
	}{
		{[]float64{-0.01, 0, 0.01}, "reproduces"}, {[]float64{-0.1, 0, 0.1}, "reproduces, within chance"},
		{[]float64{-0.05, 0.05, 0.15}, "does not, within chance"}, {[]float64{0.1, 0.11, 0.12}, "does not"},
	} {
		if got := Verdict(experiment.Estimated(tt.worse), 0.04); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.worse, got, tt.want)
		}
	}
}

// A difference is one if the interval of it, which is wide with few seeds, excludes 0.
func TestBeyond(t *testing.T) {
	for _, tt := range []struct {
		differences []float64
		want        int
	}{
		{[]float64{0.5, 0.6, 0.7}, 1}, {[]float64{-0.5, -0.6, -0.7}, -1}, // ± 0.25
		{[]float64{0.1, 0.2, 0.3}, 0}, {[]float64{-0.1, -0.2, -0.3}, 0}, // more than three standard errors
		{[]float64{0.2, 0.2, 0.2}, 1}, {[]float64{0, 0, 0}, 0}, {[]float64{5}, 0},
	} {
		if got := Beyond(experiment.Estimated(tt.differences)); got != tt.want {
			t.Errorf("%v: got %d, want %d", tt.differences, got, tt.want)
		}
	}
}
