package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// AddPositions adds the row of positions, of shape (M, D), that belongs to each
// place of sequences x, of shape (N, T, D) with T of at most M: learned positional
// embeddings (Gehring et al., "Convolutional Sequence to Sequence Learning", ICML
// 2017, section 3.1). Both are of float32 or of float64.
func AddPositions(x, positions *gorgonia.Node) (*gorgonia.Node, error) {
	return applyFunction(addPositions{}, x, positions)
}

// addPositions :: (N, T, D) a → (M, D) a → (N, T, D) a
type addPositions struct{}

func (addPositions) name() string   { return "AddPositions" }
func (addPositions) String() string { return "AddPositions" }
func (addPositions) rank() int      { return 3 }
func (addPositions) inputs() []slot { return []slot{{"x", 3, floats}, {"positions", 2, floats}} }

func (addPositions) shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	if w[0] < x[1] || w[1] != x[2] {
		return nil, errors.Errorf("positions must have shape (%d or more, %d) for x of shape %v, got %v", x[1], x[2], x, w)
	}
	return x.Clone(), positive("x", x)
}

func (addPositions) float32s(y []float32, in arguments[float32]) error { return addRows(y, in) }
func (addPositions) float64s(y []float64, in arguments[float64]) error { return addRows(y, in) }

func addRows[F float](y []F, in arguments[F]) error {
	each := in.shapes[0][1] * in.shapes[0][2]
	w := in.floats[1][:each]
	ranges(in.shapes[0][0], each, func(from, to int) {
		for n := from; n < to; n++ {
			x, y := in.floats[0][n*each:(n+1)*each], y[n*each:(n+1)*each]
			for i, v := range w {
				y[i] = x[i] + v
			}
		}
	})
	return nil
}

func (f addPositions) derive(c *calculus, x []operand, _, dy operand) []operand {
	s := shapeOf(x[1])
	if len(s) != 2 {
		return c.stop(f)
	}
	return []operand{dy, c.of(sumPositions{s[0]}, dy)}
}

// sumPositions :: (N, T, D) a → (M, D) a
//
// It is the sum over the examples, and 0 for places that there are none of.
type sumPositions struct{ rows int }

func (f sumPositions) name() string   { return "AddPositions" }
func (f sumPositions) String() string { return fmt.Sprintf("AddPositions'{%d}", f.rows) }
func (f sumPositions) rank() int      { return 2 }
func (f sumPositions) inputs() []slot { return []slot{{"gradient of y", 3, floats}} }

func (f sumPositions) shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][1] > f.rows {
		return nil, errors.Errorf("gradient of y must have at most %d places, got shape %v", f.rows, in[0])
	}
	return tensor.Shape{f.rows, in[0][2]}, nil
}

func (f sumPositions) float32s(y []float32, in arguments[float32]) error { return sumExamples(y, in) }
func (f sumPositions) float64s(y []float64, in arguments[float64]) error { return sumExamples(y, in) }

func sumExamples[F float](y []F, in arguments[F]) error {
	each := in.shapes[0][1] * in.shapes[0][2]
	clear(y)
	for dy := in.floats[0]; len(dy) > 0; dy = dy[each:] {
		for i, g := range dy[:each] {
			y[i] += g
		}
	}
	return nil
}

func (f sumPositions) derive(c *calculus, x []operand, _, ddw operand) []operand {
	s := shapeOf(x[0])
	if len(s) != 3 {
		return c.stop(f)
	}
	return []operand{c.of(repeatPositions{s[0], s[1]}, ddw)}
}

// repeatPositions is the first rows of a matrix, once for each of n examples.
type repeatPositions struct{ n, times int }

func (f repeatPositions) name() string   { return "AddPositions" }
func (f repeatPositions) String() string { return fmt.Sprintf("AddPositions''{%d %d}", f.n, f.times) }
func (f repeatPositions) rank() int      { return 3 }
func (f repeatPositions) inputs() []slot { return []slot{{"positions", 2, floats}} }

func (f repeatPositions) shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][0] < f.times {
		return nil, errors.Errorf("positions must have at least %d rows, got shape %v", f.times, in[0])
	}
	return tensor.Shape{f.n, f.times, in[0][1]}, nil
}

func (f repeatPositions) float32s(y []float32, in arguments[float32]) error { return repeat(f, y, in) }
func (f repeatPositions) float64s(y []float64, in arguments[float64]) error { return repeat(f, y, in) }

func repeat[F float](f repeatPositions, y []F, in arguments[F]) error {
	each := f.times * in.shapes[0][1]
	for ; len(y) > 0; y = y[each:] {
		copy(y[:each], in.floats[0])
	}
	return nil
}

func (f repeatPositions) derive(c *calculus, x []operand, _, dy operand) []operand {
	s := shapeOf(x[0])
	if len(s) != 2 {
		return c.stop(f)
	}
	return []operand{c.of(sumPositions{s[0]}, dy)}
}
