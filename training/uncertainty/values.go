package uncertainty

import (
	"context"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/portable"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Values are the prediction of the numbers of an example. Each pass says that a number is
// normally distributed around its output. The variance of that is the noise in the data
// (aleatoric): what the model says of it for the example, Noise, plus a number that methods
// are given, 0 for none; together it must be positive. All passes are a mixture of such
// distributions.
type Values struct {
	Target []float64   // what was to be predicted
	Passes [][]float64 // the outputs of each pass
	// Noise holds the variances that each pass predicts, nil where the model predicts none;
	// see Predictor.Gaussian.
	Noise [][]float64
	// Mean holds the mean over the passes, and Variance the variance over them (epistemic):
	// the mean squared distance from Mean. Aleatoric is the mean of Noise over the passes, zeros
	// without. The variance of the prediction is Variance plus Aleatoric, plus that of other
	// noise (Kendall and Gal, 2017, equation 9).
	Mean, Variance, Aleatoric []float64
}

// A Scale brings numbers back to their own units, as datasets.TargetStandardization does: each is
// multiplied by a number, and another is added.
type Scale interface{ Restore(values []float64) error }

// PredictValues returns the prediction of the numbers of every example by Monte Carlo
// dropout, in the units that scale restores; nil leaves all as they are. Outputs that are
// not finite are an error that names the example. When ctx is cancelled it is an error
// whose cause is ctx.Err().
//
// Source: Gal and Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016.
func (p *Predictor) PredictValues(ctx context.Context, data training.Dataset, scale Scale) ([]Values, error) {
	var all []Values
	if err := p.sample(ctx, data, p.collectValues(&all, data, scale)); err != nil {
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
		err = p.each(ctx, data, models.Eval, grid{evalBlock, 1, 1}, p.collectValues(&all, data, scale))
	}
	if err != nil {
		return nil, errors.Wrap(err, "uncertainty: PredictValuesDeterministic")
	}
	return all, nil
}

// collectValues returns a visitor that adds the prediction of each example to all.
func (p *Predictor) collectValues(all *[]Values, data training.Dataset, scale Scale) visitor {
	return func(index, _ int, outputs [][]float64) error {
		n := len(outputs[0])
		if p.Gaussian {
			if n%2 != 0 {
				return errors.Errorf("outputs must be means and as many logarithms of variances for Gaussian, got %d", n)
			}
			n /= 2
		}
		target := make([]float32, n)
		if err := training.GatherFields(data, []int{index}, target, nil); err != nil {
			return err
		}
		v := Values{Target: make([]float64, n)}
		for k, y := range target {
			v.Target[k] = float64(y)
		}
		for _, row := range outputs {
			v.Passes = append(v.Passes, append([]float64(nil), row[:n]...))
			if p.Gaussian {
				v.Noise = append(v.Noise, append([]float64(nil), row[n:]...))
			}
		}
		if err := v.restore(scale); err != nil {
			return err
		}
		*all = append(*all, v)
		return errors.Wrapf((*all)[len(*all)-1].summarize(), "example %d", index)
	}
}

// restore brings all numbers to their own units, and logarithms of variances to variances.
func (v *Values) restore(scale Scale) error {
	zeros, ones := make([]float64, len(v.Target)), make([]float64, len(v.Target))
	for k := range ones {
		ones[k] = 1
	}
	for _, row := range append([][]float64{v.Target, zeros, ones}, v.Passes...) {
		if err := restore(scale, row); err != nil {
			return err
		}
	}
	for _, row := range v.Noise {
		for k, log := range row {
			unit := ones[k] - zeros[k]
			row[k] = float64(unit*unit) * portable.Exp(log)
		}
	}
	return nil
}

func restore(scale Scale, values []float64) error {
	if scale == nil {
		return nil
	}
	return scale.Restore(values)
}

// summarize computes mean and variances.
func (v *Values) summarize() error {
	v.Mean, v.Variance, v.Aleatoric = make([]float64, len(v.Target)), make([]float64, len(v.Target)), make([]float64, len(v.Target))
	for pass, row := range v.Noise {
		for k, s := range row {
			if !(s > 0) || math.IsInf(s, 1) {
				return errors.Errorf("variance %d of pass %d must be finite and positive, got %v", k, pass, s)
			}
			v.Aleatoric[k] += s / float64(len(v.Noise))
		}
	}
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

// variance returns the variance of the normal distribution of number k in a pass.
func (v Values) variance(pass, k int, noise float64) float64 {
	if v.Noise == nil {
		return noise
	}
	return v.Noise[pass][k] + noise
}

// LogLikelihood returns the logarithm of the density of number k of the target, where the
// data have noise of the given variance besides Noise: the logarithm of the mean over the
// passes of normal densities.
func (v Values) LogLikelihood(k int, noise float64) float64 {
	largest, sum := math.Inf(-1), 0.0
	exponents := make([]float64, len(v.Passes))
	first := v.variance(0, k, noise)
	for i, row := range v.Passes {
		s := v.variance(i, k, noise)
		d := v.Target[k] - row[k]
		exponents[i] = -d * d / (2 * s)
		if s != first {
			exponents[i] -= float64(portable.Log(s/first) / 2)
		}
		largest = max(largest, exponents[i])
	}
	for i := range exponents {
		exponents[i] -= largest
	}
	elementary.Exp64(exponents)
	for _, density := range exponents {
		sum += density
	}
	return largest + portable.Log(sum/float64(len(exponents))) - float64(portable.Log(2*math.Pi*first)/2)
}

// Probability returns the probability that number k is at most y, where the data have noise
// of the given variance besides Noise.
func (v Values) Probability(k int, y, noise float64) float64 {
	var p float64
	for i, row := range v.Passes {
		p += float64(portable.Erfc((row[k]-y)/math.Sqrt(2*v.variance(i, k, noise))) / 2)
	}
	return p / float64(len(v.Passes))
}

// Interval returns the bounds between which number k lies with probability level, in (0, 1),
// leaving as much below as above, where the data have noise of the given variance besides
// Noise.
func (v Values) Interval(k int, level, noise float64) (low, high float64) {
	return v.Quantile(k, (1-level)/2, noise), v.Quantile(k, (1+level)/2, noise)
}

// Quantile returns the number below which number k lies with probability q, in (0, 1), where
// the data have noise of the given variance besides Noise.
func (v Values) Quantile(k int, q, noise float64) float64 {
	// The quantile is between the lowest and the highest of those of the passes.
	low, high := math.Inf(1), math.Inf(-1)
	z := math.Erfinv(float64(2*q) - 1)
	for i, row := range v.Passes {
		at := row[k] + float64(math.Sqrt(2*v.variance(i, k, noise))*z)
		low, high = min(low, at), max(high, at)
	}
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
