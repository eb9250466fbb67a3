package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// JoinLayer joins x, from (batch, ..., features), with what Layers make of the input
// called Input, of the same shape but for the features: x first, along the last axis.
// See [nn.Concat].
type JoinLayer struct {
	Input  string
	Layers Sequential
}

// Join returns the layer that joins its input with what layers make of a further input
// of the model; with no layers, with the input itself:
//
//	models.Join("region", models.Embedding(20, 4))
func Join(input string, layers ...Layer) JoinLayer { return JoinLayer{Input: input, Layers: layers} }

// Apply adds the layers to the graph of x.
func (l JoinLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	side, err := s.Input(l.Input)
	if err != nil {
		return nil, err
	}
	if side, err = l.Layers.Apply(s, side); err != nil {
		return nil, err
	}
	y, err := nn.Concat(x, side)
	return y, s.Wrap(err, "Join")
}

// HeadLayer gives what Layers make of x as an output of the model called Name, and
// passes x on; see [Scope.Output].
type HeadLayer struct {
	Name   string
	Layers Sequential
}

// Head returns the layer that branches off an output of the model:
//
//	models.Sequential{..., models.Head("age", models.Linear(0, 1)), models.Linear(0, 10)}
func Head(name string, layers ...Layer) HeadLayer { return HeadLayer{Name: name, Layers: layers} }

// Apply adds the layers to the graph of x.
func (l HeadLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := l.Layers.Apply(s, x)
	if err != nil {
		return nil, err
	}
	return x, s.Output(l.Name, y)
}
