package op

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// An Operand is a *gorgonia.Node while a gradient is built as a graph, and a
// gorgonia.Value while a LispMachine computes one.
type Operand any

// ShapeOf returns the shape of an operand.
func ShapeOf(x Operand) tensor.Shape {
	if x, ok := x.(interface{ Shape() tensor.Shape }); ok {
		return x.Shape()
	}
	return nil
}

// A Calculus applies functions to operands of either kind and keeps the first
// error.
type Calculus struct {
	apply func(f Function, in []Operand) (Operand, error)
	wrap  func(error) error // names the op that is differentiated
	err   error
}

// Of returns f applied to the inputs.
func (c *Calculus) Of(f Function, in ...Operand) Operand {
	if c.err != nil {
		return nil
	}
	var y Operand
	y, c.err = c.apply(f, in)
	return y
}

// Stop makes the calculus fail, for functions that have no derivative.
func (c *Calculus) Stop() []Operand {
	if c.err == nil {
		c.err = c.wrap(errors.New("second derivative is not available"))
	}
	return nil
}
