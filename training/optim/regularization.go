package optim

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Regularization has the settings that all solvers share. Each is off at 0 and
// must be finite and not negative.
type Regularization struct {
	// WeightDecay adds WeightDecay*w to the gradient of w, the derivative of
	// the penalty WeightDecay/2*|w|^2. Only [AdamW] decouples it: there w is
	// scaled by 1-LR*WeightDecay before the update (Loshchilov and Hutter,
	// "Decoupled weight decay regularization", 2019).
	WeightDecay float64

	// L1 adds L1*sign(w) to the gradient of w, the derivative of the penalty
	// L1*|w|, with sign(0) = 0.
	L1 float64

	// MaxNorm bounds the L2 norm of the weights into each unit, by projection
	// after the update (Srivastava et al., "Dropout: a simple way to prevent
	// neural networks from overfitting", JMLR 15, 2014, section 5.1). The paper
	// bounds weights that are multiplied by the keep probability at test time.
	// With inverted dropout, where they have their final size from the start,
	// its bound c becomes c times the keep probability of the layer's inputs.
	//
	// In a matrix of shape (inputs, outputs), used as x·W, the units are the
	// columns; in tensors of rank 4, convolution filters of shape (outputs,
	// inputs, height, width), they lie along axis 0. Other ranks are not
	// bounded. A parameter with a method UnitAxis() int decides for itself.
	MaxNorm float64

	// ClipValue bounds the absolute value of each element of the gradients.
	ClipValue float64

	// ClipNorm bounds the L2 norm of all gradients taken as one vector: if it
	// is larger they are multiplied by ClipNorm/norm (Pascanu et al., "On the
	// difficulty of training recurrent neural networks", 2013). PyTorch's
	// clip_grad_norm_ divides by norm+1e-6 instead. The norm is summed in
	// float64.
	ClipNorm float64
}

// SetWeightDecay sets WeightDecay.
func (r *Regularization) SetWeightDecay(decay float64) { r.WeightDecay = decay }

func (r *Regularization) validate(where string) error {
	for _, s := range [...]setting{
		{"WeightDecay", r.WeightDecay},
		{"L1", r.L1},
		{"MaxNorm", r.MaxNorm},
		{"ClipValue", r.ClipValue},
		{"ClipNorm", r.ClipNorm},
	} {
		if err := s.notNegative(where); err != nil {
			return err
		}
	}
	return nil
}

// unitAxis returns the axis of shape that counts units for MaxNorm, -1 if there
// is none; parameter is the gorgonia.ValueGrad with that shape.
func unitAxis(parameter any, shape tensor.Shape) (int, error) {
	if p, ok := parameter.(interface{ UnitAxis() int }); ok {
		axis := p.UnitAxis()
		if axis < -1 || axis >= len(shape) {
			return 0, errors.Errorf("UnitAxis must be in [-1, %d), got %d", len(shape), axis)
		}
		return axis, nil
	}
	switch len(shape) {
	case 2:
		return 1, nil
	case 4:
		return 0, nil
	}
	return -1, nil
}

// penalized reports whether WeightDecay and L1 apply to a parameter.
func penalized(parameter any) bool {
	p, ok := parameter.(interface{ NoDecay() bool })
	return !ok || !p.NoDecay()
}

// setting is a named number to be checked.
type setting struct {
	name  string
	value float64
}

func (s setting) notNegative(where string) error {
	if !(s.value >= 0) || math.IsInf(s.value, 1) {
		return errors.Errorf("optim: %s: %s must be finite and not negative, got %v", where, s.name, s.value)
	}
	return nil
}

func (s setting) belowOne(where string) error {
	if !(s.value >= 0 && s.value < 1) {
		return errors.Errorf("optim: %s: %s must be in [0, 1), got %v", where, s.name, s.value)
	}
	return nil
}

// Zero stands for 0 in settings of solvers where 0, a field that was left out,
// stands for a default: Adam{Beta1: Zero} has no first moment. It is the
// smallest positive float64, which is of no use otherwise.
const Zero = math.SmallestNonzeroFloat64

// orDefault returns value, or def if value is zero, or 0 if it is Zero.
func orDefault(value, def float64) float64 {
	switch value {
	case 0:
		return def
	case Zero:
		return 0
	}
	return value
}
