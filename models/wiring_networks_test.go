package models_test

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// recurrentOp is nn.LSTM or nn.GRU.
type recurrentOp = func(x, wih, whh, bih, bhh *gorgonia.Node, noise nn.RecurrentNoise, opts ...ops.StreamOption) (*gorgonia.Node, error)

// recurrent is two layers from the dropout with the given id on, as LSTM and GRU
// document them.
func (s *site) recurrent(x *gorgonia.Node, prefix string, id uint32, op recurrentOp, noise nn.RecurrentNoise) *gorgonia.Node {
	for k, p := range []float64{0.2, 0.3} { // InputDropout and LayerDropout
		name := func(of string) *gorgonia.Node { return s.w(prefix + of + "_l" + strconv.Itoa(k)) }
		x = s.must(ops.LockedDropout(x, p, 1, s.at(id)))
		whh, err := ops.WeightDrop([]*gorgonia.Node{name("weight_hh")}, 0.4, s.at(id+1))
		if err != nil {
			s.t.Fatal(err)
		}
		x = s.must(op(x, name("weight_ih"), whh[0], name("bias_ih"), name("bias_hh"), noise, s.at(id+2)))
		id += 5 // the op draws from three layers
	}
	return x
}

var (
	lstm = models.LSTM{Units: 4, Layers: 2, InputDropout: 0.2, LayerDropout: 0.3, RecurrentDropout: 0.5, WeightDrop: 0.4,
		ZoneoutCell: 0.25, ZoneoutHidden: 0.15}
	lstmNoise = nn.RecurrentNoise{Dropout: 0.5, ZoneoutCell: 0.25, ZoneoutHidden: 0.15}
	gru       = models.GRU{Units: 4, Layers: 2, InputDropout: 0.2, LayerDropout: 0.3, RecurrentDropout: 0.5, WeightDrop: 0.4, Zoneout: 0.15}
	gruNoise  = nn.RecurrentNoise{Dropout: 0.5, ZoneoutHidden: 0.15}
)

// linear is a layer of a matrix for each token of x.
func (s *site) linear(x *gorgonia.Node, weight, bias string) *gorgonia.Node {
	times := x.Shape()[1]
	y := s.must(nn.Dense(s.must(nn.Tokens(x)), s.w(weight), s.w(bias), nn.ActivationNone))
	return s.must(nn.Sequences(y, times))
}

// attention is SelfAttention of two heads whose dropout has the given id.
func (s *site) attention(x *gorgonia.Node, prefix string, id uint32, p float64, causal bool) *gorgonia.Node {
	attend := nn.SelfAttention
	if causal {
		attend = nn.CausalSelfAttention
	}
	qkv := s.linear(x, prefix+"in_proj_weight", prefix+"in_proj_bias")
	return s.linear(s.must(attend(qkv, 2, p, s.at(id))), prefix+"out_proj.weight", prefix+"out_proj.bias")
}

// norm is LayerNorm.
func (s *site) norm(x *gorgonia.Node, name string) *gorgonia.Node {
	return s.must(nn.LayerNorm(x, s.w(name+".weight"), s.w(name+".bias"), 1e-5))
}

// block is a TransformerBlock with the rates of blockOf, from a dropout's id on.
func (s *site) block(x *gorgonia.Node, prefix string, id uint32, path float64, causal bool) *gorgonia.Node {
	y := s.attention(s.norm(x, prefix+"norm1"), prefix+"self_attn.", id, 0.3, causal)
	y = s.must(ops.Dropout(y, 0.2, s.at(id+1)))
	y = s.must(ops.DropPath(y, path, s.at(id+2)))
	x = s.must(gorgonia.Add(x, y))
	times := x.Shape()[1]
	y = s.must(nn.Tokens(s.norm(x, prefix+"norm2")))
	y = s.must(nn.GELU(s.must(nn.Dense(y, s.w(prefix+"linear1.weight"), s.w(prefix+"linear1.bias"), nn.ActivationNone))))
	y = s.must(ops.Dropout(y, 0.4, s.at(id+3)))
	y = s.must(nn.Dense(y, s.w(prefix+"linear2.weight"), s.w(prefix+"linear2.bias"), nn.ActivationNone))
	y = s.must(ops.Dropout(y, 0.2, s.at(id+4)))
	y = s.must(ops.DropPath(s.must(nn.Sequences(y, times)), path, s.at(id+5)))
	return s.must(gorgonia.Add(x, y))
}

