package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Tokens returns sequences x of shape (N, T, D) as a matrix of shape (N·T, D) with
// a row for each token, for layers that treat tokens alike. The result is memory
// of its own. x is of float32 or float64.
func Tokens(x *gorgonia.Node) (*gorgonia.Node, error) { return applyFunction(tokens{}, x) }

// Sequences is the inverse of Tokens for sequences of the given number of times:
// from (N·T, D) to (N, T, D).
func Sequences(x *gorgonia.Node, times int) (*gorgonia.Node, error) {
	if times < 1 {
		return nil, errors.Errorf("ops: Sequences: times must be positive, got %d", times)
	}
	return applyFunction(sequences{times}, x)
}

// tokens :: (N, T, D) a → (N·T, D) a
type tokens struct{}

func (tokens) name() string   { return "Tokens" }
func (tokens) String() string { return "Tokens" }
func (tokens) rank() int      { return 2 }
func (tokens) inputs() []slot { return []slot{{"x", 3, floats}} }

func (tokens) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0] * in[0][1], in[0][2]}, positive("x", in[0])
}

func (tokens) float32s(y []float32, in arguments[float32]) error { return same(y, in) }
func (tokens) float64s(y []float64, in arguments[float64]) error { return same(y, in) }

func same[F float](y []F, in arguments[F]) error {
	copy(y, in.floats[0])
	return nil
}

func (f tokens) derive(c *calculus, x []operand, _, dy operand) []operand {
	s := shapeOf(x[0])
	if len(s) != 3 {
		return c.stop(f)
	}
	return []operand{c.of(sequences{s[1]}, dy)}
}

// sequences :: (N·T, D) a → (N, T, D) a
type sequences struct{ times int }

func (f sequences) name() string   { return "Sequences" }
func (f sequences) String() string { return fmt.Sprintf("Sequences{%d}", f.times) }
func (f sequences) rank() int      { return 3 }
func (f sequences) inputs() []slot { return []slot{{"x", 2, floats}} }

func (f sequences) shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][0]%f.times != 0 {
		return nil, errors.Errorf("x must have a multiple of %d rows, got shape %v", f.times, in[0])
	}
	return tensor.Shape{in[0][0] / f.times, f.times, in[0][1]}, positive("x", in[0])
}

func (f sequences) float32s(y []float32, in arguments[float32]) error { return same(y, in) }
func (f sequences) float64s(y []float64, in arguments[float64]) error { return same(y, in) }

func (f sequences) derive(c *calculus, _ []operand, _, dy operand) []operand {
	return []operand{c.of(tokens{}, dy)}
}
