package main

import (
	"cmp"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/training"
)

// A budget says how much to train.
type budget struct {
	Images  int `json:"images"`  // training images of arms without their own number
	Test    int `json:"test"`    // images to report on: the first of the test set
	Updates int `json:"updates"` // of each training, rounded to whole epochs
	Shrink  int `json:"shrink"`  // divisor of the widths
	Seeds   int `json:"-"`
	Passes  int `json:"-"` // of Monte Carlo averaging
	Trials  int `json:"-"` // settings to choose from, in the study of variants
}

func (b budget) check() error {
	if b.Images < classes || b.Test < classes || b.Updates < 1 || b.Shrink < 1 || b.Seeds < 1 {
		return errors.Errorf("budget must have images, updates, seeds and a divisor of widths, got %+v", b)
	}
	return nil
}

// sets holds MNIST.
type sets struct{ train, test *mnist.Set }

func load(dir string) (*sets, error) {
	train, test, err := mnistrun.Open(dir)
	return &sets{train, test}, err
}

// enough returns an error if a study needs more images than there are.
func (s *sets) enough(of study, b budget) error {
	images := b.Images
	for _, a := range of.arms(b) {
		images = max(images, a.Images)
	}
	if images > s.train.Len() || b.Test > s.test.Len() {
		return errors.Errorf("%s: data must have %d images to train on and %d to test, got %d and %d", of.name, images, b.Test, s.train.Len(), s.test.Len())
	}
	return nil
}

// data returns the images of a trial: a stratified subset of the training set for
// each seed, the same for all arms.
func (s *sets) data(t trial) (training.Data, error) {
	if t.Arm.Variant != nil && t.Arm.Variant.Set != variant.MNIST {
		return variant.Characters(t.Seed, t.Arm.Images, cmp.Or(t.Held, t.Budget.Test), t.Held > 0)
	}
	train, test := s.train, s.test
	var err error
	if t.Held > 0 {
		if test, train, err = train.Stratified(t.Held, mnistrun.SplitSeed); err != nil {
			return training.Data{}, err
		}
	} else if test, err = test.Slice(0, min(t.Budget.Test, test.Len())); err != nil {
		return training.Data{}, err
	}
	if t.Arm.Images < train.Len() {
		if train, _, err = train.Stratified(t.Arm.Images, t.Seed); err != nil {
			return training.Data{}, err
		}
	}
	return training.Data{Train: train, Test: test}, nil
}
