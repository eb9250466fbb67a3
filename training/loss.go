package training

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// A Loss returns the scalar node to minimize for a batch of logits and labels.
type Loss func(logits, labels *gorgonia.Node) (*gorgonia.Node, error)

// CrossEntropy is the mean softmax cross-entropy; see nn.SoftmaxCrossEntropy.
func CrossEntropy(opts ...nn.CrossEntropyOption) Loss {
	return func(logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
		return nn.SoftmaxCrossEntropy(logits, labels, opts...)
	}
}
