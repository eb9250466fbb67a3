package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// Shakeout is dropout of the inputs of a linear layer that does not zero the
// weights but pushes them by a constant. It is applied to the layer's weights
// w, of shape (inputs, outputs). With probability p an input is dropped and its
// weights become -c*sgn(w); those of the other inputs become
//
//	(w + c*p*sgn(w))/(1-p)
//
// so that the mean is unchanged. Dropout acts like an L2 penalty on the
// weights, Shakeout like L1 and L2 together; c = 0 is dropout of the inputs. At
// inference w passes unchanged. One mask serves the whole batch, as in
// [DropConnect].
//
// w is a float32 or float64 node. p is in [0, 1) and is rounded to a multiple
// of 1/65536; a p that rounds to 1 is an error. c is finite, not negative, and
// of the magnitude of the weights. At p = 0 w passes unchanged. Zero weights
// stay zero and NaN stays NaN. The gradient is that of dropout, since the sign
// is constant except at zero: weights of dropped inputs get none. The op can be
// differentiated any number of times.
//
// Source: Kang, Li and Tao, "Shakeout: A New Regularized Deep Neural Network
// Training Scheme", AAAI 2016.
func Shakeout(w *gorgonia.Node, p, c float64, opts ...Option) (*gorgonia.Node, error) {
	if !(c >= 0) || math.IsInf(c, 1) {
		return nil, errors.Errorf("ops: Shakeout: c must be finite and not negative, got %v", c)
	}
	return dropout{
		name: "Shakeout", distribution: shakeout{c}, shape: "(inputs, outputs)", min: 2, max: 2,
		shares: func(axis int) bool { return axis == 1 },
	}.apply(w, p, opts)
}

// shakeout is the distribution of Shakeout; its derivative is that of dropout.
type shakeout struct{ c float64 }

func (shakeout) check(p float64) error {
	if !(p >= 0) || drop.Threshold(p) >= drop.Always {
		return errors.Errorf("p must be in [0, 1), got %v", p)
	}
	return nil
}

func (k shakeout) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	t := drop.Threshold(p)
	if t == 0 {
		return mask.Identity{}
	}
	scale := drop.Scale(t)
	return mask.Signed{Layout: l, Bits: mask.Draw(l, s, t), Scale: scale, Kept: k.c * (scale - 1), Dropped: k.c}
}

func (shakeout) derivative() distribution { return bernoulli{} }
func (k shakeout) String() string         { return fmt.Sprintf("c=%v, ", k.c) }
