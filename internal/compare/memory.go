package compare

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// Memory says how much memory the trainings of an experiment take, in bytes.
type Memory struct {
	Data    int64           // inputs of the splits that are held at a time
	Largest training.Memory // of one training of the largest network of the space
	Runs    int             // trainings at a time
}

// Total is the sum of all.
func (m Memory) Total() int64 { return m.Data + int64(m.Runs)*m.Largest.Total() }

// String returns, for instance, "1.3 MiB of data, and for each of 2 trainings at a time up to
// 2.9 MiB: weights 0.4, gradients 0.4, solver 0.9, activations 1.2".
func (m Memory) String() string {
	each := fmt.Sprintf("for each of %d trainings at a time up to %v", m.Runs, m.Largest)
	if m.Data == 0 {
		return each
	}
	return room.Size(m.Data) + " of data, and " + each
}

// Memory estimates what so many trainings at a time take, before anything is made of it.
func (e *Experiment) Memory(workers int) (Memory, error) {
	split := e.Splits[0] // which has no test part: the others train on less
	p, copied, err := e.Subject.Sketch(split)
	if err != nil {
		return Memory{}, errors.WithMessage(err, "compare: Memory")
	}
	m := Memory{Data: copied, Runs: min(workers, len(e.Splits)*len(e.armsOf(0)))}
	if e.caches(p, split) {
		m.Data *= int64(len(e.Splits))
	} else {
		m.Data *= int64(m.Runs)
	}
	with := e.space.First
	// All dropouts that any settings have.
	with.InputP, with.HiddenP = e.space.InputP[1], e.space.HiddenP[1]
	for _, with.Hidden = range append(slices.Clone(e.space.Hidden), e.space.First.Hidden) {
		t, err := e.trainer(p, Trial{Arm: With, Settings: with}, models.AsSketch())
		if err != nil {
			return Memory{}, err
		}
		of, err := t.Memory(training.Data{Train: p.Train, Validation: p.Validation})
		if err != nil {
			return Memory{}, err
		}
		if of.Total() > m.Largest.Total() {
			m.Largest = of
		}
	}
	return m, nil
}

// caches reports whether the parts of all splits are kept in memory, if they are as large
// as that of a split.
func (e *Experiment) caches(p *Part, of Split) bool {
	return valuesOf(p.Input, of)*len(e.Splits) < maxCached
}

// valuesOf returns the number of values of all examples of a split.
func valuesOf(input []int, of Split) int {
	size := len(of.Train) + len(of.Validation) + len(of.Test)
	for _, n := range input {
		size *= n
	}
	return size
}

// repeated returns a set that has the first example of another n times.
func repeated(d training.Dataset, n int) (training.Dataset, error) {
	return datasets.Subset(d, make([]int, n))
}
