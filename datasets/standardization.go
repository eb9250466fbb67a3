package datasets

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// A Standardization brings inputs to mean 0 and standard deviation 1, as
// measured on a set of examples: fit it to the training part and apply it to
// every part, so that nothing is learned from the other parts.
//
// Mean and Std have a number for each value of an example, or fewer, each for
// an equally long run of neighbouring values: one for each channel of an image
// (channels, height, width), or one for all.
type Standardization struct {
	Mean, Std []float32
}

// FitStandardization measures each value of an example separately, such as each
// feature of a table. A value that is the same in all examples gets a Std of 1,
// so that it becomes 0. Every example must have one label or numbers to predict. It is an error if
// there are no examples or a value is not finite.
func FitStandardization(train training.Dataset) (*Standardization, error) {
	if train == nil {
		return fit(nil, 0)
	}
	size, err := sizeOf(train.InputShape())
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: Standardization")
	}
	return fit(train, size)
}

// FitChannels measures each entry of the first axis of the examples, such as
// each channel of images (channels, height, width). Otherwise it is like
// [FitStandardization].
func FitChannels(train training.Dataset) (*Standardization, error) {
	n := 1
	if train != nil && len(train.InputShape()) > 0 {
		n = train.InputShape()[0]
	}
	return fit(train, n)
}

// fit measures n runs of neighbours.
func fit(train training.Dataset, n int) (*Standardization, error) {
	if train == nil || train.Len() == 0 {
		return nil, errors.New("datasets: Standardization: must have at least one example, got none")
	}
	size, err := sizeOf(train.InputShape())
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: Standardization")
	}
	s, err := measure(n, float64(train.Len())*float64(size/n), func(f func(run int, x float64)) error {
		return each(train, size, func(i int, x float64) { f(i/(size/n), x) })
	})
	return s, errors.WithMessage(err, "datasets: Standardization")
}

// measure measures n runs of count values each, which all gives twice.
func measure(n int, count float64, all func(f func(run int, x float64)) error) (*Standardization, error) {
	runs := make([]run, n)
	for i := range runs {
		runs[i] = run{low: math.Inf(1), high: math.Inf(-1)}
	}
	// Two passes: a sum of squares alone loses what is small compared with the
	// mean.
	err := all(func(i int, x float64) {
		r := &runs[i]
		r.mean += x / count
		r.low, r.high = min(r.low, x), max(r.high, x)
	})
	if err == nil {
		err = all(func(i int, x float64) {
			r := &runs[i]
			r.square += (x - r.mean) * (x - r.mean) / count
		})
	}
	if err != nil {
		return nil, err
	}
	s := &Standardization{Mean: make([]float32, n), Std: make([]float32, n)}
	for i, r := range runs {
		s.Mean[i], s.Std[i] = r.standardization()
	}
	return s, nil
}

// run is what is known about a run of neighbouring values.
type run struct {
	mean, square float64 // square is the mean of the squared deviations
	low, high    float64
}

func (r run) standardization() (mean, std float32) {
	// Not judged by the deviations, whose sum is rounded, and seldom to 0.
	if r.low == r.high {
		return float32(r.low), 1
	}
	std = float32(math.Sqrt(r.square))
	// Denormal numbers may differ by less than float32 can distinguish from 0.
	return float32(r.mean), max(std, math.SmallestNonzeroFloat32)
}

// each calls f with every value of every example and its index in the example.
func each(data training.Dataset, size int, f func(i int, x float64)) error {
	x, index := make([]float32, size), make([]int, 1)
	var y []int
	if training.FieldsOf(data).Target == nil {
		y = make([]int, 1)
	}
	for k := range data.Len() {
		index[0] = k
		if err := data.Gather(index, x, y); err != nil {
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
}

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

// Apply returns data with standardized inputs, nil for nil. Nothing is stored:
// each Gather reads data again. It returns an error if an example does not fit
// Mean and Std, or if a value becomes one that is not finite as float32.
func (s *Standardization) Apply(data training.Dataset) training.Dataset {
	if data == nil {
		return nil
	}
	return &standardized{data, s}
}

type standardized struct {
	training.Dataset
	by *Standardization
}

// Fields implements training.FieldDataset.
func (d *standardized) Fields() training.Fields { return training.FieldsOf(d.Dataset) }

func (d *standardized) GatherFields(indices []int, targets, weights []float32) error {
	return training.GatherFields(d.Dataset, indices, targets, weights)
}

// GatherField implements training.NamedDataset.
func (d *standardized) GatherField(indices []int, name string, to any) error {
	return training.GatherField(d.Dataset, indices, name, to)
}

func (d *standardized) Gather(indices []int, x []float32, y []int) error {
	if err := d.Dataset.Gather(indices, x, y); err != nil || len(indices) == 0 {
		return err
	}
	return d.by.apply(indices, x)
}

// apply standardizes the values of the examples with the given indices.
func (s *Standardization) apply(indices []int, x []float32) error {
	mean, std := s.Mean, s.Std
	size, n := len(x)/len(indices), len(mean)
	if n == 0 || n != len(std) || size%n != 0 || slices.ContainsFunc(std, func(v float32) bool { return !(v > 0) }) {
		return errors.Errorf("datasets: Standardization: Mean and positive Std must have as many numbers as an example, %d, or a divisor of that, got %d and %d",
			size, n, len(std))
	}
	for i, v := range x {
		k := i % size / (size / n)
		if x[i] = (v - mean[k]) / std[k]; !finite(x[i]) {
			// The difference alone may be too large for float32.
			x[i] = float32((float64(v) - float64(mean[k])) / float64(std[k]))
		}
		if !finite(x[i]) {
			return errors.Errorf("datasets: Standardization: example %d: value %d must become finite, got %v less %v, by %v",
				indices[i/size], i%size, v, mean[k], std[k])
		}
	}
	return nil
}
