package training

import (
	"slices"

	"github.com/pkg/errors"
)

// Examples is a Dataset in memory. X holds the inputs one after the other. The targets
// are labels, Y, or numbers, Targets.
type Examples struct {
	Shape []int
	X     []float32
	// Y holds labels: one for each example, or the same number for each.
	Y []int
	// Targets holds numbers to predict, those of an example after those of another, and
	// TargetShape is their shape for one example: {1} for one number, {5} for five answers
	// of 0 or 1. Without a shape the targets are labels.
	Targets     []float32
	TargetShape []int
	// Weights says how much examples count: one weight for each, or one for each label,
	// finite and not negative. What has weight 0, such as padding, is not looked at. nil
	// means that all count 1.
	Weights []float32
	// Named are further fields by name: inputs of a model that has several, and the
	// targets and weights of its heads.
	Named []Column
}

// Len is the number of examples: as many whole ones as X holds.
func (e *Examples) Len() int {
	if n := size(e.Shape); n > 0 {
		return len(e.X) / n
	}
	return 0
}

// InputShape is the shape of one example.
func (e *Examples) InputShape() []int { return e.Shape }

// Fields implements FieldDataset.
func (e *Examples) Fields() Fields {
	f := Fields{Target: slices.Clone(e.TargetShape)}
	if n := e.Len(); n > 0 && e.Weights != nil {
		f.Weights = len(e.Weights) / n
	}
	for _, c := range e.Named {
		f.Named = append(f.Named, c.field())
	}
	return f
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Gather implements Dataset.
func (e *Examples) Gather(indices []int, x []float32, y []int) error {
	size, examples := size(e.Shape), e.Len()
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

// GatherFields implements FieldDataset.
func (e *Examples) GatherFields(indices []int, targets, weights []float32) error {
	if err := e.rows("Targets", e.Targets, indices, targets); err != nil {
		return err
	}
	return e.rows("Weights", e.Weights, indices, weights)
}

// rows copies what a field has for examples, unless nothing of it is wanted.
func (e *Examples) rows(name string, from []float32, indices []int, to []float32) error {
	if len(to) == 0 {
		return nil
	}
	examples := e.Len()
	if examples == 0 || len(from)%examples != 0 || len(to) != len(indices)*(len(from)/examples) {
		return errors.Errorf("training: Examples: GatherFields: %s must have as many values for each of %d examples, got %d in all and %d for %d examples",
			name, examples, len(from), len(to), len(indices))
	}
	each := len(from) / examples
	for k, i := range indices {
		if i < 0 || i >= examples {
			return errors.Errorf("training: Examples: GatherFields: index must be in [0, %d), got %d", examples, i)
		}
		copy(to[k*each:], from[i*each:(i+1)*each])
	}
	return nil
}
