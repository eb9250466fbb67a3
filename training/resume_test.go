package training_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training"
)

// after is a learning rate that changes at a step.
type after struct {
	step int64
	rate float64
}

func (a after) String() string {
	return fmt.Sprintf("%+v", struct {
		step int64
		rate float64
	}(a))
}

func (a after) At(step int64) float64 {
	if step < a.step {
		return 0.1
	}
	return a.rate
}

// A schedule is another one wherever in the run it differs, if it does at one of the steps
// that a state holds; the last of them is in the second half of the run.
func TestResumeComparesTheWholeSchedule(t *testing.T) {
	data := training.Data{Train: blobs(96, 1)} // 3 steps an epoch
	trainer := func(rate float64) *training.Trainer {
		tr := newTrainer(t, 0)
		tr.LR = after{7, rate}
		return tr
	}
	state := stateOf(t, trainer(0.05), data)
	tr := trainer(0.025)
	tr.Resume = state
	_, err := tr.Fit(context.Background(), data)
	testkit.Rejects(t, err, "LR must be 0.05 at step 7, got 0.025")
}

// A state within an epoch must be of the step that epoch and batch give, which the error
// tells.
func TestResumeOfAnotherStep(t *testing.T) {
	data := training.Data{Train: blobs(96, 1)}
	var state *training.State
	tr := newTrainer(t, 0)
	tr.Callbacks = []training.Callback{{OnCheckpoint: func(r *training.Run) (err error) {
		if r.Steps == 5 {
			state, err = r.State()
		}
		return err
	}}}
	fit(t, tr, data)
	if state.Epoch != 1 || state.Batches != 2 {
		t.Fatalf("the state must be of epoch 1, batch 2, got %d, %d", state.Epoch, state.Batches)
	}
	state.Steps = 6
	again := newTrainer(t, 0)
	again.Resume = state
	_, err := again.Fit(context.Background(), data)
	testkit.Rejects(t, err, "state of epoch 1, batch 2 must be of step 5, got 6")
}

// Early stopping remembers the first epoch as the best one as well as any other.
func TestResumeWithTheFirstEpochAsTheBest(t *testing.T) {
	data := training.Data{Train: blobs(96, 1), Validation: blobs(40, 2)}
	const first = `"epoch":0`
	var state *training.State
	trainer := func(c training.Callback) *training.Trainer {
		tr := newTrainer(t, 0)
		tr.Callbacks = []training.Callback{training.EarlyStopping(3), c}
		return tr
	}
	fit(t, trainer(training.Callback{OnCheckpoint: func(r *training.Run) (err error) {
		if r.Steps == 3 {
			state, err = r.State()
		}
		return err
	}}), data)
	if !strings.Contains(string(state.Callbacks[0].Data), first) {
		t.Fatalf("the best epoch must be the first, got %s", state.Callbacks[0].Data)
	}
	again := trainer(training.Callback{OnCheckpoint: func(r *training.Run) error {
		s, err := r.State()
		if err == nil && r.Steps == 4 && !strings.Contains(string(s.Callbacks[0].Data), first) {
			t.Errorf("the best epoch must still be the first, got %s", s.Callbacks[0].Data)
		}
		return err
	}})
	again.Resume = state
	fit(t, again, data)
}
