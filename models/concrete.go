package models

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// ConcreteDropoutLayer is a linear layer with dropout of its inputs, at a
// probability that training learns; see [ops.ConcreteDropout]. Its parameters
// are those of [LinearLayer] and p_logit, of shape (1), of which the probability
// is the sigmoid.
//
// Weight and Dropout are the factors of [ops.ConcreteRegularizer], which the
// layer adds to the loss: for N training examples l²/N and 2/N of
// classification, with prior length scale l. Without the second, training tends
// to drive the probability to 0.
type ConcreteDropoutLayer struct {
	Linear          LinearLayer
	P               float64 // at the beginning, in (0, 1); 0 is 0.1
	Weight, Dropout float64
	Options         []ops.ConcreteOption
}

// ConcreteDropout returns the layer Linear(in, out) with concrete dropout of its
// inputs and the factors weight and dropout of its regularizer.
func ConcreteDropout(in, out int, weight, dropout float64, opts ...ops.ConcreteOption) ConcreteDropoutLayer {
	return ConcreteDropoutLayer{Linear: Linear(in, out), Weight: weight, Dropout: dropout, Options: opts}
}

// Apply adds the layer to the graph of x.
func (l ConcreteDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name, byDefault = "ConcreteDropout", 0.1
	p := l.P
	if p == 0 {
		p = byDefault
	}
	if !(p > 0 && p < 1) {
		return nil, s.Errorf("%s: p must be in (0, 1), got %v", name, p)
	}
	for _, factor := range []float64{l.Weight, l.Dropout} {
		if !(factor >= 0) || math.IsInf(factor, 0) {
			return nil, s.Errorf("%s: weight and dropout must be finite and not negative, got %v and %v", name, l.Weight, l.Dropout)
		}
	}
	w, _, err := l.Linear.weights(s, x.Shape())
	if err != nil {
		return nil, err
	}
	// In every graph, so that evaluation has the same parameters.
	init := Constant(ops.Logit(p))
	if _, err := s.Param("p_logit", []int{1}, init); err != nil {
		return nil, err
	}
	stream, active := s.DropoutStream()
	if !active {
		return l.Linear.Apply(s, x)
	}
	logit, err := s.ScalarParam("p_logit", init)
	if err != nil {
		return nil, err
	}
	dropped, err := ops.ConcreteDropout(x, logit, append([]ops.ConcreteOption{stream}, l.Options...)...)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	if s.Mode() == Train && (l.Weight > 0 || l.Dropout > 0) {
		term, err := ops.ConcreteRegularizer(w, logit, x.Shape()[1], l.Weight, l.Dropout)
		if err != nil {
			return nil, s.Wrap(err, name)
		}
		if err := s.AddLoss(term); err != nil {
			return nil, err
		}
	}
	return l.Linear.Apply(s, dropped)
}
