package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// WeightScalingDropoutLayer zeroes units with probability P in training and
// multiplies all of them by 1-P in evaluation, where other dropouts do nothing;
// see [ops.WeightScalingDropout].
type WeightScalingDropoutLayer struct {
	P       float64
	Options []ops.MixOption
}

// WeightScalingDropout returns the layer that zeroes units with probability p
// in training and multiplies all of them by 1-p in evaluation.
func WeightScalingDropout(p float64, opts ...ops.MixOption) WeightScalingDropoutLayer {
	return WeightScalingDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l WeightScalingDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "WeightScalingDropout"
	stream, _, err := s.dropoutStream(name, l.P)
	if err != nil {
		return nil, err
	}
	y, err := ops.WeightScalingDropout(x, l.P, append([]ops.MixOption{stream}, l.Options...)...)
	return y, s.Wrap(err, name)
}
