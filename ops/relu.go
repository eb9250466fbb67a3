package ops

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ReLU returns max(x, 0) for each element of x, of float32 or float64 and any
// shape. The gradient is that of y where x > 0 and 0 elsewhere, at 0 too. NaN
// stays NaN, and -Inf becomes 0, unlike in gorgonia.Rectify, which multiplies by
// a comparison.
func ReLU(x *gorgonia.Node) (*gorgonia.Node, error) {
	var f relu
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
	}
	return applyFunction(f, x)
}

// relu is the positive part of every element.
type relu struct{ dims int }

func (f relu) name() string   { return "ReLU" }
func (f relu) String() string { return "ReLU" }
func (f relu) rank() int      { return f.dims }
func (f relu) inputs() []slot { return []slot{{"x", f.dims, floats}} }

func (f relu) shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (f relu) float32s(y []float32, in arguments[float32]) error { return rectify(y, in.floats[0]) }
func (f relu) float64s(y []float64, in arguments[float64]) error { return rectify(y, in.floats[0]) }

func rectify[F float](y, x []F) error {
	ranges(len(y), 1, func(from, to int) {
		y, x := y[from:to], x[from:to]
		for i := range y {
			y[i] = max(x[i], 0)
		}
	})
	return nil
}

func (f relu) derive(c *calculus, _ []operand, y, dy operand) []operand {
	return []operand{c.of(reluDiff(f), y, dy)}
}

// reluDiff is the gradient of x from y, which is positive where x is, and the
// gradient of y. It is linear in that and its own derivative.
type reluDiff struct{ dims int }

func (f reluDiff) name() string   { return "ReLU" }
func (f reluDiff) String() string { return "ReLU'" }
func (f reluDiff) rank() int      { return f.dims }

func (f reluDiff) inputs() []slot {
	return []slot{{"y", f.dims, constants}, {"gradient of y", f.dims, floats}}
}

func (f reluDiff) shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), sameShape(in[1], in[0], nil)
}

func (f reluDiff) float32s(dx []float32, in arguments[float32]) error { return unrectify(dx, in) }
func (f reluDiff) float64s(dx []float64, in arguments[float64]) error { return unrectify(dx, in) }

func unrectify[F float](dx []F, in arguments[F]) error {
	ranges(len(dx), 1, func(from, to int) {
		dx, y, dy := dx[from:to], in.floats[0][from:to], in.floats[1][from:to]
		for i := range dx {
			// Signs are as good as random: a jump would be guessed wrong every
			// other time, a choice from a pair is none.
			choice, positive := [2]F{0, dy[i]}, 0
			if !(y[i] <= 0) {
				positive = 1
			}
			dx[i] = choice[positive]
		}
	})
	return nil
}

func (f reluDiff) derive(c *calculus, x []operand, _, ddx operand) []operand {
	return []operand{nil, c.of(f, x[0], ddx)}
}
