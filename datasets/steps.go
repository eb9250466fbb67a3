package datasets

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// FitSteps measures each feature of sequences (time, features) over the steps of all
// examples, without their padding, such as that of [Sequences]; see
// [FitStandardization]. Each step must have a label or numbers to predict, or each
// sequence. Data without the field [models.MaskInput] have no padding. Apply changes
// padding as well, which nothing looks at.
func FitSteps(train training.Dataset) (*Standardization, error) {
	if train == nil || train.Len() == 0 {
		return nil, errors.New("datasets: FitSteps: must have at least one example, got none")
	}
	shape := train.InputShape()
	if len(shape) != 2 {
		return nil, errors.Errorf("datasets: FitSteps: examples must have shape (time, features), got %v", tensor.Shape(shape))
	}
	size, err := sizeOf(shape)
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: FitSteps")
	}
	count := 0.0
	if err := eachStep(train, size, func([]float32) error { count++; return nil }); err != nil {
		return nil, errors.WithMessage(err, "datasets: FitSteps")
	}
	if count == 0 {
		return nil, errors.New("datasets: FitSteps: must have at least one step, got padding only")
	}
	by, err := measure(shape[1], count, func(f func(feature int, x float64)) error {
		return eachStep(train, size, func(step []float32) error {
			for i, v := range step {
				if !finite(v) {
					return errors.Errorf("values must be finite, got %v", v)
				}
				f(i, float64(v))
			}
			return nil
		})
	})
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: FitSteps")
	}
	// Numbers for each value of an example.
	return &Standardization{Mean: slices.Repeat(by.Mean, shape[0]), Std: slices.Repeat(by.Std, shape[0])}, nil
}

// eachStep calls f with each step of each example, without padding.
func eachStep(data training.Dataset, size int, f func(step []float32) error) error {
	time := data.InputShape()[0]
	x, mask, index := make([]float32, size), make([]float32, time), make([]int, 1)
	for t := range mask {
		mask[t] = 1
	}
	fields := training.FieldsOf(data)
	var y []int
	switch {
	case fields.Target != nil:
	case fields.Weights == time: // one for each label
		y = make([]int, time)
	default:
		y = make([]int, 1)
	}
	_, masked := fields.Field(models.MaskInput)
	for k := range data.Len() {
		index[0] = k
		err := data.Gather(index, x, y)
		if err == nil && masked {
			err = training.GatherField(data, index, models.MaskInput, mask)
		}
		if err != nil {
			return err
		}
		for t, m := range mask {
			if m == 0 {
				continue
			}
			if err := f(x[t*size/time : (t+1)*size/time]); err != nil {
				return errors.WithMessagef(err, "example %d", k)
			}
		}
	}
	return nil
}

// FitInput measures each value of a further input of float32, a field of the data with a
// name, as [FitStandardization] does those of the first input. Apply it to every part
// with [Standardization.ApplyTo].
func FitInput(train training.Dataset, name string) (*Standardization, error) {
	if train == nil || train.Len() == 0 {
		return nil, errors.New("datasets: FitInput: must have at least one example, got none")
	}
	field, ok := training.FieldsOf(train).Field(name)
	if !ok || field.Type != tensor.Float32 {
		return nil, errors.Errorf("datasets: FitInput: data must have a field %q of float32, got none", name)
	}
	size := 1
	if len(field.Shape) > 0 {
		var err error
		if size, err = sizeOf(field.Shape); err != nil {
			return nil, errors.WithMessage(err, "datasets: FitInput")
		}
	}
	x := make([]float32, size)
	s, err := measure(size, float64(train.Len()), func(f func(i int, x float64)) error {
		for k := range train.Len() {
			if err := training.GatherField(train, []int{k}, name, x); err != nil {
				return err
			}
			for i, v := range x {
				if !finite(v) {
					return errors.Errorf("example %d: values must be finite, got %v", k, v)
				}
				f(i, float64(v))
			}
		}
		return nil
	})
	return s, errors.WithMessage(err, "datasets: FitInput")
}

// ApplyTo is [Standardization.Apply] for a further input, of float32, instead of the
// first one.
func (s *Standardization) ApplyTo(data training.Dataset, name string) training.Dataset {
	if data == nil {
		return nil
	}
	return &standardizedInput{standardized{data, s}, name}
}

type standardizedInput struct {
	standardized
	name string
}

func (d *standardizedInput) Gather(indices []int, x []float32, y []int) error {
	return d.Dataset.Gather(indices, x, y)
}

func (d *standardizedInput) GatherField(indices []int, name string, to any) error {
	if err := training.GatherField(d.Dataset, indices, name, to); err != nil || name != d.name || len(indices) == 0 {
		return err
	}
	x, ok := to.([]float32)
	if !ok {
		return errors.Errorf("datasets: Standardization: field %q must be of float32, got %T", name, to)
	}
	return errors.WithMessagef(d.by.apply(indices, x), "field %q", name)
}
