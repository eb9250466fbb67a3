package main

import (
	"encoding/json"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// A trial is one training: everything that its record depends on.
type trial struct {
	Version int    `json:"version"` // of the definition of a training
	Arm     arm    `json:"arm"`
	Budget  budget `json:"budget"`
	Seed    uint64 `json:"seed"`
	Measure string `json:"measure"`        // what else is measured
	Held    int    `json:"held,omitempty"` // images held out of the training set, to report on instead of the test set
}

// version changes when records of old trials become useless.
const version = 1

// key is equal only for equal trials, and sorts them by arm.
func (t trial) key() (string, error) {
	key, err := json.Marshal(t)
	return string(key), errors.Wrapf(err, "key of %s", t.Arm.Name)
}

// A record is the result of a trial.
type record struct {
	Trial   trial             `json:"trial"`
	History *training.History `json:"history"`
	// Diverged says why a training for choosing a rate did not finish.
	Diverged string `json:"diverged,omitempty"`
	// Extra holds what an experiment measures in addition.
	Extra map[string][]float64 `json:"extra,omitempty"`
	// Machine says where it was trained; older records do not.
	Machine string `json:"machine,omitempty"`
	// Time is that of the updates only.
	Time time.Duration `json:"time_ns"`
}

// Key is that of the trial.
func (r record) Key() (string, error) { return r.Trial.key() }

// Check returns an error if a record lacks what tables need.
func (r record) Check() error {
	switch {
	case r.Diverged != "" && r.Trial.Held == 0:
		return errors.New("diverged must be of a trial to choose a rate, with held images")
	case r.Diverged == "" && (r.History == nil || r.History.Train == nil || r.History.Test == nil):
		return errors.New("history must have train and test, or diverged must say why it has none")
	}
	return nil
}
