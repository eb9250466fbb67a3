package models

import "gorgonia.org/gorgonia"

// Tabular is a network for rows of numbers, which should be standardized: an
// [MLP], or a self-normalizing network.
type Tabular struct {
	Inputs  int   // columns; 0: taken from the input
	Hidden  []int // units of each hidden layer
	Outputs int   // classes, or values

	// InputDropout and HiddenDropout are the drop probabilities of columns and
	// of hidden units.
	InputDropout, HiddenDropout float64

	// BatchNorm puts [BatchNorm1d] before each activation.
	BatchNorm bool
	// SelfNormalizing makes it the network of Klambauer et al.,
	// "Self-Normalizing Neural Networks", NeurIPS 2017: SELU, weights from
	// [LecunNormal] and [AlphaDropout], usually with rates of 0.05 to 0.1. It
	// excludes BatchNorm and any other Activation.
	SelfNormalizing bool
	Activation      Layer // of each hidden layer; ReLU by default
}

// Apply adds the network to the graph of x.
func (t Tabular) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if t.SelfNormalizing && (t.BatchNorm || t.Activation != nil) {
		return nil, s.Errorf("Tabular: SelfNormalizing must be without BatchNorm and Activation")
	}
	if err := s.checkRates("Tabular", rate{"InputDropout", t.InputDropout}, rate{"HiddenDropout", t.HiddenDropout}); err != nil {
		return nil, err
	}
	return t.Layers().Apply(s, x)
}

// Layers returns the network as a sequence of layers. A layer that does nothing
// keeps its place.
func (t Tabular) Layers() Sequential {
	net := MLP{
		Inputs: t.Inputs, Hidden: t.Hidden, Outputs: t.Outputs,
		InputDropout: t.InputDropout, HiddenDropout: t.HiddenDropout,
		BatchNorm: t.BatchNorm, Activation: t.Activation,
	}
	if t.SelfNormalizing {
		net.Activation, net.Init = SELU(), LecunNormal
		return net.layers(func(p float64) Layer { return AlphaDropout(p) })
	}
	return net.Layers()
}
