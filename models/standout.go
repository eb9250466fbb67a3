package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// StandoutLayer is a linear layer with an activation whose units are kept with
// probability sigmoid(Alpha·z + Beta), where z is what the linear layer
// computes; in evaluation they are multiplied by it. See [ops.Standout]. Its
// parameters are those of [LinearLayer].
type StandoutLayer struct {
	Linear      LinearLayer
	Activation  Layer // without parameters; ReLU by default
	Alpha, Beta float64
	Options     []ops.StreamOption
}

// Standout returns the layer ReLU(Linear(in, out)) with standout of its units.
func Standout(in, out int, alpha, beta float64, opts ...ops.StreamOption) StandoutLayer {
	return StandoutLayer{Linear: Linear(in, out), Alpha: alpha, Beta: beta, Options: opts}
}

// Apply adds the layer to the graph of x.
func (l StandoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	z, err := l.Linear.Apply(s, x)
	if err != nil {
		return nil, err
	}
	activation := l.Activation
	if activation == nil {
		activation = ReLU()
	}
	h, err := activation.Apply(s, z)
	if err != nil {
		return nil, err
	}
	stream, _ := s.DropoutStream()
	y, err := ops.Standout(h, z, l.Alpha, l.Beta, append([]ops.StreamOption{stream}, l.Options...)...)
	return y, s.Wrap(err, "Standout")
}
