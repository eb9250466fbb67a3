package training

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// A Column is a field of Examples with its values, those of one example after those of
// another.
type Column struct {
	Name   string
	Shape  []int // for one example; empty for one number
	Values any   // []float32, []float64 or []int
}

// field describes the column.
func (c Column) field() Field {
	f := Field{Name: c.Name, Shape: slices.Clone(c.Shape)}
	switch c.Values.(type) {
	case []float32:
		f.Type = tensor.Float32
	case []float64:
		f.Type = tensor.Float64
	case []int:
		f.Type = tensor.Int
	}
	return f
}

// GatherField implements NamedDataset.
func (e *Examples) GatherField(indices []int, name string, to any) error {
	at := slices.IndexFunc(e.Named, func(c Column) bool { return c.Name == name })
	if at < 0 {
		return errors.Errorf("training: Examples: GatherField: name must be that of a column, got %q", name)
	}
	c, examples, err := e.Named[at], e.Len(), error(nil)
	each := size(c.Shape)
	switch from := c.Values.(type) {
	case []float32:
		err = gatherColumn(from, indices, examples, each, to)
	case []float64:
		err = gatherColumn(from, indices, examples, each, to)
	case []int:
		err = gatherColumn(from, indices, examples, each, to)
	default:
		err = errors.Errorf("values must be []float32, []float64 or []int, got %T", c.Values)
	}
	return errors.WithMessagef(err, "training: Examples: GatherField: column %q", name)
}

// gatherColumn copies what a column has for examples.
func gatherColumn[T any](from []T, indices []int, examples, each int, to any) error {
	into, ok := to.([]T)
	switch {
	case !ok:
		return errors.Errorf("must be gathered into a %T, got %T", from, to)
	case each <= 0 || len(from) != examples*each:
		return errors.Errorf("must have %d values for each of %d examples, got %d", each, examples, len(from))
	case len(into) != len(indices)*each:
		return errors.Errorf("must be gathered into %d values for %d examples, got %d", len(indices)*each, len(indices), len(into))
	}
	for k, i := range indices {
		if i < 0 || i >= examples {
			return errors.Errorf("index must be in [0, %d), got %d", examples, i)
		}
		copy(into[k*each:(k+1)*each], from[i*each:])
	}
	return nil
}
