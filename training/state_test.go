package training_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// timeless drops what differs between equal runs.
func timeless(h *training.History) training.History {
	c := *h
	c.Time = 0
	c.Epochs = slices.Clone(h.Epochs)
	for i := range c.Epochs {
		c.Epochs[i].Time = 0
	}
	return c
}

// seen is a callback that remembers what it was told.
type seen struct {
	Steps, Epochs int
	Losses        float64
}

func (s *seen) callback() training.Callback {
	return training.Callback{
		Name: "seen",
		OnStep: func(r *training.Run) error {
			s.Steps++
			s.Losses += r.Loss
			return nil
		},
		OnEpoch: func(*training.Run) error {
			s.Epochs++
			return nil
		},
		Save: func() (training.CallbackState, error) {
			data, err := json.Marshal(s)
			return training.CallbackState{Data: data}, err
		},
		Load: func(state training.CallbackState) error { return json.Unmarshal(state.Data, s) },
	}
}

// A run can be gone on with from every checkpoint of another, by another trainer: it
// ends with the same weights, history and memory of the callbacks, whatever their
// order and whatever comes after the checkpoint in the process that is killed.
func TestResume(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2), Test: blobs(30, 3)}
	solvers := map[string]func() gorgonia.Solver{
		"SGD":  func() gorgonia.Solver { return &optim.SGD{LR: 0.05, Momentum: 0.9} },
		"Adam": func() gorgonia.Solver { return &optim.Adam{} },
	}
	for name, solver := range solvers {
		for _, dropLast := range []bool{false, true} {
			for order := range 6 {
				trainer := func(keep training.Callback) (*training.Trainer, *seen) {
					tr := newTrainer(t, 0.5)
					tr.Solver, tr.Epochs, tr.DropLast = solver(), 12, dropLast
					tr.LR = schedule.Cosine{Initial: 0.9, Steps: 36}
					memory := new(seen)
					rest := []training.Callback{keep, training.EarlyStopping(2), memory.callback()}
					// The permutations of three.
					for n, left := order, 3; left > 0; left-- {
						k := n % left
						tr.Callbacks, rest, n = append(tr.Callbacks, rest[k]), slices.Delete(rest, k, k+1), n/left
					}
					return tr, memory
				}
				var states []*training.State
				take := func(r *training.Run) error {
					s, err := r.State()
					states = append(states, s)
					return err
				}
				whole, wantMemory := trainer(training.Callback{OnCheckpoint: take, OnEnd: take})
				want := timeless(fit(t, whole, data))
				if len(want.Epochs) == 12 || len(want.Epochs) < 3 {
					t.Fatalf("%s: early stopping must have stopped the run, got %d epochs", name, len(want.Epochs))
				}
				for _, state := range states {
					again, memory := trainer(training.Callback{})
					again.Resume = state
					slices.Reverse(again.Callbacks) // the order is not the state's
					got := timeless(fit(t, again, data))
					at := fmt.Sprintf("%s, drop last %v, order %d, from step %d and batch %d", name, dropLast, order, state.Steps, state.Batches)
					if !slices.Equal(weights(again.Model), weights(whole.Model)) {
						t.Errorf("%s: other weights", at)
					}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%s: history is %+v, want %+v", at, got, want)
					}
					if *memory != *wantMemory {
						t.Errorf("%s: the callback has seen %+v, want %+v", at, *memory, *wantMemory)
					}
				}
			}
		}
	}
}

// A run that is stopped within an epoch, by its context or by a callback, goes on with
// the next batch and ends as one that never was.
func TestStopAndResume(t *testing.T) {
	data := training.Data{Train: blobs(180, 1), Validation: blobs(40, 2)}
	trainer := func() *training.Trainer {
		tr := newTrainer(t, 0.5)
		tr.Epochs, tr.BatchSize = 3, 30
		tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
		return tr
	}
	whole := trainer()
	want := timeless(fit(t, whole, data))
	if want.Steps != 18 {
		t.Fatalf("%d steps, want 3 times 6", want.Steps)
	}
	for _, cancelled := range []bool{false, true} {
		for at := int64(1); at <= 18; at++ {
			ctx, cancel := context.WithCancel(context.Background())
			var state *training.State
			tr := trainer()
			tr.Callbacks = append(tr.Callbacks, training.Callback{
				OnStep: func(r *training.Run) error {
					if r.Steps == at && cancelled {
						cancel()
					} else if r.Steps == at {
						r.Stop("enough")
					}
					return nil
				},
				OnEnd: func(r *training.Run) (err error) {
					state, err = r.State()
					return err
				},
			})
			h, err := tr.Fit(ctx, data)
			cancel()
			if errors.Is(err, context.Canceled) != cancelled || h.Steps != at || state == nil {
				t.Fatalf("step %d: stopped at %d: %v", at, h.Steps, err)
			}
			if (h.Partial != nil) != (at%6 != 0 || cancelled) || h.Partial != nil && h.Partial.Train.Examples != 30*int((at-1)%6+1) {
				t.Errorf("step %d: the record of the unfinished epoch is %+v", at, h.Partial)
			}
			again := trainer()
			again.Resume = state
			got := timeless(fit(t, again, data))
			if at%6 == 0 && !cancelled {
				// At an epoch's end the run is over.
				if got.Steps != at || got.Stopped != "enough" {
					t.Errorf("step %d: went on to %d", at, got.Steps)
				}
				state.History.Stopped = ""
				again = trainer()
				again.Resume = state
				got = timeless(fit(t, again, data))
			}
			if !reflect.DeepEqual(got, want) || !slices.Equal(weights(again.Model), weights(whole.Model)) {
				t.Errorf("step %d, cancelled %v: the history is %+v, want %+v", at, cancelled, got, want)
			}
		}
	}
}