func blockOf(path float64) models.TransformerBlock {
	return models.TransformerBlock{Heads: 2, Hidden: 6, AttentionDropout: 0.3, HiddenDropout: 0.4, ResidualDropout: 0.2, DropPath: path}
}

func sequenceWirings() []wiring {
	sequence := []int{5, 4}
	causal := blockOf(0.5)
	causal.Causal = true
	skipped := blockOf(0.5)
	skipped.LayerDrop = 0.4
	return []wiring{
		{name: "LSTM", layer: lstm, input: sequence, ops: func(s *site) *gorgonia.Node { return s.recurrent(s.x, "", 1, nn.LSTM, lstmNoise) }},
		{name: "GRU", layer: gru, input: sequence, ops: func(s *site) *gorgonia.Node { return s.recurrent(s.x, "", 1, nn.GRU, gruNoise) }},
		{name: "SelfAttention", layer: models.SelfAttention{Heads: 2, Dropout: 0.5}, input: sequence,
			ops: func(s *site) *gorgonia.Node { return s.attention(s.x, "", 1, 0.5, false) }},
		{name: "SelfAttention, causal", layer: models.SelfAttention{Heads: 2, Dropout: 0.5, Causal: true}, input: sequence,
			ops: func(s *site) *gorgonia.Node { return s.attention(s.x, "", 1, 0.5, true) }},
		{name: "TransformerBlock", layer: blockOf(0.5), input: sequence,
			ops: func(s *site) *gorgonia.Node { return s.block(s.x, "", 1, 0.5, false) }},
		{name: "TransformerBlock, skipped", layer: skipped, input: sequence,
			ops: func(s *site) *gorgonia.Node {
				return s.must(ops.LayerDrop(s.x, s.block(s.x, "", 1, 0.5, false), 0.4, s.at(7)))
			}},
		{name: "TransformerBlock, causal", layer: causal, input: sequence,
			ops: func(s *site) *gorgonia.Node { return s.block(s.x, "", 1, 0.5, true) }},
	}
}

// perceptron is two hidden layers of an MLP whose dropouts have the ids from id on;
// its Linear layers are numbered 1, 4 and 7.
func (s *site) perceptron(x *gorgonia.Node, prefix string, id uint32, input, hidden float64) *gorgonia.Node {
	x = s.must(ops.Dropout(x, input, s.at(id)))
	for k, n := range []string{"1", "4"} {
		x = s.must(nn.DenseDropout(x, s.w(prefix+n+".weight"), s.w(prefix+n+".bias"), nn.ActivationReLU, hidden, s.at(id+1+uint32(k))))
	}
	return s.must(nn.Dense(x, s.w(prefix+"7.weight"), s.w(prefix+"7.bias"), nn.ActivationNone))
}

