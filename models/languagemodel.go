package models

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// LSTMLanguageModel predicts the next token of sequences: from ids (batch,
// time) to logits (batch, time, Vocabulary). Ids are whole numbers in [0,
// Vocabulary), as floats, since that is what models take; labels are the ids
// shifted by one position.
//
//	net := models.LSTMLanguageModel{
//		Vocabulary: 64, Width: 128, LSTM: models.LSTM{Units: 256, WeightDrop: 0.5},
//		OutputDropout: 0.4,
//	}
//	model, err := models.New(net, []int{100}) // sequences of 100 tokens
//
// Its dropouts are those of Merity et al., "Regularizing and Optimizing LSTM
// Language Models", ICLR 2018. Parameters are named embedding, rnn (see [LSTM])
// and decoder.
type LSTMLanguageModel struct {
	Vocabulary int
	Width      int // of the embedding
	LSTM       LSTM

	// EmbeddingDropout drops words of the vocabulary, wherever they occur.
	EmbeddingDropout float64
	// OutputDropout drops units of the last layer, with one mask for all time
	// steps.
	OutputDropout float64
	// Tied uses the embedding as the decoder, without bias; Width must then be
	// the number of units (Press and Wolf, EACL 2017; Inan et al., ICLR 2017).
	Tied bool
}

// Apply adds the network to the graph of the ids x.
func (m LSTMLanguageModel) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "LSTMLanguageModel"
	if err := s.checkRates(name, rate{"EmbeddingDropout", m.EmbeddingDropout}, rate{"OutputDropout", m.OutputDropout}); err != nil {
		return nil, err
	}
	return languageModel{
		name: name, vocabulary: m.Vocabulary, width: m.Width,
		embeddingDropout: m.EmbeddingDropout, tied: m.Tied, init: Normal(0.1),
		body: parts{{"rnn", m.LSTM}, {"", LockedDropout(m.OutputDropout)}},
	}.Apply(s, x)
}

// GRULanguageModel is [LSTMLanguageModel] with a [GRU].
type GRULanguageModel struct {
	Vocabulary, Width               int
	GRU                             GRU
	EmbeddingDropout, OutputDropout float64
	Tied                            bool
}

// Apply adds the network to the graph of the ids x.
func (m GRULanguageModel) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "GRULanguageModel"
	if err := s.checkRates(name, rate{"EmbeddingDropout", m.EmbeddingDropout}, rate{"OutputDropout", m.OutputDropout}); err != nil {
		return nil, err
	}
	return languageModel{
		name: name, vocabulary: m.Vocabulary, width: m.Width,
		embeddingDropout: m.EmbeddingDropout, tied: m.Tied, init: Normal(0.1),
		body: parts{{"rnn", m.GRU}, {"", LockedDropout(m.OutputDropout)}},
	}.Apply(s, x)
}

// TransformerLanguageModel predicts the next token of sequences with causal
// Transformer blocks: from ids (batch, time) to logits (batch, time,
// Vocabulary), as [LSTMLanguageModel] does.
//
// It is the network of Radford et al., "Language Models are Unsupervised
// Multitask Learners", 2019. Parameters are named embedding, position, blocks.0
// and so on (see [TransformerBlock]), norm and decoder.
type TransformerLanguageModel struct {
	Vocabulary int
	Context    int // maximal number of tokens in a sequence
	Width      int // of the embedding and all blocks
	Blocks     int
	// Block describes all blocks, which are always causal. Its DropPath is the
	// rate of the last block; it grows to this linearly with depth, see
	// [ops.DropPathRates]. Its LayerDrop is the rate of each block.
	Block TransformerBlock

	// EmbeddingDropout drops units of the embedded tokens.
	EmbeddingDropout float64
	// Tied uses the embedding as the decoder, without bias.
	Tied bool
}

// Apply adds the network to the graph of the ids x.
func (m TransformerLanguageModel) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "TransformerLanguageModel"
	if m.Context <= 0 || m.Blocks < 0 {
		return nil, s.Errorf("%s: context must be positive and blocks not negative, got %d and %d", name, m.Context, m.Blocks)
	}
	if err := s.checkRates(name, m.Block.rates()...); err != nil {
		return nil, err
	}
	body := parts{{"position", Positions(m.Context)}, {"", Dropout(m.EmbeddingDropout)}}
	rates, err := ops.DropPathRates(m.Block.DropPath, m.Blocks)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	for i, p := range rates {
		block := m.Block
		block.Causal, block.DropPath = true, p
		body = append(body, part{"blocks." + strconv.Itoa(i), block})
	}
	return languageModel{
		name: name, vocabulary: m.Vocabulary, width: m.Width, tied: m.Tied, init: Normal(0.02),
		body: append(body, part{"norm", LayerNorm()}),
	}.Apply(s, x)
}

// languageModel is what all language models have around their body.
type languageModel struct {
	name              string
	vocabulary, width int
	embeddingDropout  float64
	tied              bool
	init              Init
	body              Layer // from (batch, time, width) to (batch, time, features)
}

func (m languageModel) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if m.vocabulary <= 0 || m.width <= 0 {
		return nil, s.Errorf("%s: vocabulary and width must be positive, got %d and %d", m.name, m.vocabulary, m.width)
	}
	if x.Dims() != 2 {
		return nil, s.Errorf("%s: input must be ids of shape (batch, time), got %v", m.name, x.Shape())
	}
	table := EmbeddingLayer{Vocabulary: m.vocabulary, Width: m.width, Init: m.init}
	x, err := s.Apply("embedding", EmbeddingDropoutLayer{Embedding: table, P: m.embeddingDropout}, x)
	if err != nil {
		return nil, err
	}
	if x, err = m.body.Apply(s, x); err != nil {
		return nil, err
	}
	features := x.Shape()[2]
	if !m.tied {
		return perToken(s, x, parts{{"decoder", LinearLayer{In: features, Out: m.vocabulary, Init: m.init}}})
	}
	if features != m.width {
		return nil, s.Errorf("%s: a tied decoder must have the %d features of the embedding, got %d", m.name, m.width, features)
	}
	embedding, err := table.rows(s.Child("embedding"), m.name)
	if err != nil {
		return nil, err
	}
	y, err := nn.MatMul(x, embedding, nn.WithTransposedB())
	return y, s.Wrap(err, m.name)
}
