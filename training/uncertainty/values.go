package uncertainty

import (
	"context"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Values are the prediction of the numbers of an example. Each pass says that a number is
// normally distributed around its output, with the variance of the noise in the data
// (aleatoric), which methods are given; together they are a mixture of such distributions.
type Values struct {
	Target []float64   // what was to be predicted
	Passes [][]float64 // the outputs of each pass
	// Mean holds the mean over the passes, and Variance the variance over them (epistemic):
	// the mean squared distance from Mean. The variance of the prediction is Variance plus
	// that of the noise.
	Mean, Variance []float64
}

// A Scale brings numbers back to their own units, as datasets.TargetStandardization does.
type Scale interface{ Restore(values []float64) error }

// PredictValues returns the prediction of the numbers of every example by Monte Carlo
// dropout, in the units that scale restores; nil leaves all as they are. Outputs that are
// not finite are an error that names the example. When ctx is cancelled it is an error
// whose cause is ctx.Err().
//
// Source: Gal and Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016.
func (p *Predictor) PredictValues(ctx context.Context, data training.Dataset, scale Scale) ([]Values, error) {
	var all []Values
	if err := p.sample(ctx, data, collectValues(&all, data, scale)); err != nil {
		return nil, errors.Wrap(err, "uncertainty: PredictValues")
	}
	return all, nil
}

// PredictValuesDeterministic is PredictValues by the model without dropout, in one pass.
func (p *Predictor) PredictValuesDeterministic(ctx context.Context, data training.Dataset, scale Scale) ([]Values, error) {
	var all []Values
	err := p.begin(data)
	if err == nil {
		defer p.end()
		err = p.each(ctx, data, models.Eval, grid{evalBlock, 1, 1}, collectValues(&all, data, scale))
	}
	if err != nil {
		return nil, errors.Wrap(err, "uncertainty: PredictValuesDeterministic")
	}
	return all, nil
}

// collectValues returns a visitor that adds the prediction of each example to all.
func collectValues(all *[]Values, data training.Dataset, scale Scale) visitor {
	return func(index, _ int, outputs [][]float64) error {
		target := make([]float32, len(outputs[0]))
		if err := training.GatherFields(data, []int{index}, target, nil); err != nil {
			return err
		}
		v := Values{Target: make([]float64, len(target))}
		for k, y := range target {
			v.Target[k] = float64(y)
		}
		err := restore(scale, v.Target)
		for _, row := range outputs {
			row = append([]float64(nil), row...)
			if err == nil {
				err = restore(scale, row)
			}
			v.Passes = append(v.Passes, row)
		}
		if err != nil {
			return err
		}
		*all = append(*all, v)
		return errors.Wrapf((*all)[len(*all)-1].summarize(), "example %d", index)
	}
}

func restore(scale Scale, values []float64) error {
	if scale == nil {
		return nil
	}
	return scale.Restore(values)
}

// summarize computes mean and variance.
func (v *Values) summarize() error {
	v.Mean, v.Variance = make([]float64, len(v.Target)), make([]float64, len(v.Target))
	for pass, row := range v.Passes {
		for k, y := range row {
			if math.IsNaN(y) || math.IsInf(y, 0) {
				return errors.Errorf("output %d of pass %d must be finite, got %v", k, pass, y)
			}
			// Welford's update: the differences stay exact where passes agree.
			d := y - v.Mean[k]
			v.Mean[k] += d / float64(pass+1)
			v.Variance[k] += d * (y - v.Mean[k]) / float64(len(v.Passes))
		}
	}
	return nil
}

// LogLikelihood returns the logarithm of the density of number k of the target, where the
// noise has the given variance, which must be positive: the logarithm of the mean over the
// passes of normal densities.
func (v Values) LogLikelihood(k int, noise float64) float64 {
	largest, sum := math.Inf(-1), 0.0
	exponents := make([]float64, len(v.Passes))
	for i, row := range v.Passes {
		d := v.Target[k] - row[k]
		exponents[i] = -d * d / (2 * noise)
		largest = max(largest, exponents[i])
	}
	for _, e := range exponents {
		sum += portable.Exp(e - largest)
	}
	return largest + portable.Log(sum/float64(len(exponents))) - float64(portable.Log(2*math.Pi*noise)/2)
}

// Probability returns the probability that number k is at most y, where the noise has the
// given variance, which must be positive.
func (v Values) Probability(k int, y, noise float64) float64 {
	var p float64
	for _, row := range v.Passes {
		p += float64(portable.Erfc((row[k]-y)/math.Sqrt(2*noise)) / 2)
	}
	return p / float64(len(v.Passes))
}

// Interval returns the bounds between which number k lies with probability level, in (0, 1),
// leaving as much below as above, where the noise has the given variance, which must be
// positive.
func (v Values) Interval(k int, level, noise float64) (low, high float64) {
	return v.Quantile(k, (1-level)/2, noise), v.Quantile(k, (1+level)/2, noise)
}

// Quantile returns the number below which number k lies with probability q, in (0, 1).
func (v Values) Quantile(k int, q, noise float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range v.Passes {
		low, high = min(low, row[k]), max(high, row[k])
	}
	// The quantile is between those of the lowest and the highest pass.
	z := float64(math.Sqrt(2*noise) * math.Erfinv(float64(2*q)-1))
	low, high = low+z, high+z
	// Halving ends where no number is between the two.
	for {
		middle := low + float64((high-low)/2)
		if !(low < middle && middle < high) {
			return middle
		}
		if v.Probability(k, middle, noise) < q {
			low = middle
		} else {
			high = middle
		}
	}
}
