package models

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// BatchNorm1dLayer normalizes each feature over the batch, for inputs (batch,
// features) or (batch, channels, length). Training graphs use the statistics of
// the batch, which must have more than one value for each feature; other graphs
// use the running ones. See [nn.BatchNorm].
//
// Parameters: weight (features), which starts at one, and bias (features), at
// zero. States: running_mean and running_var (features).
type BatchNorm1dLayer struct{ Options []nn.BatchNormOption }

// BatchNorm1d returns the layer that normalizes each feature over the batch.
func BatchNorm1d(opts ...nn.BatchNormOption) BatchNorm1dLayer {
	return BatchNorm1dLayer{Options: opts}
}

// Apply adds the normalization to the graph of x.
func (l BatchNorm1dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if x.Dims() != 2 && x.Dims() != 3 {
		return nil, s.Errorf("BatchNorm1d: input must have shape (batch, features) or (batch, channels, length), got %v", x.Shape())
	}
	return s.batchNorm("BatchNorm1d", x, l.Options)
}

// BatchNorm2dLayer is [BatchNorm1dLayer] for the channels of images, (batch,
// channels, height, width).
type BatchNorm2dLayer struct{ Options []nn.BatchNormOption }

// BatchNorm2d returns the layer that normalizes each channel of images over the
// batch.
func BatchNorm2d(opts ...nn.BatchNormOption) BatchNorm2dLayer {
	return BatchNorm2dLayer{Options: opts}
}

// Apply adds the normalization to the graph of x.
func (l BatchNorm2dLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if x.Dims() != 4 {
		return nil, s.Errorf("BatchNorm2d: input must have shape (batch, channels, height, width), got %v", x.Shape())
	}
	return s.batchNorm("BatchNorm2d", x, l.Options)
}

// batchNorm adds the normalization of each channel, the second axis of x.
func (s *Scope) batchNorm(name string, x *gorgonia.Node, opts []nn.BatchNormOption) (*gorgonia.Node, error) {
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
	y, err := nn.BatchNorm(x, gamma, beta, &nn.RunningStats{Mean: mean, Variance: variance}, own...)
	return y, s.Wrap(err, name)
}
