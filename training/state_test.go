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
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
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

// A run is gone on with by the same settings alone, and the error names all that
// differ.
func TestResumeNamesWhatDiffers(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	trainer := func() *training.Trainer {
		tr := newTrainer(t, 0.5)
		tr.LR = schedule.Cosine{Initial: 0.05, Steps: 15}
		tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
		return tr
	}
	state := stateOf(t, trainer(), data)
	for _, tt := range []struct {
		change func(*training.Trainer, *training.Data)
		want   []string
	}{
		{func(*training.Trainer, *training.Data) {}, nil},
		{func(tr *training.Trainer, _ *training.Data) { tr.EvalBatch = 3 }, nil},
		{func(tr *training.Trainer, _ *training.Data) { tr.Callbacks = append(tr.Callbacks, training.Callback{}) }, nil},
		{func(tr *training.Trainer, _ *training.Data) { tr.BatchSize = 16 }, []string{"BatchSize must be 32, got 16"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Seed, tr.Epochs = 7, 6 }, []string{"Seed must be 1, got 7", "Epochs must be 5, got 6"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.DropLast = true }, []string{"DropLast must be false, got true"}},
		{func(_ *training.Trainer, d *training.Data) { d.Train = blobs(71, 1) }, []string{"the number of training examples must be 70, got 71"}},
		{func(_ *training.Trainer, d *training.Data) { d.Validation = blobs(41, 1) }, []string{"the number of validation examples must be 40, got 41"}},
		{func(_ *training.Trainer, d *training.Data) { d.Validation = nil }, []string{"the number of validation examples must be 40, got 0"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Model = newModel(t, 0.5, models.WithSeed(4)) }, []string{"the model's seed must be 0, got 4"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Model = newModel(t, 0.25) }, []string{"the network and Loss must have DenseDropout{", "p=0.5", "p=0.25"}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Loss = training.CrossEntropy(nn.WithLabelSmoothing(0.1))
		}, []string{"the network and Loss must have SoftmaxCrossEntropy{", "0.1"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Solver = &optim.SGD{LR: 0.1, Momentum: 0.8} }, []string{"Solver must be optim.SGD{", `"Momentum":0.9`, `"Momentum":0.8`}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Solver = &optim.SGD{LR: 3, Momentum: 0.9} }, nil}, // the schedule's
		{func(tr *training.Trainer, _ *training.Data) { tr.Solver = &optim.Adam{} }, []string{"Solver must be optim.SGD{", "got optim.Adam{"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.LR = schedule.Cosine{Initial: 0.05, Steps: 16} }, []string{"LR must be 0.0494", "at step 1, got 0.0495"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.LR = nil }, []string{"the scheduled settings must be LR, got none"}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Callbacks = []training.Callback{training.EarlyStopping(4)}
		}, []string{`callback "EarlyStopping": training: EarlyStopping: patience must be 3 as in the state, got 4`}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Callbacks = []training.Callback{training.EarlyStoppingOn(training.Monitor{Metric: "error"}, 3)}
		}, []string{`callback "EarlyStopping": training: EarlyStopping: monitor must be {Metric: MinDelta:0} as in the state, got {Metric:error MinDelta:0}`}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Callbacks = append(tr.Callbacks, new(seen).callback())
		}, []string{`state must have the callback "seen", got none`}},
	} {
		tr, d := trainer(), data
		tr.Resume = state
		tt.change(tr, &d)
		before := fmt.Sprint(weightsOf(tr.Model))
		_, err := tr.Fit(context.Background(), d)
		if len(tt.want) == 0 {
			if err != nil {
				t.Errorf("want no error, got %v", err)
			}
			continue
		}
		for _, want := range append(tt.want, "training: Resume: ") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want error %q, got %v", want, err)
			}
		}
		if fmt.Sprint(weightsOf(tr.Model)) != before {
			t.Errorf("%q: the weights changed", tt.want)
		}
	}
	// On purpose it may be another run.
	longer := trainer()
	longer.Epochs, longer.Resume = 7, state
	state.Setup.Epochs = 7
	if h := fit(t, longer, data); len(h.Epochs) != 7 {
		t.Errorf("%d epochs, want 7", len(h.Epochs))
	}
}

func TestResumeRejects(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	tr := newTrainer(t, 0.5)
	tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
	state := stateOf(t, tr, data)
	for _, tt := range []struct {
		change func(s *training.State, tr *training.Trainer)
		want   string
	}{
		{func(s *training.State, tr *training.Trainer) { delete(s.Params, "1.weight") }, "weights must have the model's tensor 1.weight, got none"},
		{func(s *training.State, tr *training.Trainer) { s.Params["more"] = s.Params["1.weight"] }, `weights must have the model's tensors only, got "more"`},
		{func(s *training.State, tr *training.Trainer) {
			s.Params["1.weight"] = tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))
		}, "tensor 1.weight must be of float32 and shape (16, 2), got float32 (2)"},
		{func(s *training.State, tr *training.Trainer) { s.Batches = 99 }, "state must be within 5 epochs of 3 steps, got epoch 5, batch 99"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch = -1 }, "state must be within 5 epochs"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch = 6 }, "state must be within 5 epochs"},
		{func(s *training.State, tr *training.Trainer) { s.Steps = 14 }, "state of epoch 5, batch 0 must be of step 15, got 14"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch, s.Steps = 4, 12 }, "state of epoch 4 must have the record of as many, got 5"},
		{func(s *training.State, tr *training.Trainer) { s.Setup = training.Setup{} }, "state must have the setup of its run, got none"},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks = append(s.Callbacks, s.Callbacks[0]) }, `state must have one callback "EarlyStopping", got two`},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks = nil }, `state must have the callback "EarlyStopping", got none`},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks[0].Tensors = nil }, `callback "EarlyStopping": training: EarlyStopping: state: models: CheckWeights: weights must have the model's tensor 1.bias, got none`},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks[0].Data = []byte("{") }, `callback "EarlyStopping": training: EarlyStopping: state`},
		{func(s *training.State, tr *training.Trainer) { s.Solver.Step = -1 }, "Step must not be negative"},
		{func(s *training.State, tr *training.Trainer) { tr.Solver = gorgonia.NewVanillaSolver() }, "solver must have State and SetState, got *gorgonia.VanillaSolver"},
		{func(s *training.State, tr *training.Trainer) {
			tr.Model = newModel(t, 0.5, models.WithDtype(tensor.Float64))
		}, "must be of float64"},
	} {
		s := *state
		s.Params = make(map[string]*tensor.Dense)
		for name, d := range state.Params {
			s.Params[name] = d
		}
		s.Callbacks = slices.Clone(state.Callbacks[:1])
		tr := newTrainer(t, 0.5)
		tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
		tr.Resume = &s
		tt.change(&s, tr)
		before := fmt.Sprint(weightsOf(tr.Model))
		if _, err := tr.Fit(context.Background(), data); err == nil || !strings.Contains(err.Error(), "training: Resume: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
		if fmt.Sprint(weightsOf(tr.Model)) != before {
			t.Errorf("%s: the weights changed", tt.want)
		}
	}
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
