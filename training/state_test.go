package training_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
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

// A run that is stopped at any step and resumed by another trainer ends with the
// weights and the history of one that never was.
func TestResume(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2), Test: blobs(30, 3)}
	solvers := map[string]func() gorgonia.Solver{
		"SGD":  func() gorgonia.Solver { return &optim.SGD{LR: 0.05, Momentum: 0.9} },
		"Adam": func() gorgonia.Solver { return &optim.Adam{} },
	}
	for name, solver := range solvers {
		trainer := func() *training.Trainer {
			tr := newTrainer(t, 0.5)
			tr.Solver, tr.Epochs = solver(), 4
			tr.Schedule = optim.Cosine{Initial: 0.05, Steps: 12}
			tr.Callbacks = []training.Callback{training.EarlyStopping(2)}
			return tr
		}
		whole := trainer()
		want := timeless(fit(t, whole, data))
		for _, stop := range []int64{0, 1, 2, 3, 4, 7, 11, 12} {
			ctx, cancel := context.WithCancel(context.Background())
			tr := trainer()
			var state *training.State
			tr.Callbacks = append(tr.Callbacks, training.Callback{
				OnStart: func(*training.Run) error {
					if stop == 0 {
						cancel()
					}
					return nil
				},
				OnStep: func(r *training.Run) error {
					if r.Steps == stop {
						cancel()
					}
					return nil
				},
				OnEnd: func(r *training.Run) (err error) {
					state, err = r.State()
					return err
				},
			})
			// The state must be of the run as it stopped, not of the best epoch that
			// early stopping gives back.
			slices.Reverse(tr.Callbacks)
			if _, err := tr.Fit(ctx, data); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			cancel()
			again := trainer()
			again.Callbacks = append([]training.Callback{{}}, again.Callbacks...)
			again.Resume = state
			got := timeless(fit(t, again, data))
			if !slices.Equal(weights(again.Model), weights(whole.Model)) {
				t.Errorf("%s, stopped after step %d: other weights", name, stop)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, stopped after step %d: history is %+v, want %+v", name, stop, got, want)
			}
		}
	}
}

func TestResumeRejects(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	var state *training.State
	tr := newTrainer(t, 0.5)
	tr.Callbacks = []training.Callback{training.EarlyStopping(3), {OnEpoch: func(r *training.Run) (err error) {
		state, err = r.State()
		return err
	}}}
	fit(t, tr, data)
	for _, tt := range []struct {
		change func(s *training.State, tr *training.Trainer)
		want   string
	}{
		{func(s *training.State, tr *training.Trainer) { delete(s.Params, "1.weight") }, "weights must have the model's tensor 1.weight, got none"},
		{func(s *training.State, tr *training.Trainer) { s.Params["more"] = s.Params["1.weight"] }, `weights must have the model's tensors only, got "more"`},
		{func(s *training.State, tr *training.Trainer) {
			s.Params["1.weight"] = tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))
		}, "tensor 1.weight must be of float32 and shape (16, 2), got float32 (2)"},
		{func(s *training.State, tr *training.Trainer) { s.Batches = 99 }, "state must be at a step of"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch = -1 }, "state must be at a step of"},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks = nil }, "state must be of 1 callbacks, got 0"},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks[0].Tensors = nil }, "callback 0: training: EarlyStopping: state: models: CheckWeights: weights must have the model's tensor 1.bias, got none"},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks[0].Data = []byte("{") }, "callback 0: training: EarlyStopping: state"},
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
