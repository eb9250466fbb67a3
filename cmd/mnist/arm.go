package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// The names of the arms.
const (
	without = "without dropout"
	with    = "with dropout"
)

// An arm is one of the two ways of training. They differ in dropout, and in the
// learning rate and number of epochs that were found best for each.
type arm struct {
	*settings
	name      string
	inputP, p float64
	lr        float64
	epochs    int
}

func (c *settings) arms() []arm {
	return []arm{
		{c, without, 0, 0, c.PlainLR, c.PlainEpochs},
		{c, with, c.InputP, c.P, c.LR, c.Epochs},
	}
}

// dir is where the checkpoints of a seed lie in the directory of a run.
func (a arm) dir(run string, seed uint64) string {
	return filepath.Join(run, "runs", fmt.Sprintf("%s-%d", strings.ReplaceAll(a.name, " ", "-"), seed))
}

// model returns the untrained network.
func (a arm) model(inputs, classes int, seed uint64) (*models.Model, error) {
	net := models.MLP{Inputs: inputs, Hidden: a.Hidden, Outputs: classes, InputDropout: a.inputP, HiddenDropout: a.p}
	return models.New(net, []int{inputs}, models.WithSeed(seed))
}

// trainer returns what trains the arm with a seed, and the data.
func (a arm) trainer(s *sets, seed uint64) (*training.Trainer, training.Data, error) {
	train, _, err := s.train.Stratified(a.Train, seed)
	if err != nil {
		return nil, training.Data{}, err
	}
	data := training.Data{Train: train, Test: s.test}
	if s.curve != nil {
		data.Validation = s.curve
	}
	model, err := a.model(train.InputShape()[0], train.Classes, seed)
	if err != nil {
		return nil, data, err
	}
	t := &training.Trainer{
		Model: model,
		Solver: &optim.SGD{
			LR: a.lr, Momentum: a.Momentum, Nesterov: a.Nesterov,
			Regularization: optim.Regularization{WeightDecay: a.WeightDecay, MaxNorm: a.MaxNorm},
		},
		Epochs: a.epochs, BatchSize: a.Batch, Seed: seed,
	}
	if a.EarlyStopping > 0 {
		validation, rest, err := train.Stratified(train.Len()/6, seed)
		if err != nil {
			return nil, data, err
		}
		data.Train, data.Validation = rest, validation
		t.Callbacks = append(t.Callbacks, training.EarlyStoppingOnError(a.EarlyStopping))
	}
	steps := int64(a.epochs) * int64((data.Train.Len()+a.Batch-1)/a.Batch)
	t.Schedule = a.schedule(a.lr, steps)
	return t, data, nil
}

// sets are the parts of MNIST that a run needs.
type sets struct {
	train *mnist.Set // to draw training images from
	curve *mnist.Set // to draw learning curves on; nil: none
	test  *mnist.Set // to report on
}

// splitSeed chooses the validation images: always the same ones, so that
// settings are compared on one set.
const splitSeed = 20140615

func (c *settings) load() (*sets, error) {
	open := embedded.Load
	if c.Data != "" {
		open = func() (*mnist.Set, *mnist.Set, error) { return mnist.Open(c.Data) }
	}
	train, test, err := open()
	if err != nil {
		return nil, err
	}
	s := &sets{train: train, test: test}
	if c.Validation > 0 {
		if s.test, s.train, err = train.Stratified(c.Validation, splitSeed); err != nil {
			return nil, err
		}
	}
	if c.Train > s.train.Len() {
		return nil, errors.Errorf("--train must be at most %d, the images there are, got %d", s.train.Len(), c.Train)
	}
	if n := min(c.Curve, s.train.Len()-c.Train); n >= s.train.Classes {
		if s.curve, s.train, err = s.train.Stratified(n, splitSeed); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// describe says in one line what is trained on what.
func (c *settings) describe(s *sets) string {
	network := fmt.Sprint(s.train.InputShape()[0])
	for _, n := range c.Hidden {
		network += fmt.Sprintf("-%d", n)
	}
	reported := "test"
	if c.Validation > 0 {
		reported = "validation"
	}
	return fmt.Sprintf("Network %s-%d on %d training images, reported on %d %s images; p %v on hidden units, %v on inputs.",
		network, s.train.Classes, c.Train, s.test.Len(), reported, c.P, c.InputP)
}
