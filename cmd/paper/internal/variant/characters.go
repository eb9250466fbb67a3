package variant

import (
	"math/rand/v2"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/opticks"
	"github.com/gorgonia-dropout/dropout/training"
)

// Before is how many characters a network sees before the one that it predicts:
// with the 91 kinds of characters of the book it has nearly as many inputs as
// there are pixels.
const Before = 8

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
func (c *characters) InputShape() []int { return []int{Before * c.kinds} }

// Gather implements training.Dataset.
func (c *characters) Gather(indices []int, x []float32, y []int) error {
	each := Before * c.kinds
	if len(x) != len(indices)*each || len(y) != len(indices) {
		return errors.Errorf("characters: must gather %d values and a label of each example, got %d and %d of %d", each, len(x), len(y), len(indices))
	}
	clear(x)
	for k, i := range indices {
		if i < 0 || i >= c.Len() {
			return errors.Errorf("characters: index must be in [0, %d), got %d", c.Len(), i)
		}
		for p, id := range c.ids[c.at[i] : c.at[i]+Before] {
			x[k*each+p*c.kinds+id] = 1
		}
		y[k] = c.ids[c.at[i]+Before]
	}
	return nil
}

// Characters returns examples of opticks: from the training text so many, at places that
// depend on the seed alone, and so many from the beginning of the test text or, to choose
// settings, of the validation text.
func Characters(seed uint64, examples, test int, validation bool) (training.Data, error) {
	const stream = 11 // no one else's
	book, err := opticks.Load(Before)
	if err != nil {
		return training.Data{}, err
	}
	part := func(ids []int, n int, order []int) (*characters, error) {
		places := len(ids) - Before
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
	train, err := part(text, examples, rand.New(rand.NewPCG(seed, stream)).Perm(len(text)-Before))
	if err != nil {
		return training.Data{}, err
	}
	judged := book.Test.IDs
	if validation {
		judged = book.Validation.IDs
	}
	reported, err := part(judged, test, nil)
	return training.Data{Train: train, Test: reported}, err
}
