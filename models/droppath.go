package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// DropPathLayer zeroes whole examples with probability P in training, as the last
// layer of a Residual; see [ops.DropPath], and [ops.DropPathRates] for P by depth.
type DropPathLayer struct {
	P       float64
	Options []ops.Option
}

// DropPath returns the layer that zeroes whole examples with probability p.
func DropPath(p float64, opts ...ops.Option) DropPathLayer { return DropPathLayer{P: p, Options: opts} }

// Apply adds the dropout to the graph of x.
func (l DropPathLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("DropPath", x, l.P, l.Options, ops.DropPath)
}
