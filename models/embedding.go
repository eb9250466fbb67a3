package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// EmbeddingLayer looks up a row for each id, from (batch, ...) to (batch, ...,
// Width). Ids are whole numbers in [0, Vocabulary), of the model's type; an id
// outside is an error of the run. Parameter: weight (Vocabulary, Width). See
// [nn.Embedding].
type EmbeddingLayer struct {
	Vocabulary, Width int
	Init              Init // Normal(1) by default
}

// Embedding returns the layer that looks up rows of the given width.
func Embedding(vocabulary, width int) EmbeddingLayer {
	return EmbeddingLayer{Vocabulary: vocabulary, Width: width}
}

// Apply adds the layer to the graph of the ids.
func (l EmbeddingLayer) Apply(s *Scope, ids *gorgonia.Node) (*gorgonia.Node, error) {
	w, err := l.rows(s, "Embedding")
	if err != nil {
		return nil, err
	}
	y, err := nn.Embedding(w, ids)
	return y, s.Wrap(err, "Embedding")
}

// rows returns the parameter.
func (l EmbeddingLayer) rows(s *Scope, name string) (*gorgonia.Node, error) {
	if l.Vocabulary <= 0 || l.Width <= 0 {
		return nil, s.Errorf("%s: sizes must be positive, got %d and %d", name, l.Vocabulary, l.Width)
	}
	return s.Param("weight", []int{l.Vocabulary, l.Width}, l.Init.or(Normal(1)))
}

// EmbeddingDropoutLayer is an embedding whose rows are zeroed with probability
// P in training, so that a dropped word is missing wherever it occurs in the
// batch; see [ops.EmbeddingDropout].
type EmbeddingDropoutLayer struct {
	Embedding EmbeddingLayer
	P         float64
	Options   []ops.Option
}

// EmbeddingDropout returns [Embedding] whose rows are zeroed with probability p
// in training.
func EmbeddingDropout(vocabulary, width int, p float64, opts ...ops.Option) EmbeddingDropoutLayer {
	return EmbeddingDropoutLayer{Embedding: Embedding(vocabulary, width), P: p, Options: opts}
}

// Apply adds the layer to the graph of the ids.
func (l EmbeddingDropoutLayer) Apply(s *Scope, ids *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "EmbeddingDropout"
	w, err := l.Embedding.rows(s, name)
	if err != nil {
		return nil, err
	}
	if w, err = s.drop(name, w, l.P, l.Options, ops.EmbeddingDropout); err != nil {
		return nil, err
	}
	y, err := nn.Embedding(w, ids)
	return y, s.Wrap(err, name)
}
