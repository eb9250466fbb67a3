package nn

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// GaussianNLL returns the mean negative log-likelihood, in nats, of targets
// under normal distributions whose means and variances a network predicts:
//
//	loss = mean over i of (log(2π) + s[i] + (target[i] - mean[i])^2 * exp(-s[i]))/2
//
// Here s is logVariance, the logarithm of the variance. It may be any number,
// there is no division, and with it a network learns how noisy each example is
// (heteroscedastic regression). PyTorch's GaussianNLLLoss with full=True takes
// exp(s) instead. All three are nodes of float32 or float64, of the same shape,
// of rank 1 or more; the result is a scalar of their type. Gradients flow into
// all of them.
//
// Source: Kendall and Gal, "What Uncertainties Do We Need in Bayesian Deep
// Learning for Computer Vision?", NeurIPS 2017, equation 8 (without its
// constant, log(2π)/2).
func GaussianNLL(mean, logVariance, target *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	return applyLoss(gaussianNLL{}, reductionOf(opts), mean, logVariance, target)
}

// gaussianNLL :: mean → log variance → target → loss
type gaussianNLL struct{ plainLoss }

func (gaussianNLL) Name() string { return "GaussianNLL" }

func (gaussianNLL) inputs() []op.Input {
	return []op.Input{{Name: "mean"}, {Name: "log variance"}, {Name: "target"}}
}

const log2Pi = 1.83787706640934548356

func (gaussianNLL) value(p point) float64 {
	d := p.x[2] - p.x[0]
	return (log2Pi + p.x[1] + float64(d*precise(d, p.x[1]))) / 2
}

func (gaussianNLL) slope(p point, by int) float64 {
	d := p.x[2] - p.x[0]
	scaled := precise(d, p.x[1])
	switch by {
	case 0:
		return -scaled
	case 1:
		return (1 - float64(d*scaled)) / 2
	}
	return scaled
}

// precise returns an error times the precision, the reciprocal of the variance;
// an error of 0 is 0 at any precision.
func precise(d, logVariance float64) float64 {
	if d == 0 && !math.IsNaN(logVariance) {
		return 0
	}
	return d * portable.Exp(-logVariance)
}