// A state is of a step or an epoch that all callbacks have seen.
func TestStateIsWhole(t *testing.T) {
	state := func(r *training.Run) error {
		_, err := r.State()
		return err
	}
	boom := errors.New("boom")
	fail := func(*training.Run) error { return boom }
	const early = "training: State: must be called from OnCheckpoint or OnEnd, when all callbacks have seen the step"
	for name, tt := range map[string]struct {
		callbacks []training.Callback
		want      string
	}{
		"OnStart":     {[]training.Callback{{OnStart: state}}, early},
		"OnGradients": {[]training.Callback{{OnGradients: state}}, early},
		"OnStep":      {[]training.Callback{{OnStep: state}}, early},
		"OnEpoch":     {[]training.Callback{{OnEpoch: state}}, early},
		"OnFinish":    {[]training.Callback{{OnFinish: state}}, early},
		"all others":  {[]training.Callback{{OnCheckpoint: state, OnEnd: state}}, ""},
	} {
		tr := newTrainer(t, 0.5)
		tr.Callbacks = tt.callbacks
		_, err := tr.Fit(context.Background(), training.Data{Train: blobs(70, 1)})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: want error %q, got %v", name, tt.want, err)
		}
	}
	// What fails half-way has no state afterwards, what fails between steps has one.
	for name, tt := range map[string]struct {
		fail  training.Callback
		whole bool
	}{
		"OnGradients":  {training.Callback{OnGradients: fail}, false},
		"OnStep":       {training.Callback{OnStep: fail}, false},
		"OnEpoch":      {training.Callback{OnEpoch: fail}, false},
		"OnCheckpoint": {training.Callback{OnCheckpoint: fail}, true},
	} {
		tr := newTrainer(t, 0.5)
		var atEnd error
		tr.Callbacks = []training.Callback{tt.fail, {OnEnd: func(r *training.Run) error {
			_, atEnd = r.State()
			return nil
		}}}
		_, err := tr.Fit(context.Background(), training.Data{Train: blobs(70, 1)})
		if !errors.Is(err, boom) {
			t.Errorf("%s: want the callback's error, got %v", name, err)
		}
		if tt.whole != (atEnd == nil) || atEnd != nil && !strings.Contains(atEnd.Error(), "training: State: the last step and epoch must be whole, got a run that failed at epoch") {
			t.Errorf("%s: the state at the end: %v", name, atEnd)
		}
	}
}

// The end is told to those who were told of the start.
func TestEndOfWhatHasBegun(t *testing.T) {
	tr := newTrainer(t, 0.5)
	var ends []int
	end := func(i int) func(*training.Run) error {
		return func(*training.Run) error { ends = append(ends, i); return nil }
	}
	tr.Callbacks = []training.Callback{{OnEnd: end(0)}, {OnStart: func(*training.Run) error { return errors.New("no") }, OnEnd: end(1)}, {OnEnd: end(2)}}
	if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(7, 1)}); err == nil || !slices.Equal(ends, []int{0}) {
		t.Errorf("the end was told to %v after %v", ends, err)
	}
}

// stateOf returns the state of a run after its last epoch.
func stateOf(t *testing.T, tr *training.Trainer, data training.Data) *training.State {
	t.Helper()
	var state *training.State
	callbacks := tr.Callbacks
	tr.Callbacks = append(slices.Clone(callbacks), training.Callback{OnEnd: func(r *training.Run) (err error) {
		state, err = r.State()
		return err
	}})
	fit(t, tr, data)
	tr.Callbacks = callbacks
	return state
}

func weightsOf(m *models.Model) (all []any) {
	for _, p := range m.Params() {
		all = append(all, p.Value().Data())
	}
	return all
}

// A run that was killed when its last step of an epoch had stopped it finishes the
// epoch, as it would have, and is over.
func TestKilledBeforeTheEndOfAStoppedEpoch(t *testing.T) {
	data := training.Data{Train: blobs(90, 1), Validation: blobs(40, 2)}
	var state *training.State
	trainer := func() *training.Trainer {
		tr := newTrainer(t, 0.5)
		tr.Callbacks = []training.Callback{{
			OnStep: func(r *training.Run) error {
				if r.Steps == 6 {
					r.Stop("enough")
				}
				return nil
			},
			OnCheckpoint: func(r *training.Run) (err error) {
				if r.Steps == 6 && state == nil {
					state, err = r.State()
				}
				return err
			},
		}}
		return tr
	}
	want := timeless(fit(t, trainer(), data))
	if state.Epoch != 1 || state.Batches != 3 {
		t.Fatalf("want the state before the end of the epoch, got epoch %d, batch %d", state.Epoch, state.Batches)
	}
	again := trainer()
	again.Resume = state
	if got := timeless(fit(t, again, data)); !reflect.DeepEqual(got, want) || len(got.Epochs) != 2 || got.Stopped != "enough" {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
