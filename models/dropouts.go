package models

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Dropout1d zeroes whole channels of (batch, channels, length) with probability p
// in training; see ops.Dropout1d. This and all other dropouts are nothing in
// evaluation; options come after the model's own, as with Dropout.
func Dropout1d(p float64, opts ...ops.Option) Layer {
	return dropout("Dropout1d", p, opts, ops.Dropout1d)
}

// Dropout2d zeroes whole channels of (batch, channels, height, width) with
// probability p in training; see ops.Dropout2d.
func Dropout2d(p float64, opts ...ops.Option) Layer {
	return dropout("Dropout2d", p, opts, ops.Dropout2d)
}

// Dropout3d zeroes whole channels of (batch, channels, depth, height, width) with
// probability p in training; see ops.Dropout3d.
func Dropout3d(p float64, opts ...ops.Option) Layer {
	return dropout("Dropout3d", p, opts, ops.Dropout3d)
}

// AlphaDropout sets units with probability p to the limit of SELU in training and
// keeps mean and variance, for networks of SELU; see ops.AlphaDropout.
func AlphaDropout(p float64, opts ...ops.Option) Layer {
	return dropout("AlphaDropout", p, opts, ops.AlphaDropout)
}

// FeatureAlphaDropout is AlphaDropout of whole channels; see
// ops.FeatureAlphaDropout.
func FeatureAlphaDropout(p float64, opts ...ops.Option) Layer {
	return dropout("FeatureAlphaDropout", p, opts, ops.FeatureAlphaDropout)
}

// GaussianDropout multiplies units by noise of mean 1 and variance p/(1-p) in
// training; see ops.GaussianDropout.
func GaussianDropout(p float64, opts ...ops.Option) Layer {
	return dropout("GaussianDropout", p, opts, ops.GaussianDropout)
}

// GaussianNoise adds normal noise of standard deviation sigma to units in training;
// see ops.GaussianNoise.
func GaussianNoise(sigma float64, opts ...ops.Option) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		if !(sigma >= 0) || math.IsInf(sigma, 1) {
			return nil, s.Errorf("GaussianNoise: sigma must be finite and not negative, got %v", sigma)
		}
		stream, ok := s.DropoutStream()
		if !ok || sigma == 0 && len(opts) == 0 {
			return x, nil
		}
		y, err := ops.GaussianNoise(x, sigma, append([]ops.Option{stream}, opts...)...)
		return y, s.Wrap(err, "GaussianNoise")
	})
}

// DropPath zeroes whole examples with probability p in training, as the last layer
// of a Residual; see ops.DropPath, and ops.DropPathRates for p by depth.
func DropPath(p float64, opts ...ops.Option) Layer {
	return dropout("DropPath", p, opts, ops.DropPath)
}

// DropBlock2d zeroes squares of side × side neighbours of images in training, about
// the share p of all; see ops.DropBlock2d.
func DropBlock2d(p float64, side int, opts ...ops.Option) Layer {
	l := dropout("DropBlock2d", p, opts, func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.DropBlock2d(x, p, side, opts...)
	})
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		// Checked where nothing is dropped too.
		if side < 1 {
			return nil, s.Errorf("DropBlock2d: side must be positive, got %d", side)
		}
		return l.Apply(s, x)
	})
}

// Batchwise zeroes the same units in all examples of a batch in training, each with
// probability p; see ops.Batchwise.
func Batchwise(p float64, opts ...ops.Option) Layer {
	return dropout("Batchwise", p, opts, ops.Batchwise)
}

// ExactK zeroes the same units in all examples of a batch in training, exactly the
// share p of them; see ops.ExactK.
func ExactK(p float64, opts ...ops.Option) Layer {
	return dropout("ExactK", p, opts, ops.ExactK)
}

// LockedDropout zeroes features of sequences (batch, time, features) with
// probability p in training, at all times alike; see ops.LockedDropout.
func LockedDropout(p float64, opts ...ops.Option) Layer {
	return dropout("LockedDropout", p, opts, func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.LockedDropout(x, p, 1, opts...)
	})
}

// TokenDropout zeroes whole tokens of (batch, time, features), such as an Embedding
// gives, with probability p in training; see ops.TokenDropout.
func TokenDropout(p float64, opts ...ops.Option) Layer {
	return dropout("TokenDropout", p, opts, ops.TokenDropout)
}

// AttentionDropout zeroes attention weights (batch, heads, queries, keys) with
// probability p in training; see ops.AttentionDropout.
func AttentionDropout(p float64, opts ...ops.Option) Layer {
	return dropout("AttentionDropout", p, opts, ops.AttentionDropout)
}

// WeightScalingDropout zeroes units with probability p in training and multiplies
// all by 1-p in evaluation, where the others do nothing; see
// ops.WeightScalingDropout.
func WeightScalingDropout(p float64, opts ...ops.MixOption) Layer {
	const name = "WeightScalingDropout"
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		stream, ok, err := s.dropoutStream(name, p)
		if err != nil {
			return nil, err
		}
		if !ok {
			stream = ops.WithStream(stream, ops.WithMode(ops.Inference))
		}
		y, err := ops.WeightScalingDropout(x, p, append([]ops.MixOption{stream}, opts...)...)
		return y, s.Wrap(err, name)
	})
}

// DropConnect is Linear whose weights, instead of units, are zeroed with
// probability p in training; see ops.DropConnect. Parameters are those of Linear.
func DropConnect(in, out int, p float64, opts ...ops.Option) Layer {
	return weightDropout("DropConnect", in, out, p, opts, ops.DropConnect)
}

// Shakeout is Linear whose inputs are dropped with probability p in training and
// leave a push of c against the signs of their weights behind; see ops.Shakeout.
// Parameters are those of Linear.
func Shakeout(in, out int, p, c float64, opts ...ops.Option) Layer {
	const name = "Shakeout"
	l := weightDropout(name, in, out, p, opts, func(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.Shakeout(w, p, c, opts...)
	})
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		// Checked in evaluation too, as p is.
		if !(c >= 0) || math.IsInf(c, 1) {
			return nil, s.Errorf("%s: c must be finite and not negative, got %v", name, c)
		}
		return l.Apply(s, x)
	})
}

// weightDropout is Linear with a dropout of its weights.
func weightDropout(name string, in, out int, p float64, opts []ops.Option,
	op func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)) Layer {
	l := &linear{in: in, out: out, init: HeNormal}
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		w, b, err := l.params(s, x)
		if err != nil {
			return nil, err
		}
		w, err = dropout(name, p, opts, op).Apply(s, w)
		if err != nil {
			return nil, err
		}
		y, err := nn.Dense(x, w, b, nn.ActivationNone)
		return y, s.Wrap(err, name)
	})
}
