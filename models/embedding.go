package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// Embedding looks up a row for each id, from (batch, ...) to (batch, ..., width).
// Ids are whole numbers in [0, vocabulary), of the model's type; one outside is an
// error of the run. Parameter: weight (vocabulary, width), which starts from
// N(0, 1).
func Embedding(vocabulary, width int) Layer {
	return LayerFunc(func(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		if vocabulary <= 0 || width <= 0 {
			return nil, s.Errorf("Embedding: sizes must be positive, got %d and %d", vocabulary, width)
		}
		w, err := s.Param("weight", []int{vocabulary, width}, Normal(1))
		if err != nil {
			return nil, err
		}
		y, err := ops.Embedding(w, x)
		return y, s.Wrap(err, "Embedding")
	})
}
