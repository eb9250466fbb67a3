package models_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Of the four weights of each unit the two smallest are removed.
func ExamplePruneTargeted() {
	m, err := models.New(models.TargetedDropout(4, 2, 0.5, 0.5), []int{4})
	if err != nil {
		log.Fatal(err)
	}
	weight := m.Params()[0].Value().Float32s()
	copy(weight, []float32{
		0.1, 3,
		-2, 0.2,
		5, -4,
		-0.3, 0.4,
	})
	report, err := models.PruneTargeted(m, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range report {
		fmt.Printf("%s: %d of %d pruned; left: %d inputs, %d outputs\n", s.Name, s.Pruned, s.Weights, s.Inputs, s.Outputs)
	}
	fmt.Println(weight)
	// Output:
	// weight: 4 of 8 pruned; left: 3 inputs, 2 outputs
	// [0 3 -2 0 5 -4 0 0]
}

// Layers are pruned as they were trained, others not at all, and one that is
// used twice once.
func TestPruneTargeted(t *testing.T) {
	twice := models.TargetedDropout(2, 2, 0.5, 0.5)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		net := models.Sequential{models.Linear(3, 3), models.TargetedUnitDropout(3, 2, 0.5, 0.5), shared{twice}}
		m := mustModel(t, net, []int{3}, models.WithDtype(dt))
		set := func(name string, v ...float64) {
			for _, p := range m.Params() {
				if p.Name() != name {
					continue
				}
				for i, x := range v {
					if dt == tensor.Float32 {
						p.Value().Float32s()[i] = float32(x)
					} else {
						p.Value().Float64s()[i] = x
					}
				}
			}
		}
		set("0.weight", 1, 2, 3, 4, 5, 6, 7, 8, 9)
		set("1.weight", 3, -1, 0, 2, 1, 3)
		set("1.bias", 5, 6)
		set("2.0.weight", 1, -4, -2, 3)
		report, err := models.PruneTargeted(m, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		want := []models.Sparsity{
			{Name: "1.weight", Weights: 6, Pruned: 3, Inputs: 3, Outputs: 1},
			{Name: "2.0.weight", Weights: 4, Pruned: 2, Inputs: 2, Outputs: 2},
		}
		if !slices.Equal(report, want) {
			t.Errorf("%v: want %+v, got %+v", dt, want, report)
		}
		for name, want := range map[string]string{
			"0.weight": "[1 2 3 4 5 6 7 8 9]", "1.weight": "[0 -1 0 2 0 3]", "1.bias": "[5 6]", "2.0.weight": "[0 -4 -2 0]",
		} {
			for _, p := range m.Params() {
				if got := fmt.Sprint(p.Value().Data()); p.Name() == name && got != want {
					t.Errorf("%v: %s must be %s, got %s", dt, name, want, got)
				}
			}
		}
	}
	m := mustModel(t, models.TargetedDropout(3, 2, 0.5, 0.5), []int{3})
	before := slices.Clone(m.Params()[0].Value().Float32s())
	if report, err := models.PruneTargeted(m, 0); err != nil || report[0].Pruned != 0 || !slices.Equal(m.Params()[0].Value().Float32s(), before) {
		t.Errorf("a share of 0 must change nothing, got %+v, %v", report, err)
	}
	if report, err := models.PruneTargeted(m, 1); err != nil || report[0] != (models.Sparsity{Name: "weight", Weights: 6, Pruned: 6}) {
		t.Errorf("a share of 1 must leave nothing, got %+v, %v", report, err)
	}
	if report, err := models.PruneTargeted(mustModel(t, models.Linear(3, 2), []int{3}), 0.5); err != nil || report != nil {
		t.Errorf("want nothing to prune, got %+v, %v", report, err)
	}
	_, err := models.PruneTargeted(m, math.NaN())
	testkit.Rejects(t, err, "models: PruneTargeted: share must be in [0, 1], got NaN")
	_, err = models.PruneTargeted(nil, 0.5)
	testkit.Rejects(t, err, "models: PruneTargeted: model must not be nil")
	_, err = models.PruneTargeted(mustModel(t, models.TargetedDropout(3, 2, 0.5, 0.5), []int{3}, models.AsSketch()), 0.5)
	testkit.Rejects(t, err, "models: PruneTargeted: model must have values, got a sketch")
}

// shared applies a layer twice with the same parameters.
type shared struct{ models.Layer }

func (s shared) Apply(scope *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	for range 2 {
		var err error
		if x, err = scope.Apply("0", s.Layer, x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// In evaluation all weights are there; Summary tells both settings.
func TestTargetedDropoutLayer(t *testing.T) {
	m := mustModel(t, models.Sequential{
		models.TargetedDropout(6, 5, 0.5, 0.25),
		models.TargetedUnitDropout(5, 4, 0.5, 0.75, ops.WithSeed(1), ops.WithRate(schedule.Constant(0.1)), ops.WithShare(schedule.Constant(0.2))),
	}, []int{6})
	plain := mustModel(t, models.Sequential{models.Linear(6, 5), models.Linear(5, 4)}, []int{6})
	x := batch(3, 6)
	if !slices.Equal(forward(t, m, models.Eval, x, 0), forward(t, plain, models.Eval, x, 0)) {
		t.Error("evaluation must be that of linear layers")
	}
	summary, err := m.Summary()
	if err != nil {
		t.Fatal(err)
	}
	var rates []string
	for _, l := range summary.Layers {
		rates = append(rates, fmt.Sprint(l.Name, " ", l.Rates))
	}
	if got, want := strings.Join(rates, "; "), "TargetedDropout [0.25 share 0.5]; TargetedDropout [TargetedUnitDropout by step share by step]"; got != want {
		t.Errorf("want rates %q, got %q", want, got)
	}
	// Without rate, share or options nothing is added.
	for _, l := range []models.TargetedDropoutLayer{models.TargetedDropout(6, 5, 0, 0.5), models.TargetedDropout(6, 5, 0.5, 0)} {
		g, err := mustModel(t, l, []int{6}).Build(models.Train, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ops.FindStep(g.ExprGraph); ok {
			t.Errorf("%+v adds a dropout", l)
		}
	}
}
