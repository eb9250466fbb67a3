package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// GaussianNoise adds independent noise to each element of x, normally
// distributed with mean 0 and standard deviation sigma: x + sigma*z. It is not
// dropout, but dropout is often compared or combined with it, mostly at the
// inputs. At inference x passes unchanged.
//
// x is a float32 or float64 node of any shape. sigma is finite and not
// negative, in the units of x; a rate given by [WithRate] or [WithRateNode]
// multiplies it. NaN stays NaN. The gradient passes unchanged.
//
// The noise is the z of [GaussianDropout], a pure function of seed, layer and
// step with the same bits on all machines.
//
// Source: Sietsma and Dow, "Creating artificial neural networks that generalize",
// Neural Networks 4, 1991; Bishop, "Training with noise is equivalent to Tikhonov
// regularization", Neural Computation 7, 1995.
func GaussianNoise(x *gorgonia.Node, sigma float64, opts ...Option) (*gorgonia.Node, error) {
	if !(sigma >= 0) || math.IsInf(sigma, 1) {
		return nil, errors.Errorf("ops: GaussianNoise: sigma must be finite and not negative, got %v", sigma)
	}
	return dropout{name: "GaussianNoise", distribution: addedNoise{sigma: sigma}, noise: true}.apply(x, 1, opts)
}

// addedNoise is the distribution of GaussianNoise, where the rate is a multiple
// of sigma; its derivative is the identity.
type addedNoise struct {
	probability
	sigma float64
}

func (k addedNoise) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	if k.sigma == 0 {
		return mask.Identity{}
	}
	return mask.AddedGaussian(l, s, k.sigma*p)
}

func (addedNoise) derivative() distribution { return unchanged{} }
func (k addedNoise) String() string         { return fmt.Sprintf("sigma=%v, ", k.sigma) }

// unchanged is the derivative of a distribution that adds what does not depend
// on x.
type unchanged struct{ probability }

func (unchanged) draw(mask.Layout, drop.Stream, float64) mask.Mask { return mask.Identity{} }
func (k unchanged) derivative() distribution                       { return k }
func (unchanged) String() string                                   { return "d/dx, " }
