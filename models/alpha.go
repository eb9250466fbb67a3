package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// AlphaDropoutLayer sets units to the lower limit of SELU with probability P in
// training and keeps mean and variance, for networks of [SELU]; see
// [ops.AlphaDropout].
type AlphaDropoutLayer struct {
	P       float64
	Options []ops.Option
}

// AlphaDropout returns the layer that sets units to SELU's lower limit with
// probability p.
func AlphaDropout(p float64, opts ...ops.Option) AlphaDropoutLayer {
	return AlphaDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l AlphaDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("AlphaDropout", x, l.P, l.Options, ops.AlphaDropout)
}

// FeatureAlphaDropoutLayer is [AlphaDropoutLayer] for whole channels; see
// [ops.FeatureAlphaDropout].
type FeatureAlphaDropoutLayer struct {
	P       float64
	Options []ops.Option
}

// FeatureAlphaDropout returns [AlphaDropout] of whole channels.
func FeatureAlphaDropout(p float64, opts ...ops.Option) FeatureAlphaDropoutLayer {
	return FeatureAlphaDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l FeatureAlphaDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("FeatureAlphaDropout", x, l.P, l.Options, ops.FeatureAlphaDropout)
}
