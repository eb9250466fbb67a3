package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// MSE returns the mean squared error:
//
//	loss = mean over i of (x[i] - target[i])^2
//
// x and target are nodes of float32 or float64, of the same shape, of rank 1 or
// more: shapes are not broadcast. The result is a scalar of their type, unless
// an option says otherwise. Gradients flow into both. It is PyTorch's MSELoss.
func MSE(x, target *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	return applyLoss(mse{}, reductionOf(opts), x, target)
}

// mse :: x → target → loss
type mse struct{ plainLoss }

func (mse) Name() string       { return "MSE" }
func (mse) inputs() []op.Input { return valueAndTarget() }

func (mse) value(p point) float64 {
	d := p.x[0] - p.x[1]
	return d * d
}

func (mse) slope(p point, by int) float64 { return towards(by, 2*(p.x[0]-p.x[1])) }

// valueAndTarget are the inputs of the regression losses.
func valueAndTarget() []op.Input { return []op.Input{{Name: "x"}, {Name: "target"}} }

// towards returns the derivative with respect to x or target of a function of x
// - target whose derivative is d.
func towards(by int, d float64) float64 {
	if by == 1 {
		return -d
	}
	return d
}
