package nn

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// AddPositions adds row t of positions, of shape (M, D), to element t of each
// sequence in x, of shape (N, T, D) with T at most M: learned positional
// embeddings (Gehring et al., "Convolutional Sequence to Sequence Learning",
// ICML 2017, section 3.1). Both are float32, or both float64.
func AddPositions(x, positions *gorgonia.Node) (*gorgonia.Node, error) {
	return apply(addPositions{}, x, positions)
}

// addPositions :: (N, T, D) a → (M, D) a → (N, T, D) a
type addPositions struct{}

func (addPositions) Name() string   { return "AddPositions" }
func (addPositions) String() string { return "AddPositions" }
func (addPositions) Rank() int      { return 3 }
func (addPositions) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: 3}, {Name: "positions", Rank: 2}}
}

func (addPositions) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	if w[0] < x[1] || w[1] != x[2] {
		return nil, errors.Errorf("positions must have shape (%d or more, %d) for x of shape %v, got %v", x[1], x[2], x, w)
	}
	return x.Clone(), op.NotEmpty("x", x)
}

func (addPositions) Role() op.Role { return op.RoleBinary }

func (addPositions) Loops() op.Loops { return op.LoopsOf(addRows, addRows) }

func addRows[F op.Float](y []F, in op.Args[F]) error {
	each := in.Shapes[0][1] * in.Shapes[0][2]
	w := in.Floats[1][:each]
	parallel.Ranges(in.Shapes[0][0], each, func(from, to int) {
		for n := from; n < to; n++ {
			x, y := in.Floats[0][n*each:(n+1)*each], y[n*each:(n+1)*each]
			for i, v := range w {
				y[i] = x[i] + v
			}
		}
	})
	return nil
}

func (f addPositions) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[1])
	if len(s) != 2 {
		return c.Stop()
	}
	return []op.Operand{dy, c.Of(sumPositions{s[0]}, dy)}
}

// sumPositions :: (N, T, D) a → (M, D) a
//
// It computes the sum over the examples, and 0 for rows that no element uses.
type sumPositions struct{ rows int }

func (f sumPositions) Name() string       { return "AddPositions" }
func (f sumPositions) String() string     { return fmt.Sprintf("AddPositions'{%d}", f.rows) }
func (f sumPositions) Rank() int          { return 2 }
func (f sumPositions) Inputs() []op.Input { return []op.Input{{Name: "gradient of y", Rank: 3}} }

func (f sumPositions) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][1] > f.rows {
		return nil, errors.Errorf("gradient of y must have at most %d places, got shape %v", f.rows, in[0])
	}
	return tensor.Shape{f.rows, in[0][2]}, nil
}

func (f sumPositions) Loops() op.Loops { return op.LoopsOf(sumExamples, sumExamples) }

func sumExamples[F op.Float](y []F, in op.Args[F]) error {
	each := in.Shapes[0][1] * in.Shapes[0][2]
	clear(y)
	for dy := in.Floats[0]; len(dy) > 0; dy = dy[each:] {
		for i, g := range dy[:each] {
			y[i] += g
		}
	}
	return nil
}

func (f sumPositions) Derive(c *op.Calculus, x []op.Operand, _, ddw op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 3 {
		return c.Stop()
	}
	return []op.Operand{c.Of(repeatPositions{s[0], s[1]}, ddw)}
}

// repeatPositions repeats the first rows of a matrix for each of n examples.
type repeatPositions struct{ n, times int }

func (f repeatPositions) Name() string       { return "AddPositions" }
func (f repeatPositions) String() string     { return fmt.Sprintf("AddPositions''{%d %d}", f.n, f.times) }
func (f repeatPositions) Rank() int          { return 3 }
func (f repeatPositions) Inputs() []op.Input { return []op.Input{{Name: "positions", Rank: 2}} }

func (f repeatPositions) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][0] < f.times {
		return nil, errors.Errorf("positions must have at least %d rows, got shape %v", f.times, in[0])
	}
	return tensor.Shape{f.n, f.times, in[0][1]}, nil
}

func (f repeatPositions) Loops() op.Loops { return op.Bind(f, repeat, repeat) }

func repeat[F op.Float](f repeatPositions, y []F, in op.Args[F]) error {
	each := f.times * in.Shapes[0][1]
	for ; len(y) > 0; y = y[each:] {
		copy(y[:each], in.Floats[0])
	}
	return nil
}

func (f repeatPositions) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 2 {
		return c.Stop()
	}
	return []op.Operand{c.Of(sumPositions{s[0]}, dy)}
}
