package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// SoftmaxLayer turns the last axis into probabilities; see [nn.Softmax]. A
// classifier that is trained with the cross-entropy of logits needs none.
type SoftmaxLayer struct{}

// Softmax returns the layer that turns the last axis into probabilities.
func Softmax() SoftmaxLayer { return SoftmaxLayer{} }

// Apply adds the layer to the graph of x.
func (SoftmaxLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "Softmax", x, nn.Softmax)
}

// LogSoftmaxLayer turns the last axis into logarithms of probabilities; see
// [nn.LogSoftmax].
type LogSoftmaxLayer struct{}

// LogSoftmax returns the layer that turns the last axis into logarithms of
// probabilities.
func LogSoftmax() LogSoftmaxLayer { return LogSoftmaxLayer{} }

// Apply adds the layer to the graph of x.
func (LogSoftmaxLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "LogSoftmax", x, nn.LogSoftmax)
}
