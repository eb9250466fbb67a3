package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// GaussianDropoutLayer multiplies units by noise of mean 1 and variance P/(1-P) in
// training; see [ops.GaussianDropout].
type GaussianDropoutLayer struct {
	P       float64
	Options []ops.Option
}

// GaussianDropout returns the layer that multiplies units by noise of mean 1
// and variance p/(1-p).
func GaussianDropout(p float64, opts ...ops.Option) GaussianDropoutLayer {
	return GaussianDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l GaussianDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("GaussianDropout", x, l.P, l.Options, ops.GaussianDropout)
}
