package nn

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Tokens returns sequences x, of shape (N, T, D) and float32 or float64, as a
// matrix of shape (N·T, D) with a row for each token, for layers that treat all
// tokens alike. The result is a copy.
func Tokens(x *gorgonia.Node) (*gorgonia.Node, error) { return apply(tokens{}, x) }

// Sequences is the inverse of [Tokens] for sequences of the given number of
// time steps: from (N·T, D) to (N, T, D).
func Sequences(x *gorgonia.Node, times int) (*gorgonia.Node, error) {
	if times < 1 {
		return nil, errors.Errorf("nn: Sequences: times must be positive, got %d", times)
	}
	return apply(sequences{times}, x)
}

// tokens :: (N, T, D) a → (N·T, D) a
type tokens struct{}

func (tokens) Name() string       { return "Tokens" }
func (tokens) String() string     { return "Tokens" }
func (tokens) Rank() int          { return 2 }
func (tokens) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 3}} }

func (tokens) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0] * in[0][1], in[0][2]}, op.NotEmpty("x", in[0])
}

func (tokens) Role() op.Role { return op.RoleShape }

func (tokens) Loops() op.Loops { return op.LoopsOf(same, same) }

func same[F op.Float](y []F, in op.Args[F]) error {
	copy(y, in.Floats[0])
	return nil
}

func (f tokens) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != 3 {
		return c.Stop()
	}
	return []op.Operand{c.Of(sequences{s[1]}, dy)}
}

// sequences :: (N·T, D) a → (N, T, D) a
type sequences struct{ times int }

func (f sequences) Name() string       { return "Sequences" }
func (f sequences) String() string     { return fmt.Sprintf("Sequences{%d}", f.times) }
func (f sequences) Rank() int          { return 3 }
func (f sequences) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 2}} }

func (f sequences) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if in[0][0]%f.times != 0 {
		return nil, errors.Errorf("x must have a multiple of %d rows, got shape %v", f.times, in[0])
	}
	return tensor.Shape{in[0][0] / f.times, f.times, in[0][1]}, op.NotEmpty("x", in[0])
}

func (sequences) Role() op.Role { return op.RoleShape }

func (f sequences) Loops() op.Loops { return op.LoopsOf(same, same) }

func (f sequences) Derive(c *op.Calculus, _ []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(tokens{}, dy)}
}
