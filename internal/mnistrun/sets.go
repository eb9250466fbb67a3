package mnistrun

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
)

// Sets are the parts of MNIST that a run needs.
type Sets struct {
	Train *mnist.Set // to draw training images from
	Curve *mnist.Set // to draw learning curves on; nil: none
	Test  *mnist.Set // to report on
}

// SplitSeed chooses the validation images: always the same ones, so that
// settings are compared on one set.
const SplitSeed = 20140615

// Load reads MNIST, embedded or from c.Data, and splits it.
func (c *Config) Load() (*Sets, error) {
	open := embedded.Load
	if c.Data != "" {
		open = func() (*mnist.Set, *mnist.Set, error) { return mnist.Open(c.Data) }
	}
	train, test, err := open()
	if err != nil {
		return nil, err
	}
	return c.Split(train, test)
}

// Split takes the sets of c from MNIST's training and test set, which stay as
// they are.
func (c *Config) Split(train, test *mnist.Set) (*Sets, error) {
	s := &Sets{Train: train, Test: test}
	var err error
	if c.Validation > 0 {
		if s.Test, s.Train, err = train.Stratified(c.Validation, SplitSeed); err != nil {
			return nil, err
		}
	}
	if c.Train > s.Train.Len() {
		return nil, errors.Errorf("train must be at most %d, the images there are, got %d", s.Train.Len(), c.Train)
	}
	if n := min(c.Curve, s.Train.Len()-c.Train); n >= s.Train.Classes {
		if s.Curve, s.Train, err = s.Train.Stratified(n, SplitSeed); err != nil {
			return nil, err
		}
	}
	return s, nil
}
