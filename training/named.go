package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/models"
)

// A Field is what each example of a Dataset has under a name: an input of a model, the
// targets of a head, or a mask.
type Field struct {
	Name  string
	Type  tensor.Dtype // tensor.Float32, tensor.Float64 or tensor.Int
	Shape []int        // for one example; empty for one number
}

// String describes the field: "age of float32 (1)".
func (f Field) String() string {
	of := "another type"
	if f.Type != (tensor.Dtype{}) {
		of = f.Type.String()
	}
	return fmt.Sprintf("%s of %s %v", f.Name, of, tensor.Shape(f.Shape))
}

// size returns the number of values of an example.
func (f Field) size() int { return size(f.Shape) }

// A NamedDataset is a Dataset with fields that have names, those of Fields.Named.
type NamedDataset interface {
	FieldDataset
	// GatherField copies a field of the examples with the given indices into to, one
	// after the other: a []float32, []float64 or []int, as the field's type, of their
	// size.
	GatherField(indices []int, name string, to any) error
}

// GatherField is NamedDataset.GatherField for any Dataset; an error where it has no
// fields with names. A Dataset that changes another passes on its fields with FieldsOf,
// GatherFields and GatherField.
func GatherField(d Dataset, indices []int, name string, to any) error {
	n, ok := d.(NamedDataset)
	if !ok {
		return errors.Errorf("training: GatherField: data must be a NamedDataset for the field %q, got %T", name, d)
	}
	return n.GatherField(indices, name, to)
}

// Field returns the field of the given name; ok is false if there is none.
func (f Fields) Field(name string) (field Field, ok bool) {
	i := slices.IndexFunc(f.Named, func(n Field) bool { return n.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return f.Named[i], true
}

// memory returns a slice for the field of n examples.
func (f Field) memory(n int) (any, error) {
	size, err := bounded.Product(math.MaxInt32, append([]int{n}, f.Shape...)...)
	switch {
	case err != nil:
		return nil, errors.Wrapf(err, "training: field %q", f.Name)
	case f.Type == tensor.Float32:
		return make([]float32, size), nil
	case f.Type == tensor.Float64:
		return make([]float64, size), nil
	case f.Type == tensor.Int:
		return make([]int, size), nil
	}
	return nil, errors.Errorf("training: field %q must be of float32, float64 or int, got another type", f.Name)
}

// GatherInputs sets the inputs of a program, those with names too, to those of the
// examples of data with the given indices, and labels to theirs, unless it is empty. If
// the program's batch has more examples, a multiple of them, they repeat. States are not
// set, unless data have fields of their names.
func GatherInputs(p *models.Program, data Dataset, indices, labels []int) error {
	x := p.Inputs()
	rows := p.Graph().Input.Shape()[0]
	if len(indices) == 0 || rows%len(indices) != 0 {
		return errors.Errorf("training: GatherInputs: the batch of %d must be a multiple of the examples, got %d", rows, len(indices))
	}
	each := len(x) / rows * len(indices)
	if err := data.Gather(indices, x[:each], labels); err != nil {
		return err
	}
	for at := each; at < len(x); at += each {
		copy(x[at:], x[:each])
	}
	inputs := p.Graph().Model().Inputs()
	if len(inputs) == 0 {
		return nil
	}
	fields := FieldsOf(data)
	for _, in := range inputs {
		f, ok := fields.Field(in.Name)
		if !ok && in.State {
			continue
		}
		values, err := f.memory(len(indices))
		if err != nil {
			return err
		}
		if err := GatherField(data, indices, in.Name, values); err != nil {
			return err
		}
		if err := p.Set(in.Name, repeated(values, rows/len(indices))); err != nil {
			return err
		}
	}
	return nil
}

// repeated returns values as often as is said.
func repeated(values any, times int) any {
	switch v := values.(type) {
	case []float32:
		return slices.Repeat(v, times)
	case []float64:
		return slices.Repeat(v, times)
	case []int:
		return slices.Repeat(v, times)
	}
	return values
}

// checkInputs returns an error unless data have the further inputs of a model.
func checkInputs(m *models.Model, data Dataset) error {
	fields := FieldsOf(data)
	for _, in := range m.Inputs() {
		f, ok := fields.Field(in.Name)
		switch {
		case !ok && in.State:
		case !ok:
			return errors.Errorf("must have the model's input %q, got no field of this name", in.Name)
		case !slices.Equal(f.Shape, in.Shape):
			return errors.Errorf("must have the model's input %q of shape %v, got %v", in.Name, tensor.Shape(in.Shape), tensor.Shape(f.Shape))
		case (f.Type == tensor.Int) != (in.Type == tensor.Int):
			return errors.Errorf("must have the model's input %q of %v, got %v", in.Name, in.Type, f)
		}
	}
	return nil
}
