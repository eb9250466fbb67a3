// Package opticks embeds Isaac Newton's "Opticks" in a program, the fourth
// edition of 1730: 567,038 characters of 91 kinds, for training language
// models. It is in the public domain; see README.md beside this file.
package opticks

import (
	_ "embed" // the text
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
)

//go:embed opticks.txt
var text string

// Text returns the book.
func Text() string { return text }

// Parts are the parts of the book as windows of characters, for training.Data,
// and the vocabulary of their ids.
type Parts struct {
	Vocabulary              *datasets.Vocabulary
	Train, Validation, Test *datasets.Windows
}

// Load returns the book in windows of the given number of characters: the first
// 90 % of it to train on, and 5 % each for validation and test from the end, so
// that the test text has not been seen. Windows do not overlap. The vocabulary
// is that of the whole book. It is an error if a part has no whole window.
func Load(length int) (*Parts, error) {
	v, err := datasets.NewVocabulary(text)
	if err != nil {
		return nil, errors.WithMessage(err, "opticks: Load")
	}
	ids, err := v.Encode(text)
	if err != nil {
		return nil, errors.WithMessage(err, "opticks: Load")
	}
	at, err := datasets.ByPosition(len(ids), 0.9, 0.05, 0.05)
	if err != nil {
		return nil, errors.WithMessage(err, "opticks: Load")
	}
	p := &Parts{Vocabulary: v}
	for k, to := range []**datasets.Windows{&p.Train, &p.Validation, &p.Test} {
		part := at[k]
		*to = &datasets.Windows{IDs: ids[part[0] : part[len(part)-1]+1], Length: length}
		if (*to).Len() == 0 {
			return nil, errors.Errorf("opticks: Load: length must be in [1, %d], got %d", len(at[1])-1, length)
		}
	}
	return p, nil
}

// Bits converts a negative log-likelihood per character from nats, as in
// training.Metrics, to bits.
func Bits(nats float64) float64 { return nats / math.Ln2 }
