package models_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
)

func TestPredict(t *testing.T) {
	m, err := models.New(models.Sequential{models.Dropout(0.5), models.Linear(2, 2)}, []int{2})
	if err == nil {
		err = m.SetWeights(map[string]*tensor.Dense{
			"1.weight": tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4})),
			"1.bias":   tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{0, 1})),
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	x := []float32{1, 0, 0, 1, 1, 1}
	want := [][]float64{{1, 4}, {2, 5}, {3, 8}}
	got, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	sampled, err := models.Predictor{Model: m, Samples: 4000}.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	probable, err := models.Predictor{Model: m, Softmax: true}.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := models.Predictor{Model: m, Softmax: true, Samples: 3}.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range want {
		for k, v := range row {
			if got[i][k] != v || math.Abs(sampled[i][k]-v) > 0.3 || sampled[i][k] == v {
				t.Errorf("output %d of %d is %v and over samples %v, want %v", k, i, got[i][k], sampled[i][k], v)
			}
		}
		if want := 1 / (1 + math.Exp(row[1]-row[0])); math.Abs(probable[i][0]-want) > 1e-12 || math.Abs(probable[i][0]+probable[i][1]-1) > 1e-12 {
			t.Errorf("probabilities of %d are %v, want %v for the first", i, probable[i], want)
		}
		if math.Abs(drawn[i][0]+drawn[i][1]-1) > 1e-12 {
			t.Errorf("probabilities of %d are %v", i, drawn[i])
		}
	}
	for want, p := range map[string]models.Predictor{
		"Model must be set, got nil":           {},
		"Samples must not be negative, got -1": {Model: m, Samples: -1},
	} {
		_, err := p.Predict(x)
		testkit.Rejects(t, err, want)
	}
	_, err = m.Predict(x[:3])
	testkit.Rejects(t, err, "inputs must have 2 values for each example, got 3")
	_, err = m.Predict(nil)
	testkit.Rejects(t, err, "inputs must have 2 values for each example, got 0")
}
