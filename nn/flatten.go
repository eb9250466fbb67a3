package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
)

// Flatten returns x, of shape (N, ...) and float32 or float64, as a matrix of
// shape (N, D) with one row for each example, in row-major order. A rank below 2
// is an error; a matrix is returned as it is.
func Flatten(x *gorgonia.Node) (*gorgonia.Node, error) {
	if x == nil || x.Graph() == nil || x.Dims() < 2 {
		return nil, errors.New("nn: Flatten: x must be a node of shape (N, ...)")
	}
	s := x.Shape()
	if len(s) == 2 {
		return x, nil
	}
	return apply(reshape{"Flatten", len(s), tensor.Shape{-1, op.Size(s[1:])}}, x)
}

// Unflatten gives each example of x, of shape (N, ...) and float32 or float64,
// the given shape, in row-major order: Unflatten(x, 1, 28, 28) turns (N, 784)
// into (N, 1, 28, 28). A shape with another number of elements is an error.
func Unflatten(x *gorgonia.Node, shape ...int) (*gorgonia.Node, error) {
	if x == nil || x.Graph() == nil || x.Dims() < 2 {
		return nil, errors.New("nn: Unflatten: x must be a node of shape (N, ...)")
	}
	if len(shape) == 0 || slices.Min(shape) < 1 {
		return nil, errors.Errorf("nn: Unflatten: shape must be positive, got %v", shape)
	}
	if _, err := bounded.Product(math.MaxInt, shape...); err != nil {
		return nil, errors.Wrap(err, "nn: Unflatten: shape")
	}
	return apply(reshape{"Unflatten", x.Dims(), append(tensor.Shape{-1}, shape...)}, x)
}

// reshape gives the elements of its input, of rank dims, another shape, in
// which -1 on the first axis stands for that of the input.
type reshape struct {
	of   string
	dims int
	to   tensor.Shape
}

func (f reshape) Name() string       { return f.of }
func (f reshape) String() string     { return fmt.Sprintf("%s{%v}", f.of, f.to) }
func (f reshape) Rank() int          { return len(f.to) }
func (f reshape) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

func (f reshape) Shape(in []tensor.Shape) (tensor.Shape, error) {
	to := f.to.Clone()
	to[0] = in[0][0]
	if op.Size(to) != op.Size(in[0]) {
		return nil, errors.Errorf("x must have %d elements to an example, got shape %v", op.Size(to[1:]), in[0])
	}
	return to, nil
}

func (reshape) Role() op.Role { return op.RoleShape }

func (f reshape) Loops() op.Loops { return op.LoopsOf(same, same) }

func (f reshape) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	s := op.ShapeOf(x[0])
	if len(s) != f.dims {
		return c.Stop()
	}
	back := s.Clone()
	back[0] = -1
	return []op.Operand{c.Of(reshape{f.of, len(f.to), back}, dy)}
}
