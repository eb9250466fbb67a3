package ops

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// GaussianDropout multiplies each element of x by noise of its own, normally
// distributed with mean 1 and variance p/(1-p), the mean and the variance that
// the factors of Dropout have. Nothing is rescaled at inference, where x passes
// unchanged.
//
// x is a float32 or float64 node of any shape. p is at least 0 and below 1: at
// p = 1 the variance would be infinite, so that is an error, as anything outside
// is. p is not rounded. No element is dropped: NaN stays NaN. Gradients are
// multiplied by the same noise, and the op is its own derivative with respect
// to x.
//
// Srivastava et al. write p for the keep probability: their sigma^2 = (1-p)/p is
// this p/(1-p). For a given sigma^2 use p = sigma^2/(1+sigma^2).
//
// The noise is a pure function, as masks are. Element i, in row-major order, of
// the mask has group g = i/32 and place e = i%32; u is word e/8 of Philox block
// 8g + e%8; the factor is 1 + sqrt(p/(1-p))*z, z being the standard normal
// quantile at (u+1/2)/2^32 by algorithm AS 241 (PPND7), of relative error below
// 2e-7, with every operation rounded to float64 by itself. The factors are the
// same bits on all machines; |z| is at most 6.34.
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
	return mask.Gaussian(l, s, math.Sqrt(p/(1-p)))
}

func (k gaussian) derivative() distribution { return k }
func (gaussian) String() string             { return "" }
