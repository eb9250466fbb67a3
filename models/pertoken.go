package models

import (
	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// PerToken applies layers for (batch, features), such as Linear, to every token of
// (batch, time, features) alike. Its parts are named by number, as those of
// Sequential.
func PerToken(layers ...Layer) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		return perToken(s, x, Sequential(layers))
	})
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

// A part is a layer under a name, or under none where it has no parameters.
type part struct {
	name  string
	layer Layer
}

// parts applies layers one after the other.
type parts []part

func (p parts) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	for _, part := range p {
		place := s
		if part.name != "" {
			place = s.Child(part.name)
		}
		if part.layer == nil {
			return nil, s.Errorf("layer must not be nil: an Activation must return one")
		}
		var err error
		if x, err = part.layer.Apply(place, x); err != nil {
			return nil, err
		}
	}
	return x, nil
}
