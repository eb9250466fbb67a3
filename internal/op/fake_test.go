package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A fake is a function of parts.
type fake struct {
	inputs []op.Input
	rank   int
	shape  func(in []tensor.Shape) (tensor.Shape, error) // nil: that of the first input
	loops  op.Loops
	derive func(c *op.Calculus, x []op.Operand, dy op.Operand) []op.Operand // nil: none
	id     string
}

func (f fake) Name() string { return "fake" }

func (f fake) String() string { return "fake " + f.id }

func (f fake) Inputs() []op.Input { return f.inputs }

func (f fake) Rank() int { return f.rank }

func (f fake) Loops() op.Loops { return f.loops }

func (f fake) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if f.shape == nil {
		return in[0].Clone(), nil
	}
	return f.shape(in)
}

func (f fake) Derive(c *op.Calculus, x []op.Operand, y, dy op.Operand) []op.Operand {
	if f.derive == nil {
		return op.NotDifferentiable{}.Derive(c, x, y, dy)
	}
	return f.derive(c, x, dy)
}

// sum is the sum of its inputs of floats and the scalar and step, element by element.
func sum(inputs ...op.Input) fake {
	return fake{inputs: inputs, rank: op.AnyRank, loops: op.LoopsOf(add[float32], add[float64])}
}

func add[F op.Float](y []F, in op.Args[F]) error {
	for i := range y {
		y[i] = F(in.Scalar) + F(in.Step)
		for _, x := range in.Floats {
			if x != nil {
				y[i] += x[i]
			}
		}
	}
	return nil
}

// doubled is 2x, and its derivative the same of dy.
func doubled(rank int) fake {
	f := fake{inputs: []op.Input{{Name: "x", Rank: rank}}, rank: rank, id: "doubled", loops: op.LoopsOf(double[float32], double[float64])}
	f.derive = func(c *op.Calculus, _ []op.Operand, dy op.Operand) []op.Operand { return []op.Operand{c.Of(f, dy)} }
	return f
}

func double[F op.Float](y []F, in op.Args[F]) error {
	for i, x := range in.Floats[0] {
		y[i] = 2 * x
	}
	return nil
}

func of(rank int) op.Input { return op.Input{Name: "x", Rank: rank} }

// matrix is a new node of shape (2, 3) in g.
func matrix(g *gorgonia.ExprGraph, dt tensor.Dtype, name string) *gorgonia.Node {
	return gorgonia.NewMatrix(g, dt, gorgonia.WithShape(2, 3), gorgonia.WithName(name))
}

func apply(t *testing.T, f op.Function, in ...*gorgonia.Node) *gorgonia.Node {
	t.Helper()
	y, err := op.Apply("test", f, in...)
	if err != nil {
		t.Fatal(err)
	}
	return y
}
