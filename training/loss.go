package training

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// A Loss returns the scalar node to minimize for a batch: the outputs of the model, the
// targets (labels of int, or numbers of the model's type in the shape of Fields.Target
// behind the batch), and their weights, nil where the data have none. Any function of
// these nodes will do; a loss that takes no weights must refuse them, as [Unweighted] does.
type Loss func(outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error)

// CrossEntropy is the mean softmax cross-entropy of logits with labels, or with numbers
// as soft labels; see nn.SoftmaxCrossEntropy. It is the loss for labels where none is set.
func CrossEntropy(opts ...nn.CrossEntropyOption) Loss {
	return func(logits, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		all := slices.Clone(opts)
		if weights != nil {
			all = append(all, nn.WithWeights(weights))
		}
		return nn.SoftmaxCrossEntropy(logits, targets, all...)
	}
}

// MSE is the mean squared error; see nn.MSE. It is the loss for numbers where none is set.
func MSE() Loss {
	return func(outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		return nn.MSE(outputs, targets, weighing(weights)...)
	}
}

// MAE is the mean absolute error; see nn.MAE.
func MAE() Loss {
	return func(outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		return nn.MAE(outputs, targets, weighing(weights)...)
	}
}

// Huber is the mean Huber loss; see nn.Huber.
func Huber(delta float64) Loss {
	return func(outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		return nn.Huber(outputs, targets, delta, weighing(weights)...)
	}
}

// BCEWithLogits is the mean binary cross-entropy of logits, for answers of 0 or 1 that do
// not exclude each other; see nn.BCEWithLogits.
func BCEWithLogits(opts ...nn.BCEOption) Loss {
	return func(logits, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		all := slices.Clone(opts)
		if weights != nil {
			all = append(all, nn.WithWeights(weights))
		}
		return nn.BCEWithLogits(logits, targets, all...)
	}
}

// Focal is the mean focal loss; see nn.Focal.
func Focal(gamma float64, opts ...nn.FocalOption) Loss {
	return func(logits, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		all := slices.Clone(opts)
		if weights != nil {
			all = append(all, nn.WithWeights(weights))
		}
		return nn.Focal(logits, targets, gamma, all...)
	}
}

// Unweighted makes a Loss of a function of outputs and targets alone. Data with weights
// are an error then.
func Unweighted(loss func(outputs, targets *gorgonia.Node) (*gorgonia.Node, error)) Loss {
	return func(outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
		if weights != nil {
			return nil, errors.Errorf("training: Unweighted: data must have no weights, got some of shape %v", weights.Shape())
		}
		return loss(outputs, targets)
	}
}

// weighing returns the option of weights, none for nil.
func weighing(weights *gorgonia.Node) []nn.LossOption {
	if weights == nil {
		return nil
	}
	return []nn.LossOption{nn.WithWeights(weights)}
}
