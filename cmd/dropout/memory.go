package main

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/room"
)

// fits returns how much memory so many trainings of an experiment at a time take, and an
// error if there is too little.
func fits(insist room.Insist, e *compare.Experiment, workers int) (compare.Memory, error) {
	m, err := e.Memory(max(1, workers)) // a run without workers measures its pace
	if err != nil {
		return m, err
	}
	return m, errors.WithMessagef(insist.Room(m.Total()), "training takes %v", m)
}
