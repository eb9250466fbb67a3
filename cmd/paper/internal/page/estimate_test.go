package page

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A mean of one seed has no error and no p, nor has one of equal numbers.
func TestEstimates(t *testing.T) {
	for _, tt := range []struct {
		of    []float64
		shown string
		p     string
	}{
		{[]float64{1.234}, "1.23", "–"},
		{[]float64{2, 2, 2}, "2.00 ± 0.00", "–"},
		{[]float64{1, 2, 3}, "2.00 ± 0.58", "0.074"}, // t = 2√3 with two degrees of freedom
		{[]float64{100, 101, 100, 101}, "100.50 ± 0.29", "< 0.001"},
	} {
		e := experiment.Estimated(tt.of)
		if got := PlusMinus(e, 2); got != tt.shown {
			t.Errorf("%v: got %s, want %s", tt.of, got, tt.shown)
		}
		if got := P(e); got != tt.p {
			t.Errorf("%v: got a p of %s, want %s", tt.of, got, tt.p)
		}
		if got := InPercent(e); got.Mean != 100*e.Mean || !math.IsNaN(e.StdErr) && got.StdErr != 100*e.StdErr || got.N != e.N {
			t.Errorf("%v: got %+v in per cent", tt.of, got)
		}
	}
}
