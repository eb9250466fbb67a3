package main

import (
	"fmt"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// settings say what is trained and how. Each is declared once, as a field with
// tags, from which package internal/settings derives its flag, its key in
// files, its row in reports and its part of the command that repeats a run.
type settings struct {
	mnistrun.Config

	PlainEpochs int     `group:"Training" default:"40" help:"Passes over the training images, without dropout." json:"plain_epochs" label:"-"`
	PlainLR     float64 `group:"Training" name:"plain-lr" default:"0.2" help:"Learning rate without dropout." json:"plain_lr" label:"-"`

	Seeds int    `group:"Experiment" default:"3" help:"Number of seeds: each arm is trained once with each." json:"seeds"`
	Seed  uint64 `group:"Experiment" default:"1" help:"The first seed." json:"seed" label:"first seed"`
}

// Validate is called by kong.
func (c *settings) Validate() error {
	if err := c.check(); err != nil {
		return errors.New("--" + err.Error())
	}
	return nil
}

// check returns an error that begins with the name of what is wrong.
func (c *settings) check() error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := mnistrun.NotNegative("plain-lr", c.PlainLR); err != nil {
		return err
	}
	if err := mnistrun.InRange("plain-epochs", c.PlainEpochs, 1, 1<<20); err != nil {
		return err
	}
	if err := mnistrun.InRange("seeds", c.Seeds, 1, 1000); err != nil {
		return err
	}
	if c.Seed > math.MaxUint64-uint64(c.Seeds-1) {
		return errors.Errorf("seed must leave room for %d seeds below 2^64, got %d", c.Seeds, c.Seed)
	}
	return nil
}

// The names of the arms.
const (
	without = "without dropout"
	with    = "with dropout"
)

// An arm is one of the two ways of training. They differ in dropout, and in the
// learning rate and number of epochs, which were tuned for each.
type arm struct {
	mnistrun.Config
	name string
}

// arms returns the arm without dropout, then the one with it.
func (c *settings) arms() []arm {
	plain := c.Config
	plain.InputP, plain.P, plain.RDrop, plain.LR, plain.Epochs = 0, 0, 0, c.PlainLR, c.PlainEpochs
	return []arm{{plain, without}, {c.Config, with}}
}

// seeds returns the experiment's seeds.
func (c *settings) seeds() []uint64 { return experiment.Seeds(c.Seed, c.Seeds) }

// describe returns one line that says what is trained on what.
func (c *settings) describe(s *mnistrun.Sets) string {
	network := fmt.Sprint(s.Train.InputShape()[0])
	for _, n := range c.Hidden {
		network += fmt.Sprintf("-%d", n)
	}
	reported := "test"
	if c.Validation > 0 {
		reported = "validation"
	}
	return fmt.Sprintf("Network %s-%d on %d training images, reported on %d %s images; p %v on hidden units, %v on inputs.",
		network, s.Train.Classes, c.Train, s.Test.Len(), reported, c.P, c.InputP)
}
