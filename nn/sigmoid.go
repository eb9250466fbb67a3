package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Sigmoid returns 1/(1+exp(-x)) for each element of x, a float32 or float64 node
// of any shape. Its bits are the same on all platforms, unlike those of
// [gorgonia.Sigmoid]. In float32 results below the smallest normal number may be
// 0.
func Sigmoid(x *gorgonia.Node) (*gorgonia.Node, error) {
	var f sigmoidOf
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
	}
	return apply(f, x)
}

// sigmoidOf computes the sigmoid of every element.
type sigmoidOf struct{ dims int }

func (f sigmoidOf) Name() string       { return "Sigmoid" }
func (f sigmoidOf) String() string     { return "Sigmoid" }
func (f sigmoidOf) Rank() int          { return f.dims }
func (f sigmoidOf) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

func (f sigmoidOf) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (sigmoidOf) Role() op.Role { return op.RoleUnary }

func (f sigmoidOf) Loops() op.Loops { return op.LoopsOf(squash, squash) }

// squashCost is how many elements of a copy take as long as one sigmoid.
const squashCost = 8

func squash[F op.Float](y []F, in op.Args[F]) error {
	parallel.Ranges(len(y), squashCost, func(from, to int) {
		copy(y[from:to], in.Floats[0][from:to])
		elementary.Sigmoid(y[from:to])
	})
	return nil
}

func (f sigmoidOf) Derive(c *op.Calculus, _ []op.Operand, y, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(sigmoidDiff(f), y, dy)}
}

// sigmoidDiff computes the gradient of x, y(1-y)·dy, from y and the gradient of y.
type sigmoidDiff struct{ dims int }

func (f sigmoidDiff) Name() string   { return "Sigmoid" }
func (f sigmoidDiff) String() string { return "Sigmoid'" }
func (f sigmoidDiff) Rank() int      { return f.dims }

func (f sigmoidDiff) Inputs() []op.Input {
	return []op.Input{{Name: "y", Rank: f.dims}, {Name: "gradient of y", Rank: f.dims}}
}

func (f sigmoidDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), op.SameShape(in[1], in[0], nil)
}

func (f sigmoidDiff) Loops() op.Loops { return op.LoopsOf(squashBack, squashBack) }

func squashBack[F op.Float](dx []F, in op.Args[F]) error {
	parallel.Ranges(len(dx), 1, func(from, to int) {
		dx, y, dy := dx[from:to], in.Floats[0][from:to], in.Floats[1][from:to]
		for i := range dx {
			dx[i] = y[i] * (1 - y[i]) * dy[i]
		}
	})
	return nil
}

func (f sigmoidDiff) Derive(c *op.Calculus, x []op.Operand, _, ddx op.Operand) []op.Operand {
	return []op.Operand{c.Of(sigmoidBend{dims: f.dims}, x[0], x[1], ddx), c.Of(f, x[0], ddx)}
}

// sigmoidBend computes the gradient of y in [sigmoidDiff], (1-2y)·dy·ddx, from y,
// the gradient of y and that of the result.
type sigmoidBend struct {
	op.NotDifferentiable
	dims int
}

func (f sigmoidBend) Name() string   { return "Sigmoid" }
func (f sigmoidBend) String() string { return "Sigmoid''" }
func (f sigmoidBend) Rank() int      { return f.dims }

func (f sigmoidBend) Inputs() []op.Input {
	return []op.Input{{Name: "y", Rank: f.dims}, {Name: "gradient of y", Rank: f.dims}, {Name: "gradient of gradient", Rank: f.dims}}
}

func (f sigmoidBend) Shape(in []tensor.Shape) (tensor.Shape, error) {
	for _, s := range in[1:] {
		if !s.Eq(in[0]) {
			return nil, errors.Errorf("gradients must have shape %v of y, got %v", in[0], s)
		}
	}
	return in[0].Clone(), nil
}

func (f sigmoidBend) Loops() op.Loops { return op.LoopsOf(squashBend, squashBend) }

func squashBend[F op.Float](d []F, in op.Args[F]) error {
	parallel.Ranges(len(d), 1, func(from, to int) {
		d, y, dy, ddx := d[from:to], in.Floats[0][from:to], in.Floats[1][from:to], in.Floats[2][from:to]
		for i := range d {
			d[i] = (1 - F(2*y[i])) * dy[i] * ddx[i]
		}
	})
	return nil
}
