package models

import "gorgonia.org/gorgonia"

// TransformerBlock is a block of a Transformer for (batch, time, width), with
// normalization before each part:
//
//	x = x + attention(norm(x))
//	x = x + linear(gelu(linear(norm(x))))
//
// Its parameters are named as in PyTorch's nn.TransformerEncoderLayer with
// norm_first=True: self_attn (see [SelfAttention]), linear1, linear2, norm1 and
// norm2.
//
// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017; Xiong et al.,
// "On Layer Normalization in the Transformer Architecture", ICML 2020.
type TransformerBlock struct {
	Heads  int
	Hidden int  // units between the two linear layers; 4·width by default
	Causal bool // each token attends to itself and earlier ones only

	// AttentionDropout drops attention weights, HiddenDropout hidden units,
	// ResidualDropout units of what each part adds. PyTorch's
	// nn.TransformerEncoderLayer has one rate for the three.
	AttentionDropout, HiddenDropout, ResidualDropout float64
	// DropPath drops all that a part adds to an example; see [DropPathLayer].
	DropPath float64
	// LayerDrop skips the whole block, for all examples of a batch at once; see
	// [ops.LayerDrop], and [KeepBlocks] for removing blocks afterwards.
	LayerDrop float64

	Activation Layer // GELU by default
	Init       Init  // of the matrices; Normal(0.02) by default
}

// Apply adds the block to the graph of x.
func (b TransformerBlock) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if x.Dims() != 3 {
		return nil, s.Errorf("TransformerBlock: input must have shape (batch, time, width), got %v", x.Shape())
	}
	if b.Hidden < 0 {
		return nil, s.Errorf("TransformerBlock: hidden units must not be negative, got %d", b.Hidden)
	}
	if err := s.checkRates("TransformerBlock", b.rates()...); err != nil {
		return nil, err
	}
	width, hidden, activation, init := x.Shape()[2], b.Hidden, b.Activation, b.Init.or(Normal(0.02))
	if hidden == 0 {
		hidden = 4 * width
	}
	if activation == nil {
		activation = GELU()
	}
	input := x
	for _, branch := range []parts{{
		{"norm1", LayerNorm()},
		{"self_attn", SelfAttention{Heads: b.Heads, Causal: b.Causal, Dropout: b.AttentionDropout, Init: init}},
		{"", Dropout(b.ResidualDropout)},
		{"", DropPath(b.DropPath)},
	}, {
		{"norm2", LayerNorm()},
		{"", tokenwise{
			{"linear1", LinearLayer{In: width, Out: hidden, Init: init}},
			{"", activation},
			{"", Dropout(b.HiddenDropout)},
			{"linear2", LinearLayer{In: hidden, Out: width, Init: init}},
			{"", Dropout(b.ResidualDropout)},
		}},
		{"", DropPath(b.DropPath)},
	}} {
		y, err := branch.Apply(s, x)
		if err != nil {
			return nil, err
		}
		if x, err = gorgonia.Add(x, y); err != nil {
			return nil, s.Wrap(err, "TransformerBlock")
		}
	}
	if b.LayerDrop == 0 {
		// Without a layer id, which the masks of networks that have no LayerDrop
		// would change with.
		return x, nil
	}
	return s.layerDrop(input, x, b.LayerDrop, nil)
}

func (b TransformerBlock) rates() []rate {
	return []rate{{"AttentionDropout", b.AttentionDropout}, {"HiddenDropout", b.HiddenDropout},
		{"ResidualDropout", b.ResidualDropout}, {"DropPath", b.DropPath}, {"LayerDrop", b.LayerDrop}}
}

// tokenwise applies parts to each token alike.
type tokenwise parts

func (t tokenwise) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return perToken(s, x, parts(t))
}
