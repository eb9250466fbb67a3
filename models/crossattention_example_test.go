package models_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
)

// reverser is an encoder and a decoder: the decoder starts from the encoder's states,
// and attends to what the encoder returned, but for its padding.
type reverser struct{ width int }

// Apply adds the network to the graph of the source x, of ids.
func (r reverser) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	embedded, err := s.Apply("source", models.Embedding(10, r.width), x)
	if err != nil {
		return nil, err
	}
	encoded, states, err := models.LSTM{Units: r.width}.Run(s.Child("encoder"), embedded, nil)
	if err != nil {
		return nil, err
	}
	mask, err := s.Mask()
	if err != nil {
		return nil, err
	}
	target, err := s.Input("target") // one token late
	if err != nil {
		return nil, err
	}
	s = s.WithMask(nil) // which is that of the source
	if target, err = s.Apply("target", models.Embedding(11, r.width), target); err != nil {
		return nil, err
	}
	decoded, _, err := models.LSTM{Units: r.width}.Run(s.Child("decoder"), target, &states)
	if err != nil {
		return nil, err
	}
	y, err := s.Apply("attention", models.CrossAttention{Heads: 2, Dropout: 0.1, To: encoded, Mask: mask}, decoded)
	if err != nil {
		return nil, err
	}
	return s.Apply("output", models.PerToken(models.Linear(r.width, 10)), y)
}

func ExampleCrossAttention() {
	const source, target = 7, 5
	model, err := models.New(reverser{width: 16}, []int{source}, models.WithMask(), models.WithIDs("target", target))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.OutputShape(), model.NumParams())
	// Output: [5 10] 5946
}
