package datasets

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/training"
)

// Subset returns the examples of data with the given indices, in that order, as a
// view: nothing is copied but the indices. An index may occur more than once. It
// is an error if one is not in [0, data.Len()).
func Subset(data training.Dataset, indices []int) (training.Dataset, error) {
	if data == nil {
		return nil, errors.New("datasets: Subset: data must be set, got nil")
	}
	if err := inRange(indices, data.Len()); err != nil {
		return nil, errors.WithMessage(err, "datasets: Subset")
	}
	return &subset{data, slices.Clone(indices)}, nil
}

type subset struct {
	training.Dataset
	indices []int
}

func (s *subset) Len() int { return len(s.indices) }

func (s *subset) Gather(indices []int, x []float32, y []int) error {
	of, err := s.of(indices)
	if err != nil {
		return errors.WithMessage(err, "datasets: Subset: Gather")
	}
	return s.Dataset.Gather(of, x, y)
}

// Fields implements training.FieldDataset.
func (s *subset) Fields() training.Fields { return training.FieldsOf(s.Dataset) }

func (s *subset) GatherFields(indices []int, targets, weights []float32) error {
	of, err := s.of(indices)
	if err != nil {
		return errors.WithMessage(err, "datasets: Subset: GatherFields")
	}
	return training.GatherFields(s.Dataset, of, targets, weights)
}

// GatherField implements training.NamedDataset.
func (s *subset) GatherField(indices []int, name string, to any) error {
	of, err := s.of(indices)
	if err != nil {
		return errors.WithMessage(err, "datasets: Subset: GatherField")
	}
	return training.GatherField(s.Dataset, of, name, to)
}

// of returns the indices in the whole set.
func (s *subset) of(indices []int) ([]int, error) {
	if err := inRange(indices, len(s.indices)); err != nil {
		return nil, err
	}
	of := make([]int, len(indices))
	for k, i := range indices {
		of[k] = s.indices[i]
	}
	return of, nil
}

func inRange(indices []int, n int) error {
	for k, i := range indices {
		if i < 0 || i >= n {
			return errors.Errorf("indices must be in [0, %d), got %d at position %d", n, i, k)
		}
	}
	return nil
}

// Labels returns the label of every example. Every example must have one.
func Labels(data training.Dataset) ([]int, error) {
	if data == nil {
		return nil, errors.New("datasets: Labels: data must be set, got nil")
	}
	size, err := sizeOf(data.InputShape())
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: Labels")
	}
	y := make([]int, data.Len())
	if len(y) == 0 {
		return y, nil // no memory for an example that does not exist
	}
	x, index := make([]float32, size), make([]int, 1)
	for i := range y {
		index[0] = i
		if err := data.Gather(index, x, y[i:i+1]); err != nil {
			return nil, errors.WithMessage(err, "datasets: Labels")
		}
	}
	return y, nil
}

// sizeOf returns the number of values of an example of the given shape.
func sizeOf(shape []int) (int, error) {
	size, err := bounded.Product(math.MaxInt32, shape...)
	if err != nil || size == 0 {
		return 0, errors.Errorf("examples must have 1 to %d values, got shape %v", math.MaxInt32, shape)
	}
	return size, nil
}
