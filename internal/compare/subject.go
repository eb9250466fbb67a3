package compare

import (
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A Kind is what is predicted.
type Kind string

// The kinds. Labels do not exclude each other; of Text it is the next character.
const (
	Classes Kind = "classes"
	Numbers Kind = "numbers"
	Labels  Kind = "labels"
	Text    Kind = "text"
)

// A Subject is the data to compare on.
type Subject interface {
	Kind() Kind
	// Outputs returns the number of classes, or of numbers or labels to predict.
	Outputs() int
	// Names returns the names of the outputs.
	Names() []string
	// Splits returns how the examples are split. The first split has no test part: it is
	// for the model to keep.
	Splits(s Splitting) ([]Split, error)
	// Part fits what there is to fit to the training part of a split, and returns its
	// data.
	Part(s Split) (*Part, error)
	// Sketch returns the part without its data, by which memory is estimated: a set may have
	// one example over and over. copied is the size of the inputs that Part makes, in bytes, 0
	// where these are only views.
	Sketch(s Split) (p *Part, copied int64, err error)
	// Network returns the network with some settings for the data of a part.
	Network(s Settings, p *Part) models.Layer
	// Space returns the settings to try.
	Space() Space
	// Length returns the usual length of a training with a number of examples.
	Length(train int) Length
}

// Splitting says how to split. Zero fields are chosen by the number of examples, and
// repeats by the time as well.
type Splitting struct {
	Folds, Repeats int
	Seed           uint64
}

// A Split is one way to split examples: indices of each part.
type Split struct {
	Train, Validation, Test []int
}

// A Part is the data of a split, as the networks get it.
type Part struct {
	Input                   []int // shape of an example
	Train, Validation, Test training.Dataset
	// Scale brings numbers to predict to their own units; nil where they are.
	Scale uncertainty.Scale
	// Std has the standard deviations of the numbers to predict in the training part.
	Std []float64
	// Fitted is what was fitted, to keep with the model.
	Fitted any
}
