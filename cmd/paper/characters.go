package main

import (
	"math/rand/v2"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/opticks"
	"github.com/gorgonia-dropout/dropout/training"
)

// before is how many characters a network sees before the one that it predicts:
// with the 91 kinds of characters of the book it has nearly as many inputs as
// there are pixels.
const before = 8

// characters are examples of a text: some characters as one-hot vectors, and
// the next one as the label.
type characters struct {
	ids   []int
	at    []int // where the inputs of each example begin
	kinds int
}

// Len implements training.Dataset.
func (c *characters) Len() int { return len(c.at) }

// InputShape implements training.Dataset.
func (c *characters) InputShape() []int { return []int{before * c.kinds} }

// Gather implements training.Dataset.
func (c *characters) Gather(indices []int, x []float32, y []int) error {
	each := before * c.kinds
	if len(x) != len(indices)*each || len(y) != len(indices) {
		return errors.Errorf("characters: must gather %d values and a label of each example, got %d and %d of %d", each, len(x), len(y), len(indices))
	}
	clear(x)
	for k, i := range indices {
		if i < 0 || i >= c.Len() {
			return errors.Errorf("characters: index must be in [0, %d), got %d", c.Len(), i)
		}
		for p, id := range c.ids[c.at[i] : c.at[i]+before] {
			x[k*each+p*c.kinds+id] = 1
		}
		y[k] = c.ids[c.at[i]+before]
	}
	return nil
}

// characterData returns the examples of a trial of opticks: from the training
// text the same places for all arms, others for each seed, and the beginning of
// the test text or, to choose settings, of the validation text.
func characterData(t trial) (training.Data, error) {
	const stream = 11 // no one else's
	book, err := opticks.Load(before)
	if err != nil {
		return training.Data{}, err
	}
	part := func(ids []int, n int, order []int) (*characters, error) {
		places := len(ids) - before
		if n > places {
			return nil, errors.Errorf("opticks: text must have %d places to predict, got %d", n, places)
		}
		c := &characters{ids: ids, at: make([]int, n), kinds: book.Vocabulary.Size()}
		for i := range c.at {
			c.at[i] = i
			if order != nil {
				c.at[i] = order[i]
			}
		}
		return c, nil
	}
	text := book.Train.IDs
	train, err := part(text, t.Arm.Images, rand.New(rand.NewPCG(t.Seed, stream)).Perm(len(text)-before))
	if err != nil {
		return training.Data{}, err
	}
	judged, n := book.Test.IDs, t.Budget.Test
	if t.Held > 0 {
		judged, n = book.Validation.IDs, t.Held
	}
	test, err := part(judged, n, nil)
	return training.Data{Train: train, Test: test}, err
}
