package training_test

import (
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
)

// moving has examples that move with the epoch.
type moving struct {
	*training.Examples
	epoch  int
	epochs []int // of each batch
}

func (m *moving) SetEpoch(epoch int)      { m.epoch = epoch }
func (m *moving) Plain() training.Dataset { return m.Examples }
func (m *moving) Gather(indices []int, x []float32, y []int) error {
	m.epochs = append(m.epochs, m.epoch)
	return m.Examples.Gather(indices, x, y)
}

// The data are told each epoch, also by a run that goes on within one, and the end is evaluated on
// the plain examples.
func TestEpochDataset(t *testing.T) {
	var states []*training.State
	tr, data := newTrainer(t, 0), &moving{Examples: blobs(70, 1)}
	tr.Callbacks = []training.Callback{{OnCheckpoint: func(r *training.Run) error {
		s, err := r.State()
		states = append(states, s)
		return err
	}}}
	h := fit(t, tr, training.Data{Train: data})
	want := []int{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}
	if !slices.Equal(data.epochs, want) || h.Train.Examples != 70 {
		t.Errorf("batches are of the epochs %v, want %v, and the end of %d examples", data.epochs, want, h.Train.Examples)
	}
	again, rest := newTrainer(t, 0), &moving{Examples: blobs(70, 1)}
	again.Resume = states[9] // the second step of the third epoch
	fit(t, again, training.Data{Train: rest})
	if got := want[again.Resume.Steps:]; !slices.Equal(rest.epochs, got) {
		t.Errorf("from step %d batches are of the epochs %v, want %v", again.Resume.Steps, rest.epochs, got)
	}
}
