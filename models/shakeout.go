package models

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// ShakeoutLayer is a linear layer whose inputs are dropped with probability P in
// training and leave a push of C against the signs of their weights behind; see
// ops.Shakeout. Parameters are those of LinearLayer.
type ShakeoutLayer struct {
	Linear  LinearLayer
	P, C    float64
	Options []ops.Option
}

// Shakeout is Linear(in, out) whose inputs are dropped with probability p and leave a
// push of c behind.
func Shakeout(in, out int, p, c float64, opts ...ops.Option) ShakeoutLayer {
	return ShakeoutLayer{Linear: Linear(in, out), P: p, C: c, Options: opts}
}

// Apply adds the layer to the graph of x.
func (l ShakeoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "Shakeout"
	// Checked in evaluation too, as p is.
	if !(l.C >= 0) || math.IsInf(l.C, 1) {
		return nil, s.Errorf("%s: c must be finite and not negative, got %v", name, l.C)
	}
	return l.Linear.dropped(s, name, x, l.P, l.Options, func(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.Shakeout(w, p, l.C, opts...)
	})
}
