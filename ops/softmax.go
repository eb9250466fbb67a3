package ops

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Softmax returns exp(x) divided by its sum over the last axis, for x of float32
// or float64 and rank 1 or more. The largest element of each row is taken out
// first, so that nothing overflows. Where a row is -Inf throughout, or holds NaN
// or Inf, the result is NaN.
func Softmax(x *gorgonia.Node) (*gorgonia.Node, error) { return applySoftmax(x, false) }

// LogSoftmax returns the logarithm of Softmax, x - log(sum(exp(x))), without
// losing what is small. For classification SoftmaxCrossEntropy does it and the
// loss in one.
func LogSoftmax(x *gorgonia.Node) (*gorgonia.Node, error) { return applySoftmax(x, true) }

func applySoftmax(x *gorgonia.Node, log bool) (*gorgonia.Node, error) {
	f := softmax{log: log}
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
		if f.dims < 1 {
			return nil, errors.Errorf("ops: %s: x must have rank 1 or more, got shape %v", f.name(), x.Shape())
		}
	}
	return applyFunction(f, x)
}

// softmax is the softmax of each row, or its logarithm.
type softmax struct {
	dims int
	log  bool
}

func (f softmax) name() string {
	if f.log {
		return "LogSoftmax"
	}
	return "Softmax"
}

func (f softmax) String() string { return f.name() }
func (f softmax) rank() int      { return f.dims }
func (f softmax) inputs() []slot { return []slot{{"x", f.dims, floats}} }

func (f softmax) shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (f softmax) float32s(y []float32, in arguments[float32]) error { return softmaxRows(f, y, in) }
func (f softmax) float64s(y []float64, in arguments[float64]) error { return softmaxRows(f, y, in) }

// eachRow calls f for the bounds of each row along the last axis of a shape.
func eachRow(s tensor.Shape, f func(from, to int)) {
	width := s[len(s)-1]
	if width == 0 {
		return
	}
	ranges(size(s)/width, width, func(first, last int) {
		for r := first; r < last; r++ {
			f(r*width, (r+1)*width)
		}
	})
}

func softmaxRows[F float](f softmax, y []F, in arguments[F]) error {
	eachRow(in.shapes[0], func(from, to int) {
		row := in.floats[0][from:to]
		log := logSumExp(row)
		for i, v := range row {
			d := float64(v) - log
			if !f.log {
				d = math.Exp(d)
			}
			y[from+i] = F(d)
		}
	})
	return nil
}

func (f softmax) derive(c *calculus, _ []operand, y, dy operand) []operand {
	return []operand{c.of(softmaxDiff(f), y, dy)}
}

// softmaxDiff is the gradient of x from y and the gradient of y.
type softmaxDiff struct {
	dims int
	log  bool
}

func (f softmaxDiff) name() string   { return softmax(f).name() }
func (f softmaxDiff) String() string { return f.name() + "'" }
func (f softmaxDiff) rank() int      { return f.dims }

func (f softmaxDiff) inputs() []slot {
	return []slot{{"y", f.dims, floats}, {"gradient of y", f.dims, floats}}
}

func (f softmaxDiff) shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), sameShape(in[1], in[0], nil)
}

func (f softmaxDiff) float32s(dx []float32, in arguments[float32]) error {
	return softmaxDiffRows(f, dx, in)
}

func (f softmaxDiff) float64s(dx []float64, in arguments[float64]) error {
	return softmaxDiffRows(f, dx, in)
}

func softmaxDiffRows[F float](f softmaxDiff, dx []F, in arguments[F]) error {
	eachRow(in.shapes[0], func(from, to int) {
		y, dy := in.floats[0][from:to], in.floats[1][from:to]
		var total float64
		for i, g := range dy {
			if f.log {
				total += float64(g)
			} else {
				total += float64(g) * float64(y[i])
			}
		}
		for i, g := range dy {
			if f.log {
				dx[from+i] = F(float64(g) - math.Exp(float64(y[i]))*total)
			} else {
				dx[from+i] = F(float64(y[i]) * (float64(g) - total))
			}
		}
	})
	return nil
}

func (f softmaxDiff) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
