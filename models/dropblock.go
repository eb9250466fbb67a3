package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// DropBlock2dLayer zeroes squares of Side × Side neighbours of images (batch,
// channels, height, width) in training, about the share P of all elements; see
// [ops.DropBlock2d].
type DropBlock2dLayer struct {
	P       float64
	Side    int
	Options []ops.Option
}

// DropBlock2d returns the layer that zeroes squares of side × side neighbours,
// about the share p of all elements.
func DropBlock2d(p float64, side int, opts ...ops.Option) DropBlock2dLayer {
	return DropBlock2dLayer{P: p, Side: side, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l DropBlock2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "DropBlock2d"
	// Checked where nothing is dropped too.
	if l.Side < 1 {
		return nil, s.Errorf("%s: side must be positive, got %d", name, l.Side)
	}
	return s.drop(name, x, l.P, l.Options, func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.DropBlock2d(x, p, l.Side, opts...)
	})
}
