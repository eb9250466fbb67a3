package training_test

import (
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A schedule of Adam's momentum is none of its settings: a run goes on from any step.
func TestResumeOfAdamsMomentum(t *testing.T) {
	data := training.Data{Train: blobs(70, 1)}
	trainer := func() *training.Trainer {
		tr := newTrainer(t, 0.5)
		tr.Solver, tr.Momentum = &optim.Adam{}, schedule.Linear{From: 0.9, To: 0, End: 14}
		return tr
	}
	var states []*training.State
	whole := trainer()
	whole.Callbacks = []training.Callback{{OnCheckpoint: func(r *training.Run) error {
		s, err := r.State()
		states = append(states, s)
		return err
	}}}
	fit(t, whole, data)
	for _, s := range states {
		again := trainer()
		again.Resume = s
		if fit(t, again, data); !slices.Equal(weights(again.Model), weights(whole.Model)) {
			t.Errorf("from step %d the run ends otherwise", s.Steps)
		}
	}
	if beta := whole.Solver.(*optim.Adam).Beta1; beta != optim.Zero {
		t.Errorf("the momentum must have fallen to 0, got %v", beta)
	}
}
