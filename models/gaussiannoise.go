package models

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// GaussianNoiseLayer adds normal noise of standard deviation Sigma to units in
// training; see [ops.GaussianNoise].
type GaussianNoiseLayer struct {
	Sigma   float64
	Options []ops.Option
}

// GaussianNoise returns the layer that adds normal noise of standard deviation
// sigma.
func GaussianNoise(sigma float64, opts ...ops.Option) GaussianNoiseLayer {
	return GaussianNoiseLayer{Sigma: sigma, Options: opts}
}

// Apply adds the noise to the graph of x.
func (l GaussianNoiseLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "GaussianNoise"
	if !(l.Sigma >= 0) || math.IsInf(l.Sigma, 1) {
		return nil, s.Errorf("%s: sigma must be finite and not negative, got %v", name, l.Sigma)
	}
	s.noteRate("sigma", l.Sigma)
	stream, ok := s.DropoutStream()
	if !ok || l.Sigma == 0 && len(l.Options) == 0 {
		return x, nil
	}
	y, err := ops.GaussianNoise(x, l.Sigma, append([]ops.Option{stream}, l.Options...)...)
	return y, s.Wrap(err, name)
}
