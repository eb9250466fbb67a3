package uncertainty

import (
	"math"

	"github.com/pkg/errors"
)

// Coverage returns, for each level in (0, 1), the share of all numbers to predict that lie in
// their central interval of that probability, as Values.Interval gives it, where the data
// have noise of the given variance besides what the model says. Of calibrated predictions
// it is the level; package report draws it. It is an error if there are no predictions, if
// a number or the variance of its prediction is not a finite number, or a variance is not
// positive.
//
// Source: Kuleshov, Fenner and Ermon, "Accurate Uncertainties for Deep Learning Using
// Calibrated Regression", ICML 2018, section 3, for central intervals.
func Coverage(predictions []Values, levels []float64, noise float64) ([]float64, error) {
	for _, level := range levels {
		if !(level > 0 && level < 1) {
			return nil, errors.Errorf("uncertainty: Coverage: levels must be in (0, 1), got %v", level)
		}
	}
	if !(noise >= 0) || math.IsInf(noise, 1) {
		return nil, errors.Errorf("uncertainty: Coverage: noise must be finite and not negative, got %v", noise)
	}
	shares := make([]float64, len(levels))
	n := 0
	for i, v := range predictions {
		for k := range v.Target {
			inner, err := v.inner(k, noise)
			if err != nil {
				return nil, errors.Wrapf(err, "uncertainty: Coverage: prediction %d", i)
			}
			n++
			for at, level := range levels {
				if inner <= level {
					shares[at]++
				}
			}
		}
	}
	if n == 0 {
		return nil, errors.New("uncertainty: Coverage: must have a number to predict, got none")
	}
	for at := range shares {
		shares[at] /= float64(n)
	}
	return shares, nil
}

// inner returns the probability of the smallest central interval with number k in it.
func (v Values) inner(k int, noise float64) (float64, error) {
	for pass := range v.Passes {
		if s := v.variance(pass, k, noise); !(s > 0) || math.IsInf(s, 1) {
			return 0, errors.Errorf("variance of number %d must be finite and positive, got %v", k, s)
		}
	}
	p := v.Probability(k, v.Target[k], noise)
	if math.IsNaN(p) {
		return 0, errors.Errorf("number %d and its predictions must be numbers, got %v and %v", k, v.Target[k], v.Mean)
	}
	return math.Abs(float64(2*p) - 1), nil
}
