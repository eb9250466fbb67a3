package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// inner :: Tensor a → Tensor a → a
//
// It is the sum of the elementwise products of two tensors of the same shape.
type inner struct{ rank int }

func (f inner) Name() string   { return "inner product" }
func (f inner) String() string { return "inner product" }
func (f inner) Rank() int      { return 0 }

func (f inner) Inputs() []op.Input {
	return []op.Input{{Name: "a", Rank: f.rank}, {Name: "b", Rank: f.rank}}
}

func (f inner) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, errors.Errorf("tensors must be of one shape, got %v and %v", in[0], in[1])
	}
	return tensor.ScalarShape(), nil
}

func (f inner) Loops() op.Loops { return op.Bind(f, sumProducts, sumProducts) }

func sumProducts[F op.Float](_ inner, y []F, in op.Args[F]) error {
	var sum float64
	for i, v := range in.Floats[0] {
		sum += float64(float64(v) * float64(in.Floats[1][i]))
	}
	y[0] = F(sum)
	return nil
}

// Derive returns the other tensor times the gradient.
func (f inner) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(multiple(f), dy, x[1]), c.Of(multiple(f), dy, x[0])}
}

// multiple :: a → Tensor a → Tensor a
//
// It is a tensor times a scalar.
type multiple struct{ rank int }

func (f multiple) Name() string   { return "multiple" }
func (f multiple) String() string { return fmt.Sprintf("multiple{rank=%d}", f.rank) }
func (f multiple) Rank() int      { return f.rank }

func (f multiple) Inputs() []op.Input {
	return []op.Input{{Name: "factor"}, {Name: "x", Rank: f.rank}}
}

func (f multiple) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[1].Clone(), nil }
func (f multiple) Loops() op.Loops                               { return op.Bind(f, multiply, multiply) }

func multiply[F op.Float](_ multiple, y []F, in op.Args[F]) error {
	for i, v := range in.Floats[1] {
		y[i] = in.Floats[0][0] * v
	}
	return nil
}

// Derive returns the gradients of the factor and of x.
func (f multiple) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(inner(f), x[1], dy), c.Of(f, x[0], dy)}
}
