package datasets

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// A TargetStandardization brings numbers to predict to mean 0 and standard deviation 1,
// so that a network need not learn their units. Restore brings what it predicts back:
//
//	scale, err := datasets.FitTargets(train)
//	...
//	data := training.Data{Train: scale.Apply(train), Test: scale.Apply(test)}
//	...
//	scale.Restore(predictions) // in the units of the data
//
// An RMSE of standardized numbers times Std is one in their own units.
type TargetStandardization struct{ by Standardization }

// FitTargets measures each number to predict of the examples separately, as
// [FitStandardization] does inputs. It is an error if the targets are labels.
func FitTargets(train training.Dataset) (*TargetStandardization, error) {
	if train == nil {
		return nil, errors.New("datasets: FitTargets: must have at least one example, got none")
	}
	shape := training.FieldsOf(train).Target
	if shape == nil {
		return nil, errors.New("datasets: FitTargets: data must have numbers to predict, got labels")
	}
	size, err := sizeOf(shape)
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: FitTargets")
	}
	s, err := fit(targetsAsInputs{train}, size)
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: FitTargets")
	}
	return &TargetStandardization{*s}, nil
}

// targetsAsInputs is a data set whose inputs are the targets of another.
type targetsAsInputs struct{ of training.Dataset }

func (t targetsAsInputs) Len() int                { return t.of.Len() }
func (t targetsAsInputs) InputShape() []int       { return training.FieldsOf(t.of).Target }
func (t targetsAsInputs) Fields() training.Fields { return training.Fields{Target: []int{0}} }

func (t targetsAsInputs) Gather(indices []int, x []float32, _ []int) error {
	return training.GatherFields(t.of, indices, x, nil)
}

func (t targetsAsInputs) GatherFields([]int, []float32, []float32) error { return nil }

// Mean and Std have a number for each target of an example.
func (s *TargetStandardization) Mean() []float32 { return s.by.Mean }

// Std has the standard deviation of each target; see Mean.
func (s *TargetStandardization) Std() []float32 { return s.by.Std }

// Apply returns data with standardized targets, nil for nil. Nothing is stored: each
// GatherFields reads data again. It returns an error if an example does not fit, or if a
// target becomes one that is not finite as float32.
func (s *TargetStandardization) Apply(data training.Dataset) training.Dataset {
	if data == nil {
		return nil
	}
	return &standardizedTargets{data, s}
}

// Restore brings standardized numbers, those of one example after those of another, back
// to their own units, in place.
func (s *TargetStandardization) Restore(values []float64) error {
	n := len(s.by.Mean)
	if n == 0 || len(values)%n != 0 {
		return errors.Errorf("datasets: TargetStandardization: Restore: must have %d values for each example, got %d", n, len(values))
	}
	for i, v := range values {
		values[i] = float64(v*float64(s.by.Std[i%n])) + float64(s.by.Mean[i%n])
	}
	return nil
}

type standardizedTargets struct {
	training.Dataset
	by *TargetStandardization
}

func (d *standardizedTargets) Fields() training.Fields { return training.FieldsOf(d.Dataset) }

func (d *standardizedTargets) GatherFields(indices []int, targets, weights []float32) error {
	if err := training.GatherFields(d.Dataset, indices, targets, weights); err != nil || len(targets) == 0 {
		return err
	}
	return errors.WithMessage(d.by.by.apply(indices, targets), "targets")
}

// GatherField implements training.NamedDataset.
func (d *standardizedTargets) GatherField(indices []int, name string, to any) error {
	return training.GatherField(d.Dataset, indices, name, to)
}
