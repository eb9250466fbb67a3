package models

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// LayerNormLayer normalizes each example over its last axes, which have the
// shape Shape; without a shape, over the last axis. See [nn.LayerNorm].
// Parameters, of that shape: weight, which starts at one, and bias, at zero.
type LayerNormLayer struct {
	Shape []int
	Eps   float64 // 1e-5 by default
}

// LayerNorm returns the layer that normalizes each example over its last axes,
// which have the given shape; without a shape, over the last axis.
func LayerNorm(shape ...int) LayerNormLayer { return LayerNormLayer{Shape: shape} }

// Apply adds the normalization to the graph of x.
func (l LayerNormLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	over, eps := l.Shape, l.Eps
	if eps == 0 {
		eps = 1e-5
	}
	if len(over) == 0 && x.Dims() > 1 {
		over = x.Shape()[x.Dims()-1:]
	}
	if in := x.Shape()[1:]; len(over) == 0 || len(over) > len(in) || !slices.Equal(over, in[len(in)-len(over):]) {
		return nil, s.Errorf("LayerNorm: input must have shape (batch, ...) that ends in %v, got %v", over, x.Shape())
	}
	gamma, beta, err := s.affine(over)
	if err != nil {
		return nil, err
	}
	y, err := nn.LayerNorm(x, gamma, beta, eps)
	return y, s.Wrap(err, "LayerNorm")
}

// affine returns the parameters that scale and shift the normalized values.
func (s *Scope) affine(shape []int) (gamma, beta *gorgonia.Node, err error) {
	if gamma, err = s.Param("weight", shape, Ones); err != nil {
		return nil, nil, err
	}
	beta, err = s.Param("bias", shape, Zeros)
	return gamma, beta, err
}
