package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// PerTokenLayer applies layers for (batch, features), such as [Linear], to
// every token of (batch, time, features). Its parts are named by number, as in
// [Sequential].
type PerTokenLayer struct{ Layers Sequential }

// PerToken returns the layer that applies layers to every token.
func PerToken(layers ...Layer) PerTokenLayer { return PerTokenLayer{Layers: layers} }

// Apply adds the layers to the graph of x.
func (l PerTokenLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return perToken(s, x, l.Layers)
}

func perToken(s *Scope, x *gorgonia.Node, layer Layer) (*gorgonia.Node, error) {
	const name = "PerToken"
	if x.Dims() != 3 {
		return nil, s.Errorf("%s: input must have shape (batch, time, features), got %v", name, x.Shape())
	}
	times := x.Shape()[1]
	x, err := nn.Tokens(x)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	if x, err = layer.Apply(s, x); err != nil {
		return nil, err
	}
	y, err := nn.Sequences(x, times)
	return y, s.Wrap(err, name)
}