func networkWirings() []wiring {
	return []wiring{
		{name: "MLP", layer: models.MLP{Inputs: 6, Hidden: []int{8, 7}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5}, input: []int{6},
			ops: func(s *site) *gorgonia.Node { return s.perceptron(s.x, "", 1, 0.2, 0.5) }},
		{name: "Tabular", layer: models.Tabular{Inputs: 6, Hidden: []int{8, 7}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5}, input: []int{6},
			ops: func(s *site) *gorgonia.Node { return s.perceptron(s.x, "", 1, 0.2, 0.5) }},
		{name: "Tabular, self-normalizing", input: []int{6},
			layer: models.Tabular{Inputs: 6, Hidden: []int{8}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5, SelfNormalizing: true},
			ops: func(s *site) *gorgonia.Node {
				x := s.must(ops.AlphaDropout(s.x, 0.2, s.at(1)))
				x = s.must(nn.SELU(s.must(nn.Dense(x, s.w("1.weight"), s.w("1.bias"), nn.ActivationNone))))
				x = s.must(ops.AlphaDropout(x, 0.5, s.at(2)))
				return s.must(nn.Dense(x, s.w("4.weight"), s.w("4.bias"), nn.ActivationNone))
			}},
		{name: "ConvNet", input: []int{2, 6, 6},
			layer: models.ConvNet{Channels: []int{3, 4}, Hidden: []int{8, 7}, Outputs: 3, InputDropout: 0.1, ChannelDropout: 0.3, HiddenDropout: 0.5},
			ops: func(s *site) *gorgonia.Node {
				x := s.must(ops.Dropout(s.x, 0.1, s.at(1)))
				for k, n := range []string{"1", "5"} {
					x = s.must(nn.Conv2dReLU(x, s.w("features."+n+".weight"), s.w("features."+n+".bias"), nn.WithPadding(1)))
					x = s.must(ops.Dropout2d(s.must(nn.MaxPool2d(x, 2)), 0.3, s.at(2+uint32(k))))
				}
				return s.perceptron(s.must(nn.Flatten(x)), "classifier.", 4, 0, 0.5)
			}},
	}
}

func languageWirings() []wiring {
	const vocabulary = 6
	model := func(s *site, p float64, body func(x *gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
		x := s.must(nn.Embedding(s.must(ops.EmbeddingDropout(s.w("embedding.weight"), p, s.at(1))), s.x))
		return s.linear(body(x), "decoder.weight", "decoder.bias")
	}
	return []wiring{
		{name: "LSTMLanguageModel", input: []int{5}, ids: vocabulary,
			layer: models.LSTMLanguageModel{Vocabulary: vocabulary, Width: 4, LSTM: lstm, EmbeddingDropout: 0.3, OutputDropout: 0.4},
			ops: func(s *site) *gorgonia.Node {
				return model(s, 0.3, func(x *gorgonia.Node) *gorgonia.Node {
					return s.must(ops.LockedDropout(s.recurrent(x, "rnn.", 2, nn.LSTM, lstmNoise), 0.4, 1, s.at(12)))
				})
			}},
		{name: "GRULanguageModel", input: []int{5}, ids: vocabulary,
			layer: models.GRULanguageModel{Vocabulary: vocabulary, Width: 4, GRU: gru, EmbeddingDropout: 0.3, OutputDropout: 0.4},
			ops: func(s *site) *gorgonia.Node {
				return model(s, 0.3, func(x *gorgonia.Node) *gorgonia.Node {
					return s.must(ops.LockedDropout(s.recurrent(x, "rnn.", 2, nn.GRU, gruNoise), 0.4, 1, s.at(12)))
				})
			}},
		{name: "TransformerLanguageModel", input: []int{5}, ids: vocabulary,
			layer: models.TransformerLanguageModel{Vocabulary: vocabulary, Context: 5, Width: 4, Blocks: 2, Block: blockOf(0.4), EmbeddingDropout: 0.3},
			ops: func(s *site) *gorgonia.Node {
				return model(s, 0, func(x *gorgonia.Node) *gorgonia.Node {
					x = s.must(nn.AddPositions(x, s.w("position.weight")))
					x = s.must(ops.Dropout(x, 0.3, s.at(2)))
					for k, path := range []float64{0.2, 0.4} {
						x = s.block(x, "blocks."+strconv.Itoa(k)+".", 3+6*uint32(k), path, true)
					}
					return s.norm(x, "norm")
				})
			}},
	}
}
