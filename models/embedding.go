package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Embedding looks up a row for each id, from (batch, ...) to (batch, ..., width).
// Ids are whole numbers in [0, vocabulary), of the model's type; one outside is an
// error of the run. Parameter: weight (vocabulary, width), which starts from
// N(0, 1).
func Embedding(vocabulary, width int) Layer {
	return LayerFunc(func(s *Scope, ids *gorgonia.Node) (*gorgonia.Node, error) {
		w, err := s.rows("Embedding", vocabulary, width)
		if err != nil {
			return nil, err
		}
		y, err := nn.Embedding(w, ids)
		return y, s.Wrap(err, "Embedding")
	})
}

// EmbeddingDropout is Embedding whose rows are zeroed with probability p in
// training, so that a word is missing wherever it occurs in the batch; see
// ops.EmbeddingDropout.
func EmbeddingDropout(vocabulary, width int, p float64, opts ...ops.Option) Layer {
	const name = "EmbeddingDropout"
	return LayerFunc(func(s *Scope, ids *gorgonia.Node) (*gorgonia.Node, error) {
		w, err := s.rows(name, vocabulary, width)
		if err != nil {
			return nil, err
		}
		w, err = dropout(name, p, opts, ops.EmbeddingDropout).Apply(s, w)
		if err != nil {
			return nil, err
		}
		y, err := nn.Embedding(w, ids)
		return y, s.Wrap(err, name)
	})
}

// rows returns the parameter of an embedding.
func (s *Scope) rows(name string, vocabulary, width int) (*gorgonia.Node, error) {
	if vocabulary <= 0 || width <= 0 {
		return nil, s.Errorf("%s: sizes must be positive, got %d and %d", name, vocabulary, width)
	}
	return s.Param("weight", []int{vocabulary, width}, Normal(1))
}
