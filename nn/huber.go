package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// Huber returns the mean of a loss that is quadratic up to an error of delta
// and linear above it, so that outliers have less influence than in [MSE]. With
// d = |x[i] - target[i]|, the loss of an element is
//
//	d^2/2               where d <= delta
//	delta*(d - delta/2) elsewhere
//
// delta must be positive and finite; for the inputs and the result see MSE. It
// is PyTorch's HuberLoss, and delta times its SmoothL1Loss.
//
// Source: Huber, "Robust Estimation of a Location Parameter", 1964.
func Huber(x, target *gorgonia.Node, delta float64, opts ...LossOption) (*gorgonia.Node, error) {
	if !(delta > 0) || math.IsInf(delta, 1) {
		return nil, errors.Errorf("nn: Huber: delta must be positive and finite, got %v", delta)
	}
	return applyLoss(huber{delta: delta}, reductionOf(opts), x, target)
}

// huber :: x → target → loss
type huber struct {
	plainLoss
	delta float64
}

func (huber) Name() string       { return "Huber" }
func (huber) inputs() []op.Input { return valueAndTarget() }

func (f huber) settings() string { return fmt.Sprintf("delta=%v", f.delta) }

func (f huber) value(p point) float64 {
	d := math.Abs(p.x[0] - p.x[1])
	if d > f.delta {
		return f.delta * (d - float64(f.delta/2))
	}
	return d * d / 2
}

func (f huber) slope(p point, by int) float64 {
	return towards(by, min(max(p.x[0]-p.x[1], -f.delta), f.delta))
}
