package training

import (
	"github.com/pkg/errors"
)

// A Dataset is a set of labelled examples. mnist.Set is one, Examples another.
// Its methods are called from one goroutine at a time by one trainer.
type Dataset interface {
	// Len is the number of examples.
	Len() int
	// InputShape is the shape of one example: {784} for flat images.
	InputShape() []int
	// Gather copies the inputs of the examples with the given indices into x, one
	// after the other, and their labels into y. The lengths of x and y say how
	// many values and labels an example is expected to have.
	Gather(indices []int, x []float32, y []int) error
}

// Examples is a Dataset in memory. X holds the inputs one after the other and Y
// the labels: one each, or the same number for each example.
type Examples struct {
	Shape []int
	X     []float32
	Y     []int
}

// Len is the number of examples: as many whole ones as X holds.
func (e *Examples) Len() int {
	if n := e.size(); n > 0 {
		return len(e.X) / n
	}
	return 0
}

// InputShape is the shape of one example.
func (e *Examples) InputShape() []int { return e.Shape }

func (e *Examples) size() int {
	n := 1
	for _, d := range e.Shape {
		n *= d
	}
	return n
}

// Gather implements Dataset.
func (e *Examples) Gather(indices []int, x []float32, y []int) error {
	size, examples := e.size(), e.Len()
	if len(x) != len(indices)*size {
		return errors.Errorf("training: Examples: Gather: x must have %d values for %d examples, got %d",
			len(indices)*size, len(indices), len(x))
	}
	if examples == 0 || len(e.Y)%examples != 0 || len(y) != len(indices)*(len(e.Y)/examples) {
		return errors.Errorf("training: Examples: Gather: y must have as many labels as %d of the %d examples with %d labels, got %d",
			len(indices), examples, len(e.Y), len(y))
	}
	labels := len(e.Y) / examples
	for k, i := range indices {
		if i < 0 || i >= examples {
			return errors.Errorf("training: Examples: Gather: index must be in [0, %d), got %d", examples, i)
		}
		copy(x[k*size:], e.X[i*size:(i+1)*size])
		copy(y[k*labels:], e.Y[i*labels:(i+1)*labels])
	}
	return nil
}

// Data holds the parts of the data that a run needs. Only Train is required.
type Data struct {
	Train      Dataset // what the parameters are fitted to
	Validation Dataset // evaluated after each epoch: for early stopping and choices
	Test       Dataset // evaluated once, at the end
}
