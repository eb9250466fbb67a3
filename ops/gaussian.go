package ops

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// GaussianDropout multiplies each element of x by independent noise, normally
// distributed with mean 1 and variance p/(1-p), like the factors of [Dropout].
// At inference x passes unchanged.
//
// x is a float32 or float64 node of any shape. p is in [0, 1) and is not
// rounded. Anything else is an error, p = 1 too, because the variance would be
// infinite. No element is dropped: NaN stays NaN. Gradients are multiplied by
// the same noise; the op is its own derivative with respect to x.
//
// Srivastava et al. write p for the keep probability: their sigma^2 = (1-p)/p
// is p/(1-p) here. For a given sigma^2 use p = sigma^2/(1+sigma^2).
//
// Like masks, the noise is a pure function of seed, layer and step. Element i
// of the mask, in row-major order, has group g = i/32 and position e = i%32,
// and u is word e/8 of Philox block 8g + e%8. The factor is 1 +
// sqrt(p/(1-p))*z, where z is the standard normal quantile at (u+1/2)/2^32 by
// algorithm AS 241 (PPND7), with a relative error below 2e-7 and every
// operation rounded to float64 on its own. The factors have the same bits on
// all machines; |z| is at most 6.34.
//
// Source: Srivastava et al., JMLR 15, 2014, section 10.
func GaussianDropout(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{name: "GaussianDropout", distribution: gaussian{}}.apply(x, p, opts)
}

type gaussian struct{}

func (gaussian) check(p float64) error {
	if !(p >= 0 && p < 1) {
		return errors.Errorf("p must be in [0, 1), got %v", p)
	}
	return nil
}

func (gaussian) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	return mask.Gaussian(l, s, gaussianSigma(p))
}

// gaussianSigma returns the standard deviation of the noise at a rate.
func gaussianSigma(p float64) float64 { return math.Sqrt(p / (1 - p)) }

func (k gaussian) derivative() distribution { return k }
func (gaussian) String() string             { return "" }
