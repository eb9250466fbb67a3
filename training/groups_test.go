package training_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// What a group says holds for its parameters and no other.
func TestGroups(t *testing.T) {
	data := training.Data{Train: blobs(64, 1)}
	step := func(change func(*training.Trainer)) map[string][]float32 {
		tr := newTrainer(t, 0)
		tr.Solver = &optim.SGD{LR: 0.125, Regularization: optim.Regularization{WeightDecay: 0.5}}
		tr.BatchSize, tr.Epochs = 64, 1 // one step
		change(tr)
		fit(t, tr, data)
		all := make(map[string][]float32)
		for _, p := range tr.Model.Params() {
			all[p.Name()] = p.Value().Float32s()
		}
		return all
	}
	groups := func(all ...training.Group) map[string][]float32 {
		return step(func(tr *training.Trainer) { tr.Groups = all })
	}
	solver := func(lr, decay float64) map[string][]float32 {
		return step(func(tr *training.Trainer) {
			tr.Solver = &optim.SGD{LR: lr, Regularization: optim.Regularization{WeightDecay: decay}}
		})
	}
	begin := map[string][]float32{}
	for _, p := range newModel(t, 0).Params() {
		begin[p.Name()] = p.Value().Float32s()
	}
	base, slow, plain, heavy := solver(0.125, 0.5), solver(0.03125, 0.5), solver(0.125, 0), solver(0.125, 2)
	for name, tt := range map[string]struct {
		groups []training.Group
		first  func(name string) map[string][]float32
	}{
		"learning rate": {[]training.Group{{Params: "*.weight", LRFactor: 0.25}}, func(name string) map[string][]float32 {
			if strings.HasSuffix(name, ".weight") {
				return slow
			}
			return base
		}},
		"decay of its own, and none": {[]training.Group{{Params: "*.bias", WeightDecay: 2}, {Params: "*", WeightDecay: optim.Zero}}, func(name string) map[string][]float32 {
			if strings.HasSuffix(name, ".bias") {
				return heavy
			}
			return plain
		}},
		"the first that matches": {[]training.Group{{Params: "*.weight", LRFactor: 0.25}, {Params: "*", Frozen: true}}, func(name string) map[string][]float32 {
			if strings.HasSuffix(name, ".weight") {
				return slow
			}
			return begin
		}},
	} {
		for param, got := range groups(tt.groups...) {
			if !slices.Equal(got, tt.first(param)[param]) {
				t.Errorf("%s: %s is %v, want %v", name, param, got, tt.first(param)[param])
			}
		}
	}
}

func TestGroupsReject(t *testing.T) {
	data := training.Data{Train: blobs(9, 1)}
	for _, tt := range []struct {
		groups []training.Group
		solver gorgonia.Solver
		want   string
	}{
		{[]training.Group{{Params: "[a"}}, nil, `training: Fit: Groups: pattern of group 0, "[a": syntax error in pattern`},
		{[]training.Group{{Params: "*"}, {Params: "conv.*"}}, nil, `training: Fit: Groups: pattern of group 1 must match a parameter, got "conv.*"`},
		{[]training.Group{{Params: "*", LRFactor: -1}}, nil, `training: Fit: Groups: LRFactor of "*" must be finite and not negative, got -1`},
		{[]training.Group{{Params: "*", WeightDecay: -1}}, nil, `training: Fit: Groups: WeightDecay of "*" must be finite and not negative, got -1`},
		{[]training.Group{{Params: "*", LRFactor: 2}}, gorgonia.NewVanillaSolver(), `training: Fit: Groups: solver must be of package optim for LRFactor and WeightDecay of "*", got *gorgonia.VanillaSolver`},
		{[]training.Group{{Params: "*", Frozen: true}}, nil, "training: Fit: training: a parameter must be trained, got all 4 frozen"},
	} {
		tr := newTrainer(t, 0)
		tr.Groups = tt.groups
		if tt.solver != nil {
			tr.Solver = tt.solver
		}
		_, err := tr.Fit(t.Context(), data)
		testkit.Rejects(t, err, tt.want)
	}
	tr := newTrainer(t, 0)
	tr.Groups = []training.Group{{Params: "*.bias", Frozen: true}}
	state := stateOf(t, tr, data)
	tr.Resume, tr.Groups[0].Params = state, "*.weight"
	_, err := tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, "Groups must be {Params:*.bias LRFactor:0 WeightDecay:0 Frozen:true}, got {Params:*.weight")
}
