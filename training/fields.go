package training

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Fields says what the examples of a Dataset have besides inputs and labels. Their names
// must differ.
type Fields struct {
	// Target is the shape of the numbers to predict for one example; nil where the
	// targets are labels.
	Target []int
	// SoftLabels says that the numbers are probabilities of classes, as mixup makes them of
	// labels. Their loss is cross-entropy where none is set, and other sets of the run may
	// have labels. Metrics, which are of labels, are not measured of them.
	SoftLabels bool
	// Weights is the number of weights of one example: 0 for none, 1 for one, or as many
	// as it has labels, or numbers to predict.
	Weights int
	// Named are the fields that have names, of a NamedDataset.
	Named []Field
}

// A FieldDataset is a Dataset with numbers to predict or with weights.
type FieldDataset interface {
	Dataset
	Fields() Fields
	// GatherFields copies the numbers to predict of the examples with the given indices
	// into targets, and their weights into weights. Slices are empty for what is not wanted.
	GatherFields(indices []int, targets, weights []float32) error
}

// FieldsOf returns the fields of any Dataset: none where it is no FieldDataset. A Dataset
// that changes another passes on its fields with FieldsOf and GatherFields.
func FieldsOf(d Dataset) Fields {
	if f, ok := d.(FieldDataset); ok {
		return f.Fields()
	}
	return Fields{}
}

// GatherFields is FieldDataset.GatherFields for any Dataset; an error where fields that it
// does not have are wanted.
func GatherFields(d Dataset, indices []int, targets, weights []float32) error {
	if len(targets) == 0 && len(weights) == 0 {
		return nil
	}
	f, ok := d.(FieldDataset)
	if !ok {
		return errors.Errorf("training: GatherFields: data must be a FieldDataset for numbers to predict and weights, got %T", d)
	}
	return f.GatherFields(indices, targets, weights)
}

// String describes the targets, the weights and the fields with names.
func (f Fields) String() string {
	s := "labels"
	if !f.labelled() {
		s = fmt.Sprintf("numbers of shape %v", tensor.Shape(f.Target))
	}
	if f.SoftLabels {
		s = fmt.Sprintf("soft labels of %v classes", tensor.Shape(f.Target))
	}
	if f.Weights > 0 {
		s += fmt.Sprintf(" with %d weights", f.Weights)
	}
	if len(f.Named) > 0 {
		s += " and " + namedFields(f.Named)
	}
	return s
}

// labelled reports whether targets are labels.
func (f Fields) labelled() bool { return f.Target == nil }

// targets returns the shape of the targets of a batch for an output.
func (f Fields) targets(batch int, output tensor.Shape) (tensor.Shape, error) {
	if f.labelled() {
		if len(output) < 2 {
			return nil, errors.Errorf("training: output must be logits with the class as last axis, got shape %v", output)
		}
		return output[:len(output)-1], nil
	}
	shape := append(tensor.Shape{batch}, f.Target...)
	if shape.TotalSize() == 0 {
		return nil, errors.Errorf("training: an example must have a number to predict, got shape %v", tensor.Shape(f.Target))
	}
	return shape, nil
}

// weights returns the shape of the weights of targets, the leading axes of theirs; nil for
// none.
func (f Fields) weights(batch int, targets tensor.Shape) (tensor.Shape, error) {
	if f.Weights == 0 {
		return nil, nil
	}
	for axes := 1; axes <= len(targets); axes++ {
		if targets[:axes].TotalSize() == batch*f.Weights {
			return targets[:axes], nil
		}
	}
	return nil, errors.Errorf("training: an example must have one weight or one for each of its targets of shape %v, got %d", targets[1:], f.Weights)
}

// checkWeights returns the first weight that is none.
func checkWeights(weights []float32) (at int, err error) {
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(float64(w), 1) {
			return i, errors.Errorf("weight must be finite and not negative, got %v", w)
		}
	}
	return 0, nil
}
