package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// CrossAttention is multi-head attention to other sequences, such as those of an
// encoder: each token of (batch, time, width) attends to all tokens of To; see
// [nn.CrossAttention].
//
// Parameters: q_proj.weight and q_proj.bias, which make queries, kv_proj.weight and
// kv_proj.bias, which make keys and values, and out_proj.weight and out_proj.bias. In
// PyTorch's nn.MultiheadAttention the first two are parts of in_proj_weight and
// in_proj_bias, the first width rows and the others.
type CrossAttention struct {
	Heads   int
	Dropout float64 // drop probability of the attention weights
	Init    Init    // of the matrices; GlorotUniform by default

	// To are the sequences (batch, times, features) to attend to, a node of the graph
	// under construction, and Mask, (batch, times), is 0 at their padding; nil means
	// that there is none.
	To, Mask *gorgonia.Node
}

// Apply adds the attention to the graph of x.
func (a CrossAttention) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "CrossAttention"
	if x.Dims() != 3 {
		return nil, s.Errorf("%s: input must have shape (batch, time, width), got %v", name, x.Shape())
	}
	if a.To == nil || a.To.Graph() != x.Graph() || a.To.Dims() != 3 {
		return nil, s.Errorf("%s: To must be a node of the model's graph of shape (batch, times, features), got another", name)
	}
	width := x.Shape()[2]
	if a.Heads <= 0 || width%a.Heads != 0 {
		return nil, s.Errorf("%s: heads must divide the width %d, got %d", name, width, a.Heads)
	}
	init := a.Init.or(GlorotUniform)
	queries, err := perToken(s, x, parts{{"q_proj", LinearLayer{Out: width, Init: init}}})
	if err != nil {
		return nil, err
	}
	keysValues, err := perToken(s, a.To, parts{{"kv_proj", LinearLayer{Out: 2 * width, Init: init}}})
	if err != nil {
		return nil, err
	}
	stream, ok, err := s.dropoutStream(name, a.Dropout)
	if err != nil {
		return nil, err
	}
	attention := nn.Attention{Heads: a.Heads, P: a.Dropout, Mask: a.Mask}
	if !ok {
		attention.P = 0
	}
	y, err := attention.Cross(queries, keysValues, stream)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	return perToken(s, y, parts{{"out_proj", LinearLayer{In: width, Out: width, Init: init}}})
}
