package compare

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Book is a text whose characters are predicted, as a subject. InputP of its settings is the
// drop probability of characters of the embedding, HiddenP that of what the LSTM gives.
type Book struct {
	Windows    *datasets.Windows
	Characters []string // the vocabulary, in order
}

// windowLength is the number of characters that a network sees at a time.
const windowLength = 48

// NewBook returns the subject of a text.
func NewBook(text string) (*Book, error) {
	v, err := datasets.NewVocabulary(text)
	if err != nil {
		return nil, err
	}
	b := &Book{Windows: &datasets.Windows{Length: windowLength}}
	if b.Windows.IDs, err = v.Encode(text); err != nil {
		return nil, err
	}
	for id := range v.Size() {
		c, err := v.Decode([]int{id})
		if err != nil {
			return nil, err
		}
		b.Characters = append(b.Characters, c)
	}
	return b, nil
}

// Kind implements [Subject].
func (b *Book) Kind() Kind { return Text }

// Outputs implements [Subject].
func (b *Book) Outputs() int { return len(b.Characters) }

// Names implements [Subject].
func (b *Book) Names() []string { return b.Characters }

// Space implements [Subject].
func (b *Book) Space() Space {
	return Space{
		First:  Settings{Hidden: []int{128}, LR: 0.006, WeightDecay: 0.01, HiddenP: 0.1},
		Hidden: [][]int{{96}, {128}, {128}, {192}}, LR: [2]float64{0.003, 0.015}, WeightDecay: [2]float64{0.0001, 0.1},
		InputP: [2]float64{0.01, 0.1}, HiddenP: [2]float64{0.02, 0.5},
	}
}

// Length implements [Subject].
func (b *Book) Length(n int) Length {
	const batch, steps = 32, 300
	perEpoch := (n + batch - 1) / batch
	epochs := max(2, (steps+perEpoch/2)/perEpoch)
	return Length{Batch: batch}.With(epochs, 0)
}

// Splits implements [Subject]: the text is cut into runs, of which each part gets whole
// ones. Between runs a window is left out, so that no character is in two parts.
func (b *Book) Splits(s Splitting) ([]Split, error) {
	folds := s.Folds
	if folds == 0 {
		folds = imageFolds
	}
	runs := 2 * folds
	n := b.Windows.Len()
	if n < 4*runs {
		return nil, errors.Errorf("text must have at least %d characters, got %d", 4*runs*windowLength, len(b.Windows.IDs))
	}
	run := func(k int) []int { return indices(n)[k*n/runs : (k+1)*n/runs-1] }
	var splits []Split
	for fold := -1; fold < folds; fold++ {
		test, held := 2*fold, (2*fold+1+runs)%runs
		var split Split
		for k := range runs {
			switch k {
			case test:
				split.Test = run(k)
			case held:
				split.Validation = run(k)
			default:
				split.Train = append(split.Train, run(k)...)
			}
		}
		splits = append(splits, split)
	}
	return splits, nil
}

// Part implements [Subject].
func (b *Book) Part(s Split) (*Part, error) {
	p := &Part{Input: []int{windowLength}}
	for _, part := range []struct {
		to   *training.Dataset
		rows []int
	}{{&p.Train, s.Train}, {&p.Validation, s.Validation}, {&p.Test, s.Test}} {
		if len(part.rows) == 0 {
			continue
		}
		d, err := datasets.Subset(b.Windows, part.rows)
		if err != nil {
			return nil, err
		}
		*part.to = d
	}
	return p, nil
}

// Sketch implements [Subject].
func (b *Book) Sketch(s Split) (*Part, int64, error) {
	p, err := b.Part(s)
	return p, 0, err
}

// Network implements [Subject].
func (b *Book) Network(s Settings, _ *Part) models.Layer { return Language(len(b.Characters), s) }

// characterWidth is the number of numbers that a character is embedded in.
const characterWidth = 64

// Language returns the network for text.
func Language(vocabulary int, s Settings) models.Layer {
	return models.LSTMLanguageModel{
		Vocabulary: vocabulary, Width: characterWidth, LSTM: models.LSTM{Units: s.Hidden[0]},
		EmbeddingDropout: s.InputP, OutputDropout: s.HiddenP,
	}
}
