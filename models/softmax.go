package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// SoftmaxLayer makes probabilities of the last axis; see nn.Softmax. A classifier
// that is trained with the cross-entropy of logits needs none.
type SoftmaxLayer struct{}

// Softmax makes probabilities of the last axis.
func Softmax() SoftmaxLayer { return SoftmaxLayer{} }

// Apply adds the layer to the graph of x.
func (SoftmaxLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "Softmax", x, nn.Softmax)
}

// LogSoftmaxLayer makes logarithms of probabilities of the last axis; see
// nn.LogSoftmax.
type LogSoftmaxLayer struct{}

// LogSoftmax makes logarithms of probabilities of the last axis.
func LogSoftmax() LogSoftmaxLayer { return LogSoftmaxLayer{} }

// Apply adds the layer to the graph of x.
func (LogSoftmaxLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "LogSoftmax", x, nn.LogSoftmax)
}
