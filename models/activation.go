package models

import (
	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
)

// ReLU is max(x, 0).
func ReLU() Layer { return relu{} }

// relu is a type of its own for Sequential to know it.
type relu struct{}

func (relu) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	f := nn.ReLU
	if s.model.plain {
		f = gorgonia.Rectify
	}
	y, err := f(x)
	s.observe(y)
	return y, s.Wrap(err, "ReLU")
}

// Sigmoid is 1/(1+exp(-x)).
func Sigmoid() Layer { return unitwise("Sigmoid", gorgonia.Sigmoid) }

// Tanh is the hyperbolic tangent.
func Tanh() Layer { return unitwise("Tanh", gorgonia.Tanh) }

// LeakyReLU is x for positive x and slope*x for others; see nn.LeakyReLU.
func LeakyReLU(slope float64) Layer {
	return unitwise("LeakyReLU", func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.LeakyReLU(x, slope) })
}

// GELU is x times the normal distribution function of x; see nn.GELU.
func GELU() Layer { return unitwise("GELU", nn.GELU) }

// SELU is the activation of self-normalizing networks, with LecunNormal weights
// and AlphaDropout; see nn.SELU.
func SELU() Layer { return unitwise("SELU", nn.SELU) }

// Softmax makes probabilities of the last axis. A classifier that is trained with
// the cross-entropy of logits needs none.
func Softmax() Layer { return activation("Softmax", nn.Softmax) }

// LogSoftmax makes logarithms of probabilities of the last axis.
func LogSoftmax() Layer { return activation("LogSoftmax", nn.LogSoftmax) }

// unitwise is activation for functions of each element alone.
func unitwise(name string, f func(*gorgonia.Node) (*gorgonia.Node, error)) Layer {
	return unitActivation{activation(name, f)}
}

// unitActivation is a type of its own for Sequential to know that the layer may be
// applied to some units alone.
type unitActivation struct{ Layer }

// activation makes a layer of a function of one node, whose output is listed in
// Graph.Activations.
func activation(name string, f func(*gorgonia.Node) (*gorgonia.Node, error)) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := f(x)
		s.observe(y)
		return y, s.Wrap(err, name)
	})
}

// unary makes a layer of a function of one node that is no activation.
func unary(name string, f func(*gorgonia.Node) (*gorgonia.Node, error)) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := f(x)
		return y, s.Wrap(err, name)
	})
}
