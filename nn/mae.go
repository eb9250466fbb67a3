package nn

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// MAE returns the mean absolute error, also called the L1 loss:
//
//	loss = mean over i of |x[i] - target[i]|
//
// Its gradient is 0 where x is the target. For the inputs and the result see
// [MSE]. It is PyTorch's L1Loss.
func MAE(x, target *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	return applyLoss(mae{}, reductionOf(opts), x, target)
}

// mae :: x → target → loss
type mae struct{ plainLoss }

func (mae) Name() string          { return "MAE" }
func (mae) inputs() []op.Input    { return valueAndTarget() }
func (mae) value(p point) float64 { return math.Abs(p.x[0] - p.x[1]) }

func (mae) slope(p point, by int) float64 { return towards(by, sign(p.x[0]-p.x[1])) }

// sign returns -1, 0 or 1 with the sign of x, and NaN for NaN.
func sign(x float64) float64 {
	if x == 0 || x != x {
		return x
	}
	return math.Copysign(1, x)
}
