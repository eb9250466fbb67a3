package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// ReLULayer computes max(x, 0); see [nn.ReLU].
type ReLULayer struct{}

// ReLU returns the layer max(x, 0).
func ReLU() ReLULayer { return ReLULayer{} }

// Apply adds the activation to the graph of x.
func (ReLULayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	f := nn.ReLU
	if !s.graph.fused {
		f = gorgonia.Rectify
	}
	return activate(s, "ReLU", x, f)
}

// Fusion implements [Fuser].
func (ReLULayer) Fusion() Fusion { return Fusion{Elementwise: true, Activation: nn.ActivationReLU} }

// SigmoidLayer computes 1/(1+exp(-x)); see [nn.Sigmoid].
type SigmoidLayer struct{}

// Sigmoid returns the layer 1/(1+exp(-x)).
func Sigmoid() SigmoidLayer { return SigmoidLayer{} }

// Apply adds the activation to the graph of x.
func (SigmoidLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	f := nn.Sigmoid
	if !s.graph.fused {
		f = gorgonia.Sigmoid
	}
	return activate(s, "Sigmoid", x, f)
}

// Fusion implements [Fuser].
func (SigmoidLayer) Fusion() Fusion { return Fusion{Elementwise: true} }

// TanhLayer computes the hyperbolic tangent.
type TanhLayer struct{}

// Tanh returns the layer of the hyperbolic tangent.
func Tanh() TanhLayer { return TanhLayer{} }

// Apply adds the activation to the graph of x.
func (TanhLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "Tanh", x, gorgonia.Tanh)
}

// Fusion implements [Fuser].
func (TanhLayer) Fusion() Fusion { return Fusion{Elementwise: true} }

// LeakyReLULayer computes x where x is positive and Slope·x elsewhere; see
// [nn.LeakyReLU]. A slope of 0 makes it ReLU.
type LeakyReLULayer struct{ Slope float64 }

// LeakyReLU returns the layer with the given slope for negative x, such as
// 0.01.
func LeakyReLU(slope float64) LeakyReLULayer { return LeakyReLULayer{Slope: slope} }

// Apply adds the activation to the graph of x.
func (l LeakyReLULayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "LeakyReLU", x, func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.LeakyReLU(x, l.Slope) })
}

// Fusion implements [Fuser].
func (LeakyReLULayer) Fusion() Fusion { return Fusion{Elementwise: true} }

// GELULayer computes x times the normal distribution function of x; see
// [nn.GELU].
type GELULayer struct{}

// GELU returns the layer x·Φ(x), with Φ the normal distribution function.
func GELU() GELULayer { return GELULayer{} }

// Apply adds the activation to the graph of x.
func (GELULayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "GELU", x, nn.GELU)
}

// Fusion implements [Fuser].
func (GELULayer) Fusion() Fusion { return Fusion{Elementwise: true} }

// SELULayer is the activation of self-normalizing networks, to be used with
// [LecunNormal] weights and [AlphaDropout]; see [nn.SELU].
type SELULayer struct{}

// SELU returns the activation of self-normalizing networks.
func SELU() SELULayer { return SELULayer{} }

// Apply adds the activation to the graph of x.
func (SELULayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return activate(s, "SELU", x, nn.SELU)
}

// Fusion implements [Fuser].
func (SELULayer) Fusion() Fusion { return Fusion{Elementwise: true} }

// activate adds an activation and lists its output in Graph.Activations.
func activate(s *Scope, name string, x *gorgonia.Node, f func(*gorgonia.Node) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	y, err := f(x)
	s.observe(y)
	return y, s.Wrap(err, name)
}
