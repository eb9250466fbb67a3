package models

import "gorgonia.org/gorgonia"

// MLP is a multilayer perceptron: dropout of the inputs, hidden layers with an
// activation and dropout each, and a linear output layer. It is the network of
// Srivastava et al., JMLR 15, 2014, for MNIST.
type MLP struct {
	Inputs  int   // values of an example; 0: taken from the input
	Hidden  []int // units of each hidden layer; none for a linear model
	Outputs int   // classes

	// InputDropout and HiddenDropout are the drop probabilities of the inputs
	// and of the hidden units, typically 0.2 and 0.5. At 0 a layer costs
	// nothing but keeps its place, so that the parameters' names and initial
	// values do not depend on dropout.
	InputDropout, HiddenDropout float64

	// Submatrix drops the same units for a whole batch and leaves them out of
	// the products, by [SubmatrixLayer]: faster, with noisier steps.
	Submatrix bool

	// BatchNorm puts [BatchNorm1d] before each activation. With Submatrix,
	// products then leave units out on one side only.
	BatchNorm bool

	Activation Layer // of each hidden layer; ReLU by default
	Init       Init  // of the weights; HeNormal by default
}

// Apply adds the network to the graph of x.
func (m MLP) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if err := s.checkRates("MLP", m.rates()...); err != nil {
		return nil, err
	}
	return m.Layers().Apply(s, x)
}

func (m MLP) rates() []rate {
	return []rate{{"InputDropout", m.InputDropout}, {"HiddenDropout", m.HiddenDropout}}
}

// Layers returns the network as a sequence of layers. Without hidden layers
// there is no place for HiddenDropout, which Apply checks all the same.
func (m MLP) Layers() Sequential {
	if m.Submatrix {
		return m.layers(func(p float64) Layer { return Submatrix(p) })
	}
	return m.layers(func(p float64) Layer { return Dropout(p) })
}

// layers returns the network with dropout layers made by drop.
func (m MLP) layers(drop func(p float64) Layer) Sequential {
	activation := m.Activation
	if activation == nil {
		activation = ReLU()
	}
	layers := Sequential{drop(m.InputDropout)}
	in := m.Inputs
	for _, units := range m.Hidden {
		layers = append(layers, LinearLayer{In: in, Out: units, NoBias: m.BatchNorm, Init: m.Init})
		if m.BatchNorm {
			layers = append(layers, BatchNorm1d())
		}
		layers = append(layers, activation, drop(m.HiddenDropout))
		in = units
	}
	return append(layers, LinearLayer{In: in, Out: m.Outputs, Init: m.Init})
}
