package nn

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// GELU returns x*Phi(x) for each element of x, a float32 or float64 node of any
// shape, where Phi is the distribution function of the standard normal
// distribution (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016).
func GELU(x *gorgonia.Node) (*gorgonia.Node, error) {
	var f gelu
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
	}
	return apply(f, x)
}

// gelu applies GELU to every element, computed in float64.
type gelu struct{ dims int }

func (f gelu) Name() string       { return "GELU" }
func (f gelu) String() string     { return "GELU" }
func (f gelu) Rank() int          { return f.dims }
func (f gelu) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

func (f gelu) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (gelu) Role() op.Role { return op.RoleUnary }

func (f gelu) Loops() op.Loops { return op.LoopsOf(geluDo, geluDo) }

// geluCost is how many elements of a copy take as long as one of GELU.
const geluCost = 8

func geluDo[F op.Float](y []F, in op.Args[F]) error {
	parallel.Ranges(len(y), geluCost, func(from, to int) {
		elementary.GELU(y[from:to], in.Floats[0][from:to])
	})
	return nil
}

func (f gelu) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(geluDiff{dims: f.dims}, x[0], dy)}
}

// geluDiff computes the gradient of x from x and the gradient of y. A gradient
// of 0 stays 0 whatever the slope, and a slope of 0 stops any gradient.
type geluDiff struct {
	op.NotDifferentiable
	dims int
}

func (f geluDiff) Name() string   { return "GELU" }
func (f geluDiff) String() string { return "GELU'" }
func (f geluDiff) Rank() int      { return f.dims }

func (f geluDiff) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "gradient of y", Rank: f.dims}}
}

func (f geluDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), op.SameShape(in[1], in[0], nil)
}

func (f geluDiff) Loops() op.Loops { return op.LoopsOf(geluBack, geluBack) }

func geluBack[F op.Float](dx []F, in op.Args[F]) error {
	parallel.Ranges(len(dx), geluCost, func(from, to int) {
		elementary.GELUBack(dx[from:to], in.Floats[0][from:to], in.Floats[1][from:to])
	})
	return nil
}
