package compare

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

// Plain returns the network of layers of package models alone, and the Go expression that
// makes it, for other programs. Embeddings of categories become one layer with a matrix of
// blocks: what is embedded is multiplied by its embedding, what is not by 1.
func (f *Final) Plain() (m *models.Model, expression string, err error) {
	s := f.Settings
	switch {
	case f.Kind == Text:
		return f.Model, fmt.Sprintf("models.LSTMLanguageModel{Vocabulary: %d, Width: %d, LSTM: models.LSTM{Units: %d}, EmbeddingDropout: %v, OutputDropout: %v}",
			f.Outputs, characterWidth, s.Hidden[0], s.InputP, s.HiddenP), nil
	case f.Picture != nil:
		return f.Model, fmt.Sprintf("models.ConvNet{Channels: %#v, Hidden: %#v, Outputs: %d, ChannelDropout: %v, HiddenDropout: %v}",
			channels, s.Hidden, f.Outputs, s.InputP, s.HiddenP), nil
	}
	of := embedded(f.Encoder)
	if of == nil {
		return f.Model, fmt.Sprintf("models.MLP{Inputs: %d, Hidden: %#v, Outputs: %d, InputDropout: %v, HiddenDropout: %v}",
			f.Input[0], s.Hidden, f.Outputs, s.InputP, s.HiddenP), nil
	}
	width := 0
	for _, b := range of {
		width += b.outputs()
	}
	net := models.MLP{Hidden: s.Hidden, Outputs: f.Outputs, InputDropout: s.InputP, HiddenDropout: s.HiddenP}
	embedding := models.LinearLayer{In: f.Input[0], Out: width, NoBias: true}
	if m, err = models.New(append(models.Sequential{embedding}, net.Layers()...), f.Input, models.WithSeed(f.Seed)); err != nil {
		return nil, "", err
	}
	weights, err := f.Model.Weights()
	if err != nil {
		return nil, "", err
	}
	if err := joinEmbeddings(of, weights, f.Input[0], width); err != nil {
		return nil, "", err
	}
	return m, fmt.Sprintf("append(models.Sequential{models.LinearLayer{In: %d, Out: %d, NoBias: true}}, models.MLP{Hidden: %#v, Outputs: %d, InputDropout: %v, HiddenDropout: %v}.Layers()...)",
		f.Input[0], width, s.Hidden, f.Outputs, s.InputP, s.HiddenP), m.SetWeights(weights)
}

// outputs returns how many numbers a block gives.
func (b block) outputs() int {
	if b.width > 0 {
		return b.width
	}
	return b.to - b.from
}

// joinEmbeddings puts one matrix, of the first layer of a sequence, in the place of those of
// embeddings.
func joinEmbeddings(of []block, weights map[string]*tensor.Dense, inputs, width int) error {
	joined := make([]float32, width*inputs) // as files have it: a row for each output
	at := 0
	for i, b := range of {
		levels := b.to - b.from
		for k := range levels {
			if b.width == 0 {
				joined[(at+k)*inputs+b.from+k] = 1
			}
		}
		if b.width > 0 {
			name := ""
			for n := range weights {
				if strings.HasSuffix(n, fmt.Sprintf("embedding.%d.weight", i)) {
					name = n
				}
			}
			w := weights[name]
			if w == nil || w.DataSize() != levels*b.width {
				return errors.Errorf("compare: Plain: embedding %d must have a matrix of %d by %d, got none", i, b.width, levels)
			}
			for k := range b.width {
				copy(joined[(at+k)*inputs+b.from:], w.Float32s()[k*levels:(k+1)*levels])
			}
			delete(weights, name)
		}
		at += b.outputs()
	}
	weights["0.weight"] = tensor.New(tensor.WithShape(width, inputs), tensor.WithBacking(joined))
	return nil
}
