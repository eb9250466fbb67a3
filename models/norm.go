package models

import (
	"slices"

	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// LayerNorm normalizes each example over its last axes, which have the given
// shape; without one, over the last axis. See nn.LayerNorm, with eps = 1e-5.
// Parameters: weight, which starts at one, and bias, at zero, of that shape.
func LayerNorm(shape ...int) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		over := shape
		if len(over) == 0 && x.Dims() > 1 {
			over = x.Shape()[x.Dims()-1:]
		}
		if in := x.Shape()[1:]; len(over) == 0 || len(over) > len(in) || !slices.Equal(over, in[len(in)-len(over):]) {
			return nil, s.Errorf("LayerNorm: input must have shape (batch, ...) that ends in %v, got %v", over, x.Shape())
		}
		gamma, beta, err := s.affine(over)
		if err != nil {
			return nil, err
		}
		y, err := nn.LayerNorm(x, gamma, beta, 1e-5)
		return y, s.Wrap(err, "LayerNorm")
	})
}

// affine returns the parameters that scale and shift what is normalized.
func (s *Scope) affine(shape []int) (gamma, beta *gorgonia.Node, err error) {
	if gamma, err = s.Param("weight", shape, Ones); err != nil {
		return nil, nil, err
	}
	beta, err = s.Param("bias", shape, Zeros)
	return gamma, beta, err
}

// BatchNorm1d normalizes each feature over the batch, for inputs (batch, features)
// or (batch, channels, length): in training graphs by the statistics of the batch,
// which must have more than one value for each, in other graphs by the running
// ones. See nn.BatchNorm.
//
// Parameters: weight (features), which starts at one, and bias (features), at
// zero. States: running_mean and running_var (features).
func BatchNorm1d(opts ...nn.BatchNormOption) Layer {
	return batchNorm("BatchNorm1d", "(batch, features) or (batch, channels, length)", []int{2, 3}, opts)
}

// BatchNorm2d is BatchNorm1d for the channels of images, (batch, channels, height,
// width).
func BatchNorm2d(opts ...nn.BatchNormOption) Layer {
	return batchNorm("BatchNorm2d", "(batch, channels, height, width)", []int{4}, opts)
}

func batchNorm(name, shape string, ranks []int, opts []nn.BatchNormOption) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		if !slices.Contains(ranks, x.Dims()) {
			return nil, s.Errorf("%s: input must have shape %s, got %v", name, shape, x.Shape())
		}
		if n := x.Shape().TotalSize() / max(1, x.Shape()[1]); s.Mode() == Train && s.model.sealed && n < 2 {
			return nil, s.Errorf("%s: a batch must have more than one value for each channel to train, got shape %v", name, x.Shape())
		}
		channels := []int{x.Shape()[1]}
		gamma, beta, err := s.affine(channels)
		if err != nil {
			return nil, err
		}
		mean, err := s.State("running_mean", channels, Zeros)
		if err != nil {
			return nil, err
		}
		variance, err := s.State("running_var", channels, Ones)
		if err != nil {
			return nil, err
		}
		own := slices.Clone(opts)
		if s.Mode() != Train {
			own = append(own, nn.WithRunningStatistics())
		}
		y, err := nn.BatchNorm(x, gamma, beta, &nn.Running{Mean: mean, Variance: variance}, own...)
		return y, s.Wrap(err, name)
	})
}
