package training_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A trainer that has fitted once fits what its fields say now, and with the same
// result as a new one.
func TestTrainerUsedAgain(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(30, 2)}
	other := func() *models.Model { return newModel(t, 0.25, models.WithSeed(8)) }
	plain := func() *models.Model { return newModel(t, 0.5, models.WithSeed(9), models.WithoutFusion()) }
	squares := func(logits, _ *gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.Mean(gorgonia.Must(gorgonia.Square(logits)))
	}
	for name, change := range map[string]func(*training.Trainer){
		"model":              func(tr *training.Trainer) { tr.Model = other() },
		"model and its ops":  func(tr *training.Trainer) { tr.Model = plain() },
		"loss":               func(tr *training.Trainer) { tr.Loss = training.Unweighted(squares) },
		"settings of a loss": func(tr *training.Trainer) { tr.Loss = training.CrossEntropy(nn.WithLabelSmoothing(0.3)) },
		"batch size":         func(tr *training.Trainer) { tr.BatchSize = 7 },
		"drop last":          func(tr *training.Trainer) { tr.DropLast = true },
		"seed and epochs":    func(tr *training.Trainer) { tr.Seed, tr.Epochs = 5, 2 },
		"solver":             func(tr *training.Trainer) { tr.Solver = &optim.Adam{} },
		"schedule":           func(tr *training.Trainer) { tr.LR = schedule.Constant(0.01) },
	} {
		used := newTrainer(t, 0.5)
		used.Loss = training.CrossEntropy(nn.WithLabelSmoothing(0.1))
		fit(t, used, data)
		first, learnt := used.Model, slices.Clone(weights(used.Model))
		momentum := used.Solver.(*optim.SGD).State()

		// A new trainer, of a model and a solver that have learnt the same.
		fresh := newTrainer(t, 0.5)
		fresh.Loss = used.Loss
		for i, p := range fresh.Model.Params() {
			copy(p.Value().Float32s(), used.Model.Params()[i].Value().Float32s())
		}
		change(used)
		change(fresh)
		if used.Model == first {
			if s, ok := fresh.Solver.(*optim.SGD); ok {
				if err := s.SetState(momentum); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, want := fit(t, used, data), fit(t, fresh, data)
		if !slices.Equal(weights(used.Model), weights(fresh.Model)) || !reflect.DeepEqual(*got.Validation, *want.Validation) || got.Steps != want.Steps {
			t.Errorf("%s: the trainer that was used has %+v, a new one %+v", name, *got.Validation, *want.Validation)
		}
		if used.Model != first && !slices.Equal(learnt, weights(first)) {
			t.Errorf("%s: the first model was trained again", name)
		}
	}
}

// Evaluate evaluates the model that the trainer has now.
func TestEvaluateAnotherModel(t *testing.T) {
	data := blobs(60, 1)
	tr := newTrainer(t, 0)
	a, b := tr.Model, newModel(t, 0, models.WithSeed(3))
	fit(t, tr, training.Data{Train: data})
	want := map[*models.Model]training.Metrics{}
	for _, m := range []*models.Model{a, b, a, b} {
		tr.Model = m
		got, err := tr.Evaluate(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := (&training.Trainer{Model: m}).Evaluate(context.Background(), data)
		if err != nil || !reflect.DeepEqual(got, alone) {
			t.Errorf("got %+v, a trainer of its own %+v, %v", got, alone, err)
		}
		want[m] = got
	}
	if reflect.DeepEqual(want[a], want[b]) {
		t.Error("both models have the same metrics")
	}
}

// What must stay while a trainer fits is an error where it does not.
func TestModelStaysInARun(t *testing.T) {
	tr := newTrainer(t, 0)
	other := newModel(t, 0, models.WithSeed(3))
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		r.Trainer.Model = other
		return nil
	}}}
	_, err := tr.Fit(context.Background(), training.Data{Train: blobs(96, 1)})
	if want := "training: Fit: epoch 0, step 1: Model must stay as it is while the trainer fits, got another"; err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
}

// A solver without a memory that can be cleared must not carry it to another model.
func TestForeignSolverOfAnotherModel(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.Solver = gorgonia.NewMomentum()
	fit(t, tr, training.Data{Train: blobs(10, 1)})
	tr.Model = newModel(t, 0, models.WithSeed(3))
	_, err := tr.Fit(context.Background(), training.Data{Train: blobs(10, 1)})
	if err == nil || !strings.Contains(err.Error(), "a solver that has trained another model must have State and SetState to forget it, got *gorgonia.Momentum") {
		t.Errorf("got %v", err)
	}
}

// Callbacks whose states could not be told apart are an error before the first step.
func TestCallbackNames(t *testing.T) {
	save := func() (training.CallbackState, error) { return training.CallbackState{}, nil }
	load := func(training.CallbackState) error { return nil }
	for _, tt := range []struct {
		callbacks []training.Callback
		want      string
	}{
		{[]training.Callback{{}, {Save: save, Load: load}}, "callback 1 has Save and must have a name, got none"},
		{[]training.Callback{{Name: "a", Save: save}}, `callback 0, "a", must have both Save and Load or none, got one`},
		{[]training.Callback{{Name: "a", Save: save, Load: load}, {Name: "a", Save: save, Load: load}}, `callbacks with Save must have names of their own, got two of "a"`},
	} {
		tr := newTrainer(t, 0)
		tr.Callbacks = tt.callbacks
		if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(10, 1)}); err == nil || err.Error() != "training: Fit: "+tt.want {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
