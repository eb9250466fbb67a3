package models

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
)

// LinearLayer is the fully connected layer x·weight + bias, from (batch, In) to
// (batch, Out). Parameters: weight (In, Out) and bias (Out), which starts at zero.
// See [nn.Dense].
type LinearLayer struct {
	In     int // 0: taken from the input
	Out    int
	NoBias bool // no bias, for a layer before BatchNorm1d
	Init   Init // of the weights; HeNormal by default
}

// Linear returns the layer from in inputs to out units, with the defaults of
// [LinearLayer].
func Linear(in, out int) LinearLayer { return LinearLayer{In: in, Out: out} }

// Apply adds the layer to the graph of x.
func (l LinearLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	w, b, err := l.weights(s, x.Shape())
	if err != nil {
		return nil, err
	}
	if s.graph.fused {
		y, err := nn.Dense(x, w, b, nn.ActivationNone)
		return y, s.Wrap(err, "Linear")
	}
	y, err := gorgonia.Mul(x, w)
	if err == nil && b != nil {
		y, err = gorgonia.BroadcastAdd(y, b, nil, []byte{0})
	}
	return y, s.Wrap(err, "Linear")
}

// Fusion implements [Fuser].
func (l LinearLayer) Fusion() Fusion {
	return Fusion{Weights: l.weights, Inputs: l.In, Units: l.Out}
}

// weights returns the layer's parameters for inputs of the given shape; b is
// nil without bias.
func (l LinearLayer) weights(s *Scope, input tensor.Shape) (w, b *gorgonia.Node, err error) {
	if l.In < 0 || l.Out <= 0 {
		return nil, nil, s.Errorf("Linear: sizes must be positive, got %d and %d", l.In, l.Out)
	}
	if l.In == 0 && len(input) != 2 {
		return nil, nil, s.Errorf("Linear: input must have shape (batch, features), got %v", input)
	}
	if len(input) != 2 || l.In > 0 && input[1] != l.In {
		return nil, nil, s.Errorf("Linear: input must have shape (batch, %d), got %v", l.In, input)
	}
	if w, err = s.Param("weight", []int{input[1], l.Out}, l.Init.or(HeNormal)); err != nil || l.NoBias {
		return w, nil, err
	}
	b, err = s.Param("bias", []int{l.Out}, Zeros)
	return w, b, err
}
