package onnx

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A constantOp combines each element of x with a number that is not trained: a
// scalar, a mean, a mask of attention.
type constantOp struct {
	op.Elementwise
	kind arithmetic
	with *constants
}

// constants are the numbers, and where that for each element of x is. Gorgonia
// tells ops apart by where these are.
type constants struct {
	values []float64
	at     view
}

// arithmetic is what is done with two numbers.
type arithmetic uint8

const (
	add arithmetic = iota
	sub
	reversedSub // constant less x
	mul
	div
)

func (k arithmetic) String() string { return [...]string{"Add", "Sub", "Sub'", "Mul", "Div"}[k] }

// apply returns the node of x and the numbers, which a view gives the shape of x.
func (k arithmetic) apply(x *gorgonia.Node, values []float64, at view) (*gorgonia.Node, error) {
	return op.Apply("onnx", constantOp{kind: k, with: &constants{values, at}}, x)
}

// of returns what is done with two numbers.
func (k arithmetic) of(x, y float64) float64 {
	switch k {
	case add:
		return x + y
	case sub:
		return x - y
	case reversedSub:
		return y - x
	case mul:
		return x * y
	}
	return x / y
}

func (f constantOp) Name() string       { return f.kind.String() }
func (f constantOp) String() string     { return fmt.Sprintf("%v{%p}", f.kind, f.with) }
func (f constantOp) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: op.AnyRank}} }
func (constantOp) Role() op.Role        { return op.RoleBinary }

func (f constantOp) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (f constantOp) Loops() op.Loops { return op.Bind(f, combine, combine) }

func combine[F op.Float](f constantOp, y []F, in op.Args[F]) error {
	x := in.Floats[0]
	f.with.at.each(func(i, at int) {
		switch c := F(f.with.values[at]); f.kind {
		case add:
			y[i] = x[i] + c
		case sub:
			y[i] = x[i] - c
		case reversedSub:
			y[i] = c - x[i]
		case mul:
			y[i] = x[i] * c
		case div:
			y[i] = x[i] / c
		}
	})
	return nil
}

func (f constantOp) Derive(c *op.Calculus, _ []op.Operand, _, dy op.Operand) []op.Operand {
	switch f.kind {
	case mul, div:
		return []op.Operand{c.Of(f, dy)}
	case reversedSub:
		at := view{to: f.with.at.to}
		at.strides = make([]int, len(at.to))
		return []op.Operand{c.Of(constantOp{kind: mul, with: &constants{[]float64{-1}, at}}, dy)}
	}
	return []op.Operand{dy}
}
