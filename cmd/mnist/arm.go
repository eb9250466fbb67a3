package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
)

// The names of the arms.
const (
	without = "without dropout"
	with    = "with dropout"
)

// An arm is one of the two ways of training. They differ in dropout, and in the
// learning rate and number of epochs that were found best for each.
type arm struct {
	mnistrun.Config
	name string
	run  string // directory to keep it in; "": none
}

func (c *settings) arms() []arm {
	plain := c.Config
	plain.InputP, plain.P, plain.LR, plain.Epochs = 0, 0, c.PlainLR, c.PlainEpochs
	return []arm{{plain, without, c.Out}, {c.Config, with, c.Out}}
}

// dir is where the checkpoints of a seed lie in the directory of the run.
func (a arm) dir(seed uint64) string {
	return filepath.Join(a.run, "runs", fmt.Sprintf("%s-%d", strings.ReplaceAll(a.name, " ", "-"), seed))
}

// describe says in one line what is trained on what.
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
