package nn

import (
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ReLU returns max(x, 0) for each element of x, a float32 or float64 node of
// any shape. The gradient is that of y where x > 0 and 0 elsewhere, including
// at 0. NaN stays NaN, and -Inf becomes 0, unlike in [gorgonia.Rectify], which
// multiplies by a comparison.
func ReLU(x *gorgonia.Node) (*gorgonia.Node, error) {
	var f relu
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
	}
	return apply(f, x)
}

// relu computes the positive part of every element.
type relu struct{ dims int }

func (f relu) Name() string       { return "ReLU" }
func (f relu) String() string     { return "ReLU" }
func (f relu) Rank() int          { return f.dims }
func (f relu) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

func (f relu) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (relu) Role() op.Role { return op.RoleUnary }

func (f relu) Loops() op.Loops { return op.LoopsOf(rectify, rectify) }

func rectify[F op.Float](y []F, in op.Args[F]) error {
	parallel.Ranges(len(y), 1, func(from, to int) {
		y, x := y[from:to], in.Floats[0][from:to]
		for i := range y {
			y[i] = max(x[i], 0)
		}
	})
	return nil
}

func (f relu) Derive(c *op.Calculus, _ []op.Operand, y, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(reluDiff(f), y, dy)}
}

// reluDiff computes the gradient of x from y, which is positive where x is, and
// the gradient of y. It is linear in the latter, and its own derivative.
type reluDiff struct{ dims int }

func (f reluDiff) Name() string   { return "ReLU" }
func (f reluDiff) String() string { return "ReLU'" }
func (f reluDiff) Rank() int      { return f.dims }

func (f reluDiff) Inputs() []op.Input {
	return []op.Input{{Name: "y", Rank: f.dims, Of: op.Constants}, {Name: "gradient of y", Rank: f.dims}}
}

func (f reluDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), op.SameShape(in[1], in[0], nil)
}

func (f reluDiff) Loops() op.Loops { return op.LoopsOf(unrectify, unrectify) }

func unrectify[F op.Float](dx []F, in op.Args[F]) error {
	parallel.Ranges(len(dx), 1, func(from, to int) {
		dx, y, dy := dx[from:to], in.Floats[0][from:to], in.Floats[1][from:to]
		for i := range dx {
			// Signs are effectively random, so a branch would mispredict every
			// other time; choosing from a pair needs none.
			choice, positive := [2]F{0, dy[i]}, 0
			if !(y[i] <= 0) {
				positive = 1
			}
			dx[i] = choice[positive]
		}
	})
	return nil
}

func (f reluDiff) Derive(c *op.Calculus, x []op.Operand, _, ddx op.Operand) []op.Operand {
	return []op.Operand{nil, c.Of(f, x[0], ddx)}
}
