package main

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
)

// settings are the flags that say what is trained and how.
type settings struct {
	mnistrun.Config

	PlainEpochs int     `group:"Training" default:"40" help:"Passes over the training images, without dropout." json:"plain_epochs"`
	PlainLR     float64 `group:"Training" name:"plain-lr" default:"0.2" help:"Learning rate without dropout." json:"plain_lr"`

	Seeds   int    `group:"Experiment" default:"3" help:"Number of seeds: each arm is trained once with each." json:"seeds"`
	Seed    uint64 `group:"Experiment" default:"1" help:"The first seed." json:"seed"`
	Workers int    `group:"Experiment" default:"2" help:"Runs at a time." json:"-"`
	Out     string `group:"Experiment" help:"New directory to keep the run in: records, checkpoints, report." placeholder:"DIR" type:"path" json:"-"`
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
	err := c.Check()
	if err == nil {
		err = mnistrun.NotNegative("plain-lr", c.PlainLR)
	}
	for _, f := range []struct {
		name  string
		value int
		max   int
	}{{"plain-epochs", c.PlainEpochs, 1 << 20}, {"seeds", c.Seeds, 1000}, {"workers", c.Workers, 64}} {
		if err == nil {
			err = mnistrun.InRange(f.name, f.value, 1, f.max)
		}
	}
	if err == nil && c.Seed > math.MaxUint64-uint64(c.Seeds-1) {
		err = errors.Errorf("seed must leave room for %d seeds below 2^64, got %d", c.Seeds, c.Seed)
	}
	return err
}
