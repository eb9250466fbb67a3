package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// FlattenLayer makes one row of each example, from (batch, ...) to (batch,
// values), as [Linear] takes it; see [nn.Flatten].
type FlattenLayer struct{}

// Flatten returns the layer that makes one row of each example.
func Flatten() FlattenLayer { return FlattenLayer{} }

// Apply adds the layer to the graph of x.
func (FlattenLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := nn.Flatten(x)
	return y, s.Wrap(err, "Flatten")
}

// UnflattenLayer gives each example the shape Shape; see [nn.Unflatten].
type UnflattenLayer struct{ Shape []int }

// Unflatten returns the layer that gives each example a shape: Unflatten(1, 28,
// 28) turns rows of 784 pixels into images, as [Conv2d] takes them.
func Unflatten(shape ...int) UnflattenLayer { return UnflattenLayer{Shape: shape} }

// Apply adds the layer to the graph of x.
func (l UnflattenLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := nn.Unflatten(x, l.Shape...)
	return y, s.Wrap(err, "Unflatten")
}
