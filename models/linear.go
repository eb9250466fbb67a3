package models

import (
	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

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
	w, b, err := l.params(s, x)
	if err != nil {
		return nil, err
	}
	if !s.model.plain {
		y, err := nn.Dense(x, w, b, nn.ActivationNone)
		return y, s.Wrap(err, "Linear")
	}
	y, err := gorgonia.Mul(x, w)
	if err == nil && b != nil {
		y, err = gorgonia.BroadcastAdd(y, b, nil, []byte{0})
	}
	return y, s.Wrap(err, "Linear")
}

// params returns the layer's parameters for inputs like x; b is nil without bias.
func (l *linear) params(s *Scope, x *gorgonia.Node) (w, b *gorgonia.Node, err error) {
	if err := l.check(s); err != nil {
		return nil, nil, err
	}
	if shape := x.Shape(); len(shape) != 2 || shape[1] != l.in {
		return nil, nil, s.Errorf("Linear: input must have shape (batch, %d), got %v", l.in, shape)
	}
	return l.bind(s)
}

func (l *linear) check(s *Scope) error {
	if l.in <= 0 || l.out <= 0 {
		return s.Errorf("Linear: sizes must be positive, got %d and %d", l.in, l.out)
	}
	return nil
}

// bind returns the layer's parameters.
func (l *linear) bind(s *Scope) (w, b *gorgonia.Node, err error) {
	if w, err = s.Param("weight", []int{l.in, l.out}, l.init); err != nil || l.noBias {
		return w, nil, err
	}
	b, err = s.Param("bias", []int{l.out}, Zeros)
	return w, b, err
}
