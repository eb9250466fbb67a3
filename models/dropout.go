package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// DropoutLayer zeroes each unit with probability P in training and multiplies
// the others by 1/(1-P); see [ops.Dropout].
//
// This and all other dropouts do nothing in evaluation. At P = 0 without
// options they add no op, but keep their place and the number of their masks.
// Options are applied after the model's own, which set the seed, the layer's
// id, the step and the mode.
type DropoutLayer struct {
	P       float64
	Options []ops.Option
}

// Dropout returns the layer that zeroes each unit with probability p in
// training.
func Dropout(p float64, opts ...ops.Option) DropoutLayer { return DropoutLayer{P: p, Options: opts} }

// Apply adds the dropout to the graph of x.
func (l DropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("Dropout", x, l.P, l.Options, ops.Dropout)
}

// Fusion implements [Fuser].
func (l DropoutLayer) Fusion() Fusion { return Fusion{Dropout: len(l.Options) == 0, P: l.P} }

// drop adds a dropout of package ops.
func (s *Scope) drop(name string, x *gorgonia.Node, p float64, opts []ops.Option,
	op func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	stream, ok, err := s.dropoutStream(name, p)
	if err != nil {
		return nil, err
	}
	s.noteOptions(opts)
	if !ok || p == 0 && len(opts) == 0 {
		return x, nil
	}
	y, err := op(x, p, append([]ops.Option{stream}, opts...)...)
	return y, s.Wrap(err, name)
}

// dropoutStream is DropoutStream for a dropout of rate p. It checks p in
// evaluation too: a model is right or wrong as a whole.
func (s *Scope) dropoutStream(name string, p float64) (stream ops.StreamOption, ok bool, err error) {
	if !(p >= 0 && p <= 1) {
		return nil, false, s.Errorf("%s: p must be in [0, 1], got %v", name, p)
	}
	s.noteRate(name, p)
	stream, ok = s.DropoutStream()
	return stream, ok, nil
}
