package datasets

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// A Standardization brings inputs to mean 0 and standard deviation 1 by what was
// measured on other examples: fit it to the training part and apply it to every
// part, so that nothing about the other parts is learned.
//
// Mean and Std have a number for each value of an example, or fewer, each for a
// run of neighbours of equal length: one for each channel of an image
// (channels, height, width), or one for all.
type Standardization struct {
	Mean, Std []float32
}

// FitStandardization measures each value of an example by itself: each feature of
// a table. A value that is always the same has its Std set to 1, so that it
// becomes 0. Every example must have one label. It is an error if there are no
// examples or a value is not finite.
func FitStandardization(train training.Dataset) (*Standardization, error) {
	n := 1
	if train != nil {
		for _, d := range train.InputShape() {
			n *= d
		}
	}
	return fit(train, n)
}

// FitChannels measures each entry of the first axis of the examples: each channel
// of images (channels, height, width). Otherwise it is FitStandardization.
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
		return nil, errors.New("datasets: Standardization: want at least one example, got none")
	}
	size := 1
	for _, d := range train.InputShape() {
		size *= d
	}
	if size < 1 {
		return nil, errors.Errorf("datasets: Standardization: examples must have values, got shape %v", train.InputShape())
	}
	// Two passes: the sum of squares alone loses what is small beside the mean.
	mean, square := make([]float64, n), make([]float64, n)
	count := float64(train.Len()) * float64(size/n)
	err := each(train, size, func(i int, x float64) { mean[i/(size/n)] += x / count })
	if err == nil {
		err = each(train, size, func(i int, x float64) {
			d := x - mean[i/(size/n)]
			square[i/(size/n)] += d * d / count
		})
	}
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: Standardization")
	}
	s := &Standardization{Mean: make([]float32, n), Std: make([]float32, n)}
	for i := range mean {
		s.Mean[i], s.Std[i] = float32(mean[i]), float32(math.Sqrt(square[i]))
		if s.Std[i] == 0 {
			s.Std[i] = 1
		}
	}
	return s, nil
}

// each calls f with every value of every example and its place in the example.
func each(data training.Dataset, size int, f func(i int, x float64)) error {
	x, y, index := make([]float32, size), make([]int, 1), make([]int, 1)
	for k := range data.Len() {
		index[0] = k
		if err := data.Gather(index, x, y); err != nil {
			return err
		}
		for i, v := range x {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return errors.Errorf("example %d: values must be finite, got %v", k, v)
			}
			f(i, float64(v))
		}
	}
	return nil
}

// Apply returns data with standardized inputs. It reads data anew each time; an
// example whose values do not fit Mean and Std is an error of Gather.
func (s *Standardization) Apply(data training.Dataset) training.Dataset {
	return &standardized{data, s}
}

type standardized struct {
	training.Dataset
	by *Standardization
}

func (d *standardized) Gather(indices []int, x []float32, y []int) error {
	if err := d.Dataset.Gather(indices, x, y); err != nil || len(indices) == 0 {
		return err
	}
	mean, std := d.by.Mean, d.by.Std
	size, n := len(x)/len(indices), len(mean)
	if n == 0 || n != len(std) || size%n != 0 || slices.Contains(std, 0) {
		return errors.Errorf("datasets: Standardization: an example of %d values needs as many means and positive deviations, or a whole part of that, got %d and %d",
			size, n, len(std))
	}
	for i := range x {
		k := i % size / (size / n)
		x[i] = (x[i] - mean[k]) / std[k]
	}
	return nil
}
