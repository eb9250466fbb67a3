package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// SelfAttention is multi-head self-attention: each token of (batch, time,
// width) attends to all tokens of its sequence; see [nn.SelfAttention]. In a model
// [WithMask] nothing attends to padding, for which the attention is that of zeros.
//
// Parameters are named as in PyTorch's nn.MultiheadAttention: in_proj_weight
// and in_proj_bias, which make queries, keys and values, and out_proj.weight
// and out_proj.bias. Here the matrices are (inputs, outputs), as in
// [LinearLayer]; [Model.WriteSafetensors] transposes them.
type SelfAttention struct {
	Heads   int
	Causal  bool    // each token attends to itself and earlier ones only
	Dropout float64 // drop probability of the attention weights
	Init    Init    // of the matrices; GlorotUniform by default
}

// Apply adds the attention to the graph of x.
func (a SelfAttention) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "SelfAttention"
	if x.Dims() != 3 {
		return nil, s.Errorf("%s: input must have shape (batch, time, width), got %v", name, x.Shape())
	}
	width := x.Shape()[2]
	if a.Heads <= 0 || width%a.Heads != 0 {
		return nil, s.Errorf("%s: heads must divide the width %d, got %d", name, width, a.Heads)
	}
	init := a.Init.or(GlorotUniform)
	x, err := perToken(s, x, LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		w, err := s.Param("in_proj_weight", []int{width, 3 * width}, init)
		if err != nil {
			return nil, err
		}
		b, err := s.Param("in_proj_bias", []int{3 * width}, Zeros)
		if err != nil {
			return nil, err
		}
		y, err := nn.Dense(x, w, b, nn.ActivationNone)
		return y, s.Wrap(err, name)
	}))
	if err != nil {
		return nil, err
	}
	stream, ok, err := s.dropoutStream(name, a.Dropout)
	if err != nil {
		return nil, err
	}
	attention := nn.Attention{Heads: a.Heads, P: a.Dropout, Causal: a.Causal}
	if !ok {
		attention.P = 0
	}
	if attention.Mask, err = s.Mask(); err != nil {
		return nil, err
	}
	y, err := attention.Self(x, stream)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	return perToken(s, y, parts{{"out_proj", LinearLayer{In: width, Out: width, Init: init}}})
}
