package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// BatchwiseLayer zeroes the same units in all examples of a batch in training,
// each with probability P; see [ops.Batchwise].
type BatchwiseLayer struct {
	P       float64
	Options []ops.Option
}

// Batchwise returns the layer that zeroes the same units in all examples of a
// batch, each with probability p.
func Batchwise(p float64, opts ...ops.Option) BatchwiseLayer {
	return BatchwiseLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l BatchwiseLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("Batchwise", x, l.P, l.Options, ops.Batchwise)
}
