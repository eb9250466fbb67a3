package nn

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// Concat returns a and b, of shapes (..., A) and (..., B), joined along the last
// axis: shape (..., A+B). Both have rank 2 or more and are float32, or both
// float64.
func Concat(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	f := concat{dims: 2}
	if a != nil {
		if f.dims = a.Dims(); f.dims < 2 {
			return nil, errors.Errorf("nn: Concat: a must have rank 2 or more, got shape %v", a.Shape())
		}
	}
	return apply(f, a, b)
}

// concat :: (..., A) a → (..., B) a → (..., A+B) a
type concat struct{ dims int }

func (concat) Name() string   { return "Concat" }
func (concat) String() string { return "Concat" }
func (f concat) Rank() int    { return f.dims }
func (concat) Role() op.Role  { return op.RoleOther }

func (f concat) Inputs() []op.Input {
	return []op.Input{{Name: "a", Rank: f.dims}, {Name: "b", Rank: f.dims}}
}

func (f concat) Shape(in []tensor.Shape) (tensor.Shape, error) {
	last := f.dims - 1
	if !in[1][:last].Eq(in[0][:last]) {
		return nil, errors.Errorf("b must have the shape of a but for the last axis, %v, got %v", in[0], in[1])
	}
	y := in[0].Clone()
	y[last] += in[1][last]
	return y, op.NotEmpty("a", in[0])
}

func (f concat) Loops() op.Loops { return op.LoopsOf(join, join) }

func join[F op.Float](y []F, in op.Args[F]) error {
	a, b := in.Floats[0], in.Floats[1]
	first, second := lastOf(in.Shapes[0]), lastOf(in.Shapes[1])
	for len(y) > 0 {
		copy(y, a[:first])
		copy(y[first:], b[:second])
		y, a, b = y[first+second:], a[first:], b[second:]
	}
	return nil
}

// lastOf returns the size of the last axis.
func lastOf(s tensor.Shape) int { return s[len(s)-1] }

func (f concat) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	a, b := op.ShapeOf(x[0]), op.ShapeOf(x[1])
	if len(a) != f.dims || len(b) != f.dims {
		return c.Stop()
	}
	first, second := lastOf(a), lastOf(b)
	return []op.Operand{c.Of(columns{f.dims, 0, first}, dy), c.Of(columns{f.dims, first, first + second}, dy)}
}

// columns :: (..., A) a → (..., to-from) a
type columns struct{ dims, from, to int }

func (columns) Name() string     { return "Concat" }
func (f columns) String() string { return fmt.Sprintf("Concat'{%d %d}", f.from, f.to) }
func (f columns) Rank() int      { return f.dims }

func (f columns) Inputs() []op.Input { return []op.Input{{Name: "gradient of y", Rank: f.dims}} }

func (f columns) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if lastOf(in[0]) < f.to {
		return nil, errors.Errorf("gradient of y must have at least %d columns, got shape %v", f.to, in[0])
	}
	y := in[0].Clone()
	y[f.dims-1] = f.to - f.from
	return y, nil
}

func (f columns) Loops() op.Loops { return op.Bind(f, takeColumns, takeColumns) }

func takeColumns[F op.Float](f columns, y []F, in op.Args[F]) error {
	each := lastOf(in.Shapes[0])
	for x := in.Floats[0]; len(x) > 0; x = x[each:] {
		y = y[copy(y, x[f.from:f.to]):]
	}
	return nil
}

func (f columns) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != f.dims {
		return c.Stop()
	}
	return []op.Operand{c.Of(padColumns{f, lastOf(s)}, dy)}
}

// padColumns is the gradient of columns: zeros around them.
type padColumns struct {
	columns
	all int
}

func (f padColumns) String() string { return fmt.Sprintf("Concat''{%d %d %d}", f.from, f.to, f.all) }

func (f padColumns) Shape(in []tensor.Shape) (tensor.Shape, error) {
	y := in[0].Clone()
	y[f.dims-1] = f.all
	return y, nil
}

func (f padColumns) Loops() op.Loops { return op.Bind(f, putColumns, putColumns) }

func putColumns[F op.Float](f padColumns, y []F, in op.Args[F]) error {
	clear(y)
	for x := in.Floats[0]; len(x) > 0; y = y[f.all:] {
		x = x[copy(y[f.from:f.to], x):]
	}
	return nil
}

func (f padColumns) Derive(c *op.Calculus, _ []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(f.columns, dy)}
}
