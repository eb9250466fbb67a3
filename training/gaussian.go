package training

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
)

// GaussianNLL is the mean negative log-likelihood of numbers under normal distributions whose
// means and variances the model predicts for each example (heteroscedastic regression); see
// nn.GaussianNLL. For k numbers an example the model has 2k outputs: the means, and then
// the logarithms of the variances. [metrics.OfMeans] measures the means and
// [metrics.GaussianNLL] both, and package uncertainty predicts with such models:
//
//	Loss:    training.GaussianNLL(),
//	Metrics: []metrics.Metric{metrics.GaussianNLL{}, metrics.OfMeans{Of: metrics.RMSE{}}},
func GaussianNLL() Loss {
	return func(outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		shape := outputs.Shape()
		if len(shape) != 2 || len(targets.Shape()) != 2 || shape[1] != 2*targets.Shape()[1] {
			return nil, errors.Errorf("training: GaussianNLL: outputs must be the means and the logarithms of the variances of targets of shape %v, twice as many, got shape %v", targets.Shape(), shape)
		}
		mean, err := columns(outputs, 0, shape[1]/2)
		if err != nil {
			return nil, err
		}
		logVariance, err := columns(outputs, shape[1]/2, shape[1])
		if err != nil {
			return nil, err
		}
		return nn.GaussianNLL(mean, logVariance, targets, weighing(weights)...)
	}
}

// columns returns the columns [from, to) of a matrix.
func columns(x *gorgonia.Node, from, to int) (*gorgonia.Node, error) {
	part, err := gorgonia.Slice(x, nil, gorgonia.S(from, to))
	if err != nil {
		return nil, err
	}
	// A slice of one column has lost its axis.
	return gorgonia.Reshape(part, tensor.Shape{x.Shape()[0], to - from})
}
