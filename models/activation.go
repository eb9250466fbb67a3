package models

import "gorgonia.org/gorgonia"

// ReLU is max(x, 0).
func ReLU() Layer { return relu{} }

// relu is a type of its own for Sequential to know it.
type relu struct{}

func (relu) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := gorgonia.Rectify(x)
	return y, s.Wrap(err, "ReLU")
}

// Sigmoid is 1/(1+exp(-x)).
func Sigmoid() Layer { return elementwise("Sigmoid", gorgonia.Sigmoid) }

// Tanh is the hyperbolic tangent.
func Tanh() Layer { return elementwise("Tanh", gorgonia.Tanh) }

// elementwise makes a layer of a function of one node.
func elementwise(name string, f func(*gorgonia.Node) (*gorgonia.Node, error)) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := f(x)
		return y, s.Wrap(err, name)
	})
}
