package training_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Frozen parameters stay as they are, whatever a solver does to all it sees, and the
// others are trained as they would be.
func TestFreeze(t *testing.T) {
	data := training.Data{Train: blobs(70, 1)}
	tr := newTrainer(t, 0.5)
	tr.Solver = &optim.SGD{LR: 0.05, Momentum: 0.9, Regularization: optim.Regularization{WeightDecay: 0.1, MaxNorm: 0.5}}
	m := tr.Model
	first := m.Params()[0].Name()
	part := first[:strings.LastIndex(first, ".")+1]
	if err := m.Freeze(part); err != nil {
		t.Fatal(err)
	}
	var norms []string
	tr.Callbacks = []training.Callback{{OnGradients: func(r *training.Run) error {
		for _, g := range r.Gradients() {
			norms = append(norms, g.Name)
		}
		return nil
	}}}
	before := make(map[string][]float32)
	for _, p := range m.Params() {
		before[p.Name()] = slices.Clone(p.Value().Float32s())
	}
	fit(t, tr, data)
	for _, p := range m.Params() {
		frozen := strings.HasPrefix(p.Name(), part)
		if same := slices.Equal(before[p.Name()], p.Value().Float32s()); same != frozen {
			t.Errorf("%s: unchanged is %v, want %v", p.Name(), same, frozen)
		}
		if slices.Contains(norms, p.Name()) == frozen {
			t.Errorf("%s: has a gradient is %v", p.Name(), frozen)
		}
	}
	// Thawed, the same trainer and model train it.
	if err := m.Unfreeze(first); err != nil {
		t.Fatal(err)
	}
	tr.Solver = &optim.SGD{LR: 0.05}
	fit(t, tr, data)
	if slices.Equal(before[first], m.Params()[0].Value().Float32s()) {
		t.Errorf("%s is not trained after Unfreeze", first)
	}
	if got := m.Frozen(); slices.Contains(got, first) || len(got) != 1 {
		t.Errorf("frozen is %q", got)
	}
}

func TestFreezeRejects(t *testing.T) {
	data := training.Data{Train: blobs(70, 1)}
	tr := newTrainer(t, 0.5)
	var state *training.State
	tr.Callbacks = []training.Callback{{OnEnd: func(r *training.Run) (err error) {
		state, err = r.State()
		return err
	}}}
	fit(t, tr, data)
	again := newTrainer(t, 0.5)
	again.Resume = state
	var all []string
	for _, p := range again.Model.Params() {
		all = append(all, p.Name())
	}
	if err := again.Model.Freeze(all[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Fit(context.Background(), data); err == nil || !strings.Contains(err.Error(), "the frozen parameters must be none, got "+all[0]) {
		t.Errorf("want an error about another frozen parameter, got %v", err)
	}
	if err := again.Model.Freeze(all...); err != nil {
		t.Fatal(err)
	}
	again.Resume = nil
	if _, err := again.Fit(context.Background(), data); err == nil || !strings.Contains(err.Error(), "a parameter must be trained, got all") {
		t.Errorf("want an error about a frozen model, got %v", err)
	}
	for name, f := range map[string]func(...string) error{"Freeze": again.Model.Freeze, "Unfreeze": again.Model.Unfreeze} {
		if err := f(all[0], "head."); err == nil || !strings.Contains(err.Error(), `models: `+name+`: name must be that of a tensor of the model or, with a dot at its end, of a part, got "head."`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
