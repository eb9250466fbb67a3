package onnx

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A view says where the elements of a tensor of shape to are in another: that at
// index i is at offset + Σ i·strides. It does what Transpose, Slice, Reshape and
// the broadcasting of other ops do.
type view struct {
	to, strides []int
	offset      int
}

// rowMajor returns the view of all elements in order.
func rowMajor(shape []int) view {
	v := view{to: shape, strides: make([]int, len(shape))}
	step := 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		v.strides[axis] = step
		step *= shape[axis]
	}
	return v
}

// each calls f with the place of every element in turn.
func (v view) each(f func(i, at int)) {
	n := size(v.to)
	index := make([]int, len(v.to))
	at := v.offset
	for i := range n {
		f(i, at)
		for axis := len(index) - 1; axis >= 0; axis-- {
			index[axis]++
			at += v.strides[axis]
			if index[axis] < v.to[axis] {
				break
			}
			at -= index[axis] * v.strides[axis]
			index[axis] = 0
		}
	}
}

// apply returns the node of the view of x.
func (v view) apply(x *gorgonia.Node) (*gorgonia.Node, error) {
	return op.Apply("onnx", viewed{v, x.Dims()}, x)
}

// viewed is the function of a view.
type viewed struct {
	view
	dims int // of the input
}

func (f viewed) Name() string   { return "View" }
func (f viewed) String() string { return fmt.Sprintf("View{%v %v %d}", f.to, f.strides, f.offset) }
func (f viewed) Rank() int      { return len(f.to) }

func (f viewed) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

func (f viewed) Shape([]tensor.Shape) (tensor.Shape, error) { return tensor.Shape(f.to).Clone(), nil }

func (viewed) Role() op.Role { return op.RoleShape }

func (f viewed) Loops() op.Loops { return op.Bind(f, take, take) }

func take[F op.Float](f viewed, y []F, in op.Args[F]) error {
	x := in.Floats[0]
	f.each(func(i, at int) { y[i] = x[at] })
	return nil
}

func (f viewed) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(scattered{viewed: f, of: op.ShapeOf(x[0]).Clone()}, dy)}
}

// scattered adds the gradients of a view where its elements came from.
type scattered struct {
	viewed
	of tensor.Shape
}

func (f scattered) String() string { return f.viewed.String() + "'" }
func (f scattered) Rank() int      { return f.dims }

func (f scattered) Inputs() []op.Input { return []op.Input{{Name: "gradient", Rank: len(f.to)}} }

func (f scattered) Shape([]tensor.Shape) (tensor.Shape, error) { return f.of.Clone(), nil }

func (f scattered) Loops() op.Loops { return op.Bind(f, scatter, scatter) }

func scatter[F op.Float](f scattered, dx []F, in op.Args[F]) error {
	clear(dx)
	f.each(func(i, at int) { dx[at] += in.Floats[0][i] })
	return nil
}

func (f scattered) Derive(c *op.Calculus, _ []op.Operand, _, ddx op.Operand) []op.Operand {
	return []op.Operand{c.Of(f.viewed, ddx)}
}

// size is the number of elements of a shape.
func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
