package ops

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// MaxNorm projects, in place, the weights of each unit onto the ball of radius
// c: where their L2 norm over all other axes exceeds c they are scaled down to
// it. axis is the axis of w that counts the units: 1 for the weights (inputs,
// outputs) of x·W, 0 for convolution filters (outputs, inputs, height, width).
//
// w is of float32 or float64 and row-major, c positive. Source: Srivastava et
// al., JMLR 15, 2014, section 5.1.
func MaxNorm(w *tensor.Dense, c float64, axis int) error {
	if !(c > 0) {
		return errors.Errorf("ops: MaxNorm: c must be positive, got %v", c)
	}
	if w == nil || axis < 0 || axis >= w.Dims() {
		return errors.Errorf("ops: MaxNorm: axis must be one of w's, got axis %d of %s", axis, describeDense(w))
	}
	if !rowMajor(w) {
		return errors.Errorf("ops: MaxNorm: w must be row-major, got strides %v for shape %v", w.Strides(), w.Shape())
	}
	switch w.Dtype() {
	case tensor.Float32:
		maxNorm(w.Float32s(), w.Shape(), c, axis)
	case tensor.Float64:
		maxNorm(w.Float64s(), w.Shape(), c, axis)
	default:
		return errors.Errorf("ops: MaxNorm: w must be of float32 or float64, got %v", w.Dtype())
	}
	return nil
}

func describeDense(d *tensor.Dense) string {
	if d == nil {
		return "no tensor"
	}
	return describe(d)
}

// maxNorm walks w in memory order, as outer x units x inner, twice.
func maxNorm[F float](w []F, shape tensor.Shape, c float64, axis int) {
	units, inner := shape[axis], size(shape[axis+1:])
	each := func(f func(unit int, run []F)) {
		for at := 0; at < len(w); at += inner {
			f(at/inner%units, w[at:at+inner])
		}
	}
	scale := make([]float64, units)
	each(func(unit int, run []F) {
		for _, x := range run {
			scale[unit] += float64(x) * float64(x)
		}
	})
	project := false
	for i, squares := range scale {
		scale[i] = 1
		if norm := math.Sqrt(squares); norm > c {
			scale[i] = c / norm
			project = true
		}
	}
	if !project {
		return
	}
	each(func(unit int, run []F) {
		if s := scale[unit]; s != 1 {
			for i, x := range run {
				run[i] = F(float64(x) * s)
			}
		}
	})
}
