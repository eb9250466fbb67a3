package page

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// InPercent returns an estimate of a share in per cent.
func InPercent(e experiment.Estimate) experiment.Estimate {
	e.Mean, e.StdErr = 100*e.Mean, 100*e.StdErr
	return e
}

// PlusMinus formats a mean and its standard error.
func PlusMinus(e experiment.Estimate, decimals int) string {
	if math.IsNaN(e.StdErr) {
		return fmt.Sprintf("%.*f", decimals, e.Mean)
	}
	return fmt.Sprintf("%.*f ± %.*f", decimals, e.Mean, decimals, e.StdErr)
}

// PValue returns the two-sided p of a paired t test of no difference, NaN for
// one seed.
func PValue(e experiment.Estimate) float64 {
	if e.N < 2 || e.StdErr == 0 {
		return math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(e.N - 1)}
	return 2 * t.CDF(-math.Abs(e.Mean/e.StdErr))
}

// P formats the p of [PValue].
func P(e experiment.Estimate) string {
	p := PValue(e)
	switch {
	case math.IsNaN(p):
		return "–"
	case p < 0.001:
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
