package models_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

// Weights that are not the model's, all of them and no others, are refused by name and
// leave the model as it is.
func TestSetWeightsRejects(t *testing.T) {
	m := mustModel(t, models.Sequential{models.Linear(3, 2)}, []int{3}, models.WithSeed(1))
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	file := func() string {
		var b bytes.Buffer
		if err := m.WriteSafetensors(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	before := file()
	columns := tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float32{1, 2, 3, 4, 5, 6}))
	strided := batch(3, 2)
	if err := strided.T(); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(w map[string]*tensor.Dense)
		want   string
	}{
		"one is missing": {func(w map[string]*tensor.Dense) { delete(w, "0.bias") }, "weights must have the model's tensor 0.bias, got none"},
		"one too many":   {func(w map[string]*tensor.Dense) { w["1.bias"] = batch(2) }, `weights must have the model's tensors only, got "1.bias"`},
		"another shape":  {func(w map[string]*tensor.Dense) { w["0.weight"] = batch(3, 2) }, "tensor 0.weight must be of float32 and shape (2, 3), got float32 (3, 2)"},
		"another type": {func(w map[string]*tensor.Dense) {
			w["0.bias"] = tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float64))
		}, "tensor 0.bias must be of float32 and shape (2), got float64 (2)"},
		"column-major": {func(w map[string]*tensor.Dense) { w["0.weight"] = columns }, "tensor 0.weight must be row-major without gaps"},
		"strided":      {func(w map[string]*tensor.Dense) { w["0.weight"] = strided }, "tensor 0.weight must be row-major without gaps"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := maps.Clone(weights)
			tt.change(changed)
			if err := m.SetWeights(changed); err == nil || err.Error() != "models: SetWeights: "+tt.want {
				t.Errorf("want error %q, got %v", "models: SetWeights: "+tt.want, err)
			}
			if err := m.CheckWeights(changed); err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("CheckWeights: want error %q, got %v", tt.want, err)
			}
			if file() != before {
				t.Error("weights that are refused have changed the model")
			}
		})
	}
}

// What SetWeights is given is what Weights and the forward pass have after it.
func TestSetWeights(t *testing.T) {
	m := mustModel(t, models.Sequential{models.Linear(3, 2)}, []int{3}, models.WithSeed(1))
	other := mustModel(t, models.Sequential{models.Linear(3, 2)}, []int{3}, models.WithSeed(2))
	weights, err := other.Weights()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetWeights(weights); err != nil {
		t.Fatal(err)
	}
	want := forward(t, other, models.Eval, batch(4, 3), 0)
	if got := forward(t, m, models.Eval, batch(4, 3), 0); !slices.Equal(got, want) {
		t.Errorf("the model with the other's weights must give %v, got %v", want, got)
	}
	for _, w := range weights {
		w.Float32s()[0] = 99
	}
	if got := forward(t, m, models.Eval, batch(4, 3), 0); !slices.Equal(got, want) {
		t.Errorf("the model must keep none of the tensors, got %v for %v", got, want)
	}
}
