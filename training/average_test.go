package training_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// values64 returns the parameters and running statistics of a model of float64.
func values64(m *models.Model) (all []float64) {
	for _, p := range slices.Concat(m.Params(), m.States()) {
		all = append(all, p.Value().Float64s()...)
	}
	return all
}

func averaging(t *testing.T, a training.Average) *training.Trainer {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{8}, Outputs: 3, HiddenDropout: 0.5, BatchNorm: true}, []int{2}, models.WithDtype(tensor.Float64))
	if err != nil {
		t.Fatal(err)
	}
	tr := newTrainer(t, 0)
	tr.Model, tr.Average = m, &a
	return tr
}

// The mean is that of its definition, and is where the settings say: in the model while an epoch is
// judged and at the end, or beside it.
func TestAverage(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	for _, a := range []training.Average{{Decay: 0.75}, {Decay: 0.9, Start: 2}, {}, {Start: 3}, {Decay: 0.75, Apart: true}, {Start: 1, Apart: true}, {Start: 9}} {
		tr := averaging(t, a)
		var mean, raw []float64 // of the trained weights
		n := 0
		add := func(share float64) {
			if n++; n == 1 {
				mean = slices.Clone(raw)
				return
			}
			for i := range mean {
				mean[i] += share * (raw[i] - mean[i])
			}
		}
		equal := func(what string, got, want []float64) {
			for i := range want {
				if !(math.Abs(got[i]-want[i]) < 1e-12) {
					t.Fatalf("%+v: %s: value %d is %v, want %v", a, what, i, got[i], want[i])
				}
			}
		}
		tr.Callbacks = []training.Callback{{
			OnStep: func(r *training.Run) error {
				raw = values64(tr.Model)
				if a.Decay > 0 && r.Epoch >= a.Start {
					add(1 - a.Decay)
				}
				return nil
			},
			OnEpoch: func(r *training.Run) error {
				if a.Decay == 0 && r.Epoch >= a.Start {
					add(1 / float64(n+1))
				}
				now, judged := values64(tr.Model), raw
				if n > 0 && !a.Apart {
					judged = mean
				}
				equal("at the end of an epoch", now, judged)
				m, err := tr.Evaluate(t.Context(), data.Validation)
				if got := r.History.Epochs[r.Epoch].Validation; err != nil || m.NLL != got.NLL {
					t.Errorf("%+v: validation is %+v, want %+v", a, got, m)
				}
				if n > 0 {
					return r.WithAverage(func() error { equal("beside the model", values64(tr.Model), mean); return nil })
				}
				return nil
			},
			OnCheckpoint: func(r *training.Run) error {
				equal("at a checkpoint", values64(tr.Model), raw)
				if n == 0 {
					return nil
				}
				return r.WithAverage(func() error {
					equal("lent at a checkpoint", values64(tr.Model), mean)
					if _, err := r.State(); err == nil {
						t.Errorf("%+v: a state with the mean as weights must be an error", a)
					}
					return nil
				})
			},
		}}
		fit(t, tr, data)
		end := raw
		if n > 0 && !a.Apart {
			end = mean
		}
		equal("at the end", values64(tr.Model), end)
	}
}

// A run with a mean goes on from every checkpoint, also where evaluation failed.
func TestResumeOfAverage(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	for _, a := range []training.Average{{Decay: 0.75, Start: 1}, {Start: 1}, {}, {Apart: true}} {
		trainer := func() *training.Trainer {
			tr := averaging(t, a)
			tr.Callbacks = []training.Callback{training.EarlyStopping(2)}
			return tr
		}
		var states []*training.State
		take := func(r *training.Run) error {
			s, err := r.State()
			states = append(states, s)
			return err
		}
		whole := trainer()
		whole.Callbacks = append(whole.Callbacks, training.Callback{OnCheckpoint: take, OnEnd: take})
		want := timeless(fit(t, whole, data))
		// The last step of an epoch is done, its evaluation fails.
		broken := trainer()
		broken.Callbacks = append(broken.Callbacks, training.Callback{OnEnd: take})
		faulty := blobs(40, 2)
		faulty.X[3] = float32(math.NaN())
		if _, err := broken.Fit(t.Context(), training.Data{Train: data.Train, Validation: faulty}); err == nil {
			t.Fatal("the evaluation of NaN must be an error")
		}
		for _, s := range states {
			again := trainer()
			again.Resume = s
			got := timeless(fit(t, again, data))
			if !reflect.DeepEqual(got, want) || !slices.Equal(values64(again.Model), values64(whole.Model)) {
				t.Errorf("%+v, from step %d, batch %d: the run ends otherwise", a, s.Steps, s.Batches)
			}
		}
	}
}

func TestAverageRejects(t *testing.T) {
	data := training.Data{Train: blobs(70, 1)}
	for _, tt := range []struct {
		average training.Average
		want    string
	}{
		{training.Average{Decay: 1}, "training: Fit: Average: Decay must be in [0, 1), got 1"},
		{training.Average{Decay: math.NaN()}, "training: Fit: Average: Decay must be in [0, 1), got NaN"},
		{training.Average{Start: -1}, "training: Fit: Average: Start must not be negative, got -1"},
	} {
		_, err := averaging(t, tt.average).Fit(t.Context(), data)
		testkit.Rejects(t, err, tt.want)
	}
	tr := averaging(t, training.Average{})
	tr.Average = nil
	tr.Callbacks = []training.Callback{{OnEpoch: func(r *training.Run) error { return r.WithAverage(func() error { return nil }) }}}
	_, err := tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, "training: WithAverage: Trainer.Average must have begun, got none")

	for _, tt := range []struct {
		change func(s *training.State, tr *training.Trainer)
		want   string
	}{
		{func(_ *training.State, tr *training.Trainer) { tr.Average = &training.Average{Decay: 0.25} }, "Average must be {Decay:0.5 Start:0 Apart:false}, got {Decay:0.25 Start:0 Apart:false}"},
		{func(s *training.State, _ *training.Trainer) { delete(s.Average, "1.weight") }, "mean must be of the model's 7 tensors, got 6, of 15 weights"},
		{func(s *training.State, _ *training.Trainer) { s.Averaged = 0 }, "mean must be of the model's 7 tensors, got 7, of 0 weights"},
		{func(s *training.State, _ *training.Trainer) {
			s.Average["1.weight"] = tensor.New(tensor.WithShape(1), tensor.Of(tensor.Float64))
		}, "mean of 1.weight must be of float64 and shape (2, 8), got"},
		{func(s *training.State, _ *training.Trainer) { s.Average["1.weight"].Float64s()[3] = math.NaN() }, "mean of 1.weight must be finite, got NaN at 3"},
		{func(s *training.State, tr *training.Trainer) { s.Setup.Average, tr.Average = "", nil }, "state must have no mean of weights without Average, got one"},
	} {
		again := averaging(t, training.Average{Decay: 0.5})
		again.Resume = stateOf(t, averaging(t, training.Average{Decay: 0.5}), data)
		tt.change(again.Resume, again)
		_, err := again.Fit(t.Context(), data)
		testkit.Rejects(t, err, tt.want)
	}
}
