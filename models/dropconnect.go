package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// DropConnectLayer is a linear layer whose weights, instead of units, are
// zeroed with probability P in training; see [ops.DropConnect]. Its parameters
// are those of [LinearLayer].
type DropConnectLayer struct {
	Linear  LinearLayer
	P       float64
	Options []ops.Option
}

// DropConnect returns the layer Linear(in, out) whose weights are zeroed with
// probability p.
func DropConnect(in, out int, p float64, opts ...ops.Option) DropConnectLayer {
	return DropConnectLayer{Linear: Linear(in, out), P: p, Options: opts}
}

// Apply adds the layer to the graph of x.
func (l DropConnectLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return l.Linear.dropped(s, "DropConnect", x, l.P, l.Options, ops.DropConnect)
}

// dropped adds the layer with a dropout of its weights.
func (l LinearLayer) dropped(s *Scope, name string, x *gorgonia.Node, p float64, opts []ops.Option,
	op func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	w, b, err := l.weights(s, x.Shape())
	if err != nil {
		return nil, err
	}
	if w, err = s.drop(name, w, p, opts, op); err != nil {
		return nil, err
	}
	y, err := nn.Dense(x, w, b, nn.ActivationNone)
	return y, s.Wrap(err, name)
}
