package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// ExactKLayer zeroes the same units in all examples of a batch in training,
// exactly the share P of them; see [ops.ExactK]. [SubmatrixLayer] does the
// same, faster.
type ExactKLayer struct {
	P       float64
	Options []ops.Option
}

// ExactK returns the layer that zeroes the same units in all examples of a
// batch, exactly the share p of them.
func ExactK(p float64, opts ...ops.Option) ExactKLayer { return ExactKLayer{P: p, Options: opts} }

// Apply adds the dropout to the graph of x.
func (l ExactKLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("ExactK", x, l.P, l.Options, ops.ExactK)
}
