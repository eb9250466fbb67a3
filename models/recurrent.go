package models

import (
	"math"
	"math/rand/v2"
	"strconv"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// recurrent is what LSTM and GRU have in common.
type recurrent struct {
	name          string
	gates         int
	units, layers int
	op            func(x, wih, whh, bih, bhh *gorgonia.Node, noise nn.RecurrentNoise, opts ...ops.StreamOption) (*gorgonia.Node, error)

	input, between, weights float64 // rates of dropout
	noise                   nn.RecurrentNoise
}

func (r recurrent) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if r.units <= 0 || r.layers < 0 {
		return nil, s.Errorf("%s: units must be positive and layers not negative, got %d and %d", r.name, r.units, r.layers)
	}
	if x.Dims() != 3 {
		return nil, s.Errorf("%s: input must have shape (batch, time, features), got %v", r.name, x.Shape())
	}
	if err := s.checkRates(r.name, rate{"InputDropout", r.input}, rate{"LayerDropout", r.between}, rate{"WeightDrop", r.weights}); err != nil {
		return nil, err
	}
	for k := range max(1, r.layers) {
		name, p := "InputDropout", r.input
		if k > 0 {
			name, p = "LayerDropout", r.between
		}
		var err error
		if x, err = s.drop(r.name+": "+name, x, p, nil, lockedDropout); err != nil {
			return nil, err
		}
		if x, err = r.layer(s, "_l"+strconv.Itoa(k), x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// layer applies the layer whose parameters' names end in suffix.
func (r recurrent) layer(s *Scope, suffix string, x *gorgonia.Node) (*gorgonia.Node, error) {
	rows := r.gates * r.units
	var params [4]*gorgonia.Node
	for i, p := range []struct {
		name  string
		shape []int
	}{
		{"weight_ih", []int{rows, x.Shape()[2]}}, {"weight_hh", []int{rows, r.units}},
		{"bias_ih", []int{rows}}, {"bias_hh", []int{rows}},
	} {
		var err error
		if params[i], err = s.Param(p.name+suffix, p.shape, byUnits(r.units)); err != nil {
			return nil, err
		}
	}
	whh, err := s.drop(r.name+": WeightDrop", params[1], r.weights, nil, weightDrop)
	if err != nil {
		return nil, err
	}
	stream, _ := s.DropoutStream()
	// The op draws in two more layers.
	s.DropoutStream()
	s.DropoutStream()
	y, err := r.op(x, params[0], whh, params[2], params[3], r.noise, stream)
	return y, s.Wrap(err, r.name)
}

// weightDrop is [ops.WeightDrop] of one matrix.
func weightDrop(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
	dropped, err := ops.WeightDrop([]*gorgonia.Node{w}, p, opts...)
	if err != nil {
		return nil, err
	}
	return dropped[0], nil
}

// byUnits draws from U(-a, a) with a = 1/sqrt(units), as PyTorch does for all
// parameters of a recurrent layer.
func byUnits(units int) Init {
	return func(values []float64, _ tensor.Shape, r *rand.Rand) {
		uniform(values, 1/math.Sqrt(float64(units)), r)
	}
}
