package training

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// A column is what the examples of a batch have of a field.
type column struct {
	narrow []float32 // what is gathered
	wide   []float64 // what the node holds, for models of float64
	tensor *tensor.Dense
}

func newColumn(shape tensor.Shape, dt tensor.Dtype) *column {
	c := &column{narrow: make([]float32, shape.TotalSize())}
	if dt == tensor.Float64 {
		c.wide = make([]float64, len(c.narrow))
		c.tensor = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.wide))
	} else {
		c.tensor = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.narrow))
	}
	return c
}

// values returns the memory to gather into; none of no column.
func (c *column) values() []float32 {
	if c == nil {
		return nil
	}
	return c.narrow
}

// widen converts what was gathered for models of float64.
func (c *column) widen() {
	if c == nil {
		return
	}
	for i := range c.wide {
		c.wide[i] = float64(c.narrow[i])
	}
}

// gather reads a field with a name.
func (c *column) gather(data Dataset, indices []int, f Field) error {
	switch f.Type {
	case tensor.Float32:
		if err := GatherField(data, indices, f.Name, c.narrow); err != nil {
			return err
		}
		c.widen()
		return nil
	case tensor.Float64:
		wide := c.wide
		if wide == nil {
			wide = make([]float64, len(c.narrow))
		}
		if err := GatherField(data, indices, f.Name, wide); err != nil {
			return err
		}
		for i, v := range wide {
			c.narrow[i] = float32(v)
			if c.wide == nil && math.IsInf(float64(c.narrow[i]), 0) && !math.IsInf(v, 0) {
				return exampleError(indices, i/f.size(), errors.Errorf("field %q must be finite as float32, got %v", f.Name, v).Error())
			}
		}
		return nil
	}
	return errors.Errorf("training: field %q must be of float32 or float64, got %v", f.Name, f.Type)
}
