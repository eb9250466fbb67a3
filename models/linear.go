package models

import "gorgonia.org/gorgonia"

// A LinearOption sets something about Linear that has a default.
type LinearOption func(*linear)

// WithoutBias leaves the bias out.
func WithoutBias() LinearOption { return func(l *linear) { l.noBias = true } }

// WithInit sets how the weights start; the default is HeNormal.
func WithInit(init Init) LinearOption { return func(l *linear) { l.init = init } }

// Linear is the fully connected layer x·weight + bias, from (batch, in) to
// (batch, out). Parameters: weight (in, out) and bias (out), which starts at
// zero.
func Linear(in, out int, opts ...LinearOption) Layer {
	l := &linear{in: in, out: out, init: HeNormal}
	for _, opt := range opts {
		opt(l)
	}
	return l
}

type linear struct {
	in, out int
	noBias  bool
	init    Init
}

func (l *linear) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if l.in <= 0 || l.out <= 0 {
		return nil, s.Errorf("Linear: sizes must be positive, got %d and %d", l.in, l.out)
	}
	if shape := x.Shape(); len(shape) != 2 || shape[1] != l.in {
		return nil, s.Errorf("Linear: input must have shape (batch, %d), got %v", l.in, shape)
	}
	w, err := s.Param("weight", []int{l.in, l.out}, l.init)
	if err != nil {
		return nil, err
	}
	y, err := gorgonia.Mul(x, w)
	if err != nil || l.noBias {
		return y, s.Wrap(err, "Linear")
	}
	b, err := s.Param("bias", []int{l.out}, Zeros)
	if err != nil {
		return nil, err
	}
	y, err = gorgonia.BroadcastAdd(y, b, nil, []byte{0})
	return y, s.Wrap(err, "Linear")
}
