package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// Dropout1dLayer zeroes whole channels of (batch, channels, length) with
// probability P in training; see [ops.Dropout1d].
type Dropout1dLayer struct {
	P       float64
	Options []ops.Option
}

// Dropout1d returns the layer that zeroes whole channels of (batch, channels,
// length) with probability p.
func Dropout1d(p float64, opts ...ops.Option) Dropout1dLayer {
	return Dropout1dLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l Dropout1dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("Dropout1d", x, l.P, l.Options, ops.Dropout1d)
}

// Dropout2dLayer zeroes whole channels of (batch, channels, height, width) with
// probability P in training; see [ops.Dropout2d].
type Dropout2dLayer struct {
	P       float64
	Options []ops.Option
}

// Dropout2d returns the layer that zeroes whole channels of images with
// probability p.
func Dropout2d(p float64, opts ...ops.Option) Dropout2dLayer {
	return Dropout2dLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l Dropout2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("Dropout2d", x, l.P, l.Options, ops.Dropout2d)
}

// Dropout3dLayer zeroes whole channels of (batch, channels, depth, height, width)
// with probability P in training; see [ops.Dropout3d].
type Dropout3dLayer struct {
	P       float64
	Options []ops.Option
}

// Dropout3d returns the layer that zeroes whole channels of volumes with
// probability p.
func Dropout3d(p float64, opts ...ops.Option) Dropout3dLayer {
	return Dropout3dLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l Dropout3dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("Dropout3d", x, l.P, l.Options, ops.Dropout3d)
}
