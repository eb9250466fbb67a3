package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Softmax returns exp(x) divided by its sum over the last axis, for float32 or
// float64 x of rank 1 or more. The largest element of each row is subtracted
// first, so that nothing overflows. If all of a row is -Inf, or it has NaN or
// +Inf, its result is NaN.
func Softmax(x *gorgonia.Node) (*gorgonia.Node, error) { return applySoftmax(x, false) }

// LogSoftmax returns the logarithm of [Softmax], x - log(sum(exp(x))), without
// losing small terms. For classification [SoftmaxCrossEntropy] computes it and
// the loss in one op.
func LogSoftmax(x *gorgonia.Node) (*gorgonia.Node, error) { return applySoftmax(x, true) }

func applySoftmax(x *gorgonia.Node, log bool) (*gorgonia.Node, error) {
	f := softmax{log: log}
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
		if f.dims < 1 {
			return nil, errors.Errorf("nn: %s: x must have rank 1 or more, got shape %v", f.Name(), x.Shape())
		}
	}
	return apply(f, x)
}

// softmax computes the softmax of each row, or its logarithm.
type softmax struct {
	dims int
	log  bool
}

func (f softmax) Name() string {
	if f.log {
		return "LogSoftmax"
	}
	return "Softmax"
}

func (f softmax) String() string     { return f.Name() }
func (f softmax) Rank() int          { return f.dims }
func (f softmax) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

func (f softmax) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (f softmax) Role() op.Role { return op.RoleSoftmax }

func (f softmax) Loops() op.Loops { return op.Bind(f, softmaxRows, softmaxRows) }

// eachRow calls f for the bounds of each row along the last axis of a shape.
func eachRow(s tensor.Shape, f func(from, to int)) {
	width := s[len(s)-1]
	if width == 0 {
		return
	}
	parallel.Ranges(op.Size(s)/width, width, func(first, last int) {
		for r := first; r < last; r++ {
			f(r*width, (r+1)*width)
		}
	})
}

func softmaxRows[F op.Float](f softmax, y []F, in op.Args[F]) error {
	eachRow(in.Shapes[0], func(from, to int) {
		row, y := in.Floats[0][from:to], y[from:to]
		log := logSumExp(row)
		if f.log {
			for i, v := range row {
				y[i] = F(float64(v) - log)
			}
			return
		}
		var memory [some]float64
		for len(row) > 0 {
			e := expsLess(&memory, row, log)
			for i, v := range e {
				y[i] = F(v)
			}
			row, y = row[len(e):], y[len(e):]
		}
	})
	return nil
}

func (f softmax) Derive(c *op.Calculus, _ []op.Operand, y, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(softmaxDiff{f}, y, dy)}
}

// softmaxDiff computes the gradient of x from y and the gradient of y.
type softmaxDiff struct {
	softmax
}

func (f softmaxDiff) String() string { return f.Name() + "'" }

func (f softmaxDiff) Inputs() []op.Input {
	return []op.Input{{Name: "y", Rank: f.dims}, {Name: "gradient of y", Rank: f.dims}}
}

func (f softmaxDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), op.SameShape(in[1], in[0], nil)
}

func (f softmaxDiff) Loops() op.Loops { return op.Bind(f, softmaxDiffRows, softmaxDiffRows) }

func softmaxDiffRows[F op.Float](f softmaxDiff, dx []F, in op.Args[F]) error {
	eachRow(in.Shapes[0], func(from, to int) {
		y, dy := in.Floats[0][from:to], in.Floats[1][from:to]
		var total float64
		for i, g := range dy {
			if f.log {
				total += float64(g)
			} else {
				total += float64(float64(g) * float64(y[i]))
			}
		}
		if !f.log {
			for i, g := range dy {
				dx[from+i] = F(float64(y[i]) * (float64(g) - total))
			}
			return
		}
		var memory [some]float64
		for len(dy) > 0 {
			p := expsLess(&memory, y, 0)
			for i, p := range p {
				dx[from+i] = F(float64(dy[i]) - float64(p*total))
			}
			from, y, dy = from+len(p), y[len(p):], dy[len(p):]
		}
	})
	return nil
}

func (f softmaxDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (softmaxDiff) Role() op.Role { return op.RoleOther }
