package models

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// ShakeoutLayer is a linear layer with Shakeout of its inputs: in training an
// input is dropped with probability P, and its weights are then replaced by a
// push of C against their signs; see [ops.Shakeout]. Its parameters are those
// of [LinearLayer].
type ShakeoutLayer struct {
	Linear  LinearLayer
	P, C    float64
	Options []ops.Option
}

// Shakeout returns the layer Linear(in, out) with Shakeout of probability p and
// push c.
func Shakeout(in, out int, p, c float64, opts ...ops.Option) ShakeoutLayer {
	return ShakeoutLayer{Linear: Linear(in, out), P: p, C: c, Options: opts}
}

// Apply adds the layer to the graph of x.
func (l ShakeoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "Shakeout"
	// Checked in evaluation too, like P.
	if !(l.C >= 0) || math.IsInf(l.C, 1) {
		return nil, s.Errorf("%s: c must be finite and not negative, got %v", name, l.C)
	}
	return l.Linear.dropped(s, name, x, l.P, l.Options, func(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.Shakeout(w, p, l.C, opts...)
	})
}
