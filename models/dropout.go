package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// Dropout zeroes each unit with probability p in training and is nothing in
// evaluation; see ops.Dropout. Options come after the model's own, which give
// the seed, the layer's id, the step and the mode.
func Dropout(p float64, opts ...ops.Option) Layer {
	return unitDropout{p, opts}
}

// unitDropout is a type of its own for Sequential to know it.
type unitDropout struct {
	p    float64
	opts []ops.Option
}

func (d unitDropout) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return dropout("Dropout", d.p, d.opts, ops.Dropout).Apply(s, x)
}

// dropout makes a layer of an op of package ops.
func dropout(name string, p float64, opts []ops.Option,
	op func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		stream, ok, err := s.dropoutStream(name, p)
		if err != nil {
			return nil, err
		}
		if !ok || p == 0 && len(opts) == 0 {
			return x, nil
		}
		y, err := op(x, p, append([]ops.Option{stream}, opts...)...)
		return y, s.Wrap(err, name)
	})
}

// dropoutStream is DropoutStream for a dropout that has the rate p. p is checked
// in evaluation too: a model is right or wrong as a whole.
func (s *Scope) dropoutStream(name string, p float64) (stream ops.StreamOption, ok bool, err error) {
	if !(p >= 0 && p <= 1) {
		return nil, false, s.Errorf("%s: p must be in [0, 1], got %v", name, p)
	}
	stream, ok = s.DropoutStream()
	return stream, ok, nil
}
