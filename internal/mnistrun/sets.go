package mnistrun

import (
	"sync"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
)

// Sets holds the parts of MNIST that a run needs.
type Sets struct {
	Train *mnist.Set // to draw training images from
	Curve *mnist.Set // to draw learning curves on; nil: none
	Test  *mnist.Set // to report on
}

// SplitSeed chooses the validation images, always the same ones, so that
// settings are compared on the same set.
const SplitSeed = 20140615

// Load reads MNIST, embedded or from c.Data, and splits it.
func (c *Config) Load() (*Sets, error) {
	train, test, err := Open(c.Data)
	if err != nil {
		return nil, err
	}
	return c.Split(train, test)
}

// side is the width and height of MNIST's images.
const side = 28

// unpacked unpacks the embedded files once in a process, whose commands only take parts of
// the sets and leave these as they are.
var unpacked = sync.OnceValues(func() (sets [2]*mnist.Set, err error) {
	sets[0], sets[1], err = embedded.Load()
	return sets, err
})

// Open reads the training and the test set from the four IDX files in dir, or
// the embedded ones if dir is "". Other data of the same form are accepted: 28
// by 28 pixels, labels from 0 to 9. The sets must not be changed.
func Open(dir string) (train, test *mnist.Set, err error) {
	if dir == "" {
		sets, err := unpacked()
		return sets[0], sets[1], err
	}
	if train, test, err = mnist.Open(dir); err != nil {
		return nil, nil, err
	}
	for _, s := range []*mnist.Set{train, test} {
		if s.Rows != side || s.Cols != side {
			return nil, nil, errors.Errorf("%s: images must be %d by %d pixels, got %d by %d", dir, side, side, s.Rows, s.Cols)
		}
	}
	return train, test, nil
}

// Split takes the sets of c from MNIST's training and test set, which stay
// unchanged.
func (c *Config) Split(train, test *mnist.Set) (*Sets, error) {
	s := &Sets{Train: train, Test: test}
	var err error
	if c.Validation > 0 {
		if s.Test, s.Train, err = train.Stratified(c.Validation, SplitSeed); err != nil {
			return nil, err
		}
	}
	if c.Train > s.Train.Len() {
		return nil, errors.Errorf("train must be at most %d, the number of images, got %d", s.Train.Len(), c.Train)
	}
	if n := min(c.Curve, s.Train.Len()-c.Train); n >= s.Train.Classes {
		if s.Curve, s.Train, err = s.Train.Stratified(n, SplitSeed); err != nil {
			return nil, err
		}
	}
	return s, nil
}
