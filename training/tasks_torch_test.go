package training_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A short training on weighted numbers takes the same way as in PyTorch.
func TestRegressionAgreesWithPyTorch(t *testing.T) {
	type weightsOf map[string][]float64
	type task struct {
		X, Targets, Weights []float32
		Loss                string
		Start               weightsOf
	}
	type result struct {
		Losses []float64
		End    weightsOf
	}
	var tasks []task
	var want, got []result
	flat := func(m *models.Model) weightsOf {
		all, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		values := make(weightsOf)
		for name, w := range all {
			values[name] = slices.Clone(w.Float64s())
		}
		return values
	}
	for name, loss := range map[string]training.Loss{"mse": nil, "l1": training.MAE(), "huber": training.Huber(0.2), "bce": training.BCEWithLogits()} {
		m, err := models.New(models.Sequential{models.Linear(2, 5), models.Tanh(), models.Linear(5, 2)}, []int{2}, models.WithDtype(tensor.Float64), models.WithSeed(4))
		if err != nil {
			t.Fatal(err)
		}
		data := plane(24)
		data.Weights = slices.Repeat([]float32{1, 0.25, 0, 3}, 6)
		if name == "bce" {
			for i, v := range data.Targets {
				data.Targets[i] = float32(math.Min(1, math.Round(float64(v*v+0.3))))
			}
		}
		tr := &training.Trainer{Model: m, Loss: loss, Solver: &optim.Adam{LR: 0.05}, Epochs: 12, BatchSize: 24}
		now := task{data.X, data.Targets, data.Weights, name, flat(m)}
		h := fit(t, tr, training.Data{Train: data})
		r := result{End: flat(m)}
		for _, e := range h.Epochs {
			r.Losses = append(r.Losses, e.Loss)
		}
		tasks, got = append(tasks, now), append(got, r)
	}
	pytorch.Run(t, "testdata/regression.py", tasks, &want)
	for i, r := range got {
		for e, loss := range r.Losses {
			if d := math.Abs(loss - want[i].Losses[e]); !(d < 1e-12) {
				t.Errorf("%s, epoch %d: loss is %v, PyTorch's %v", tasks[i].Loss, e, loss, want[i].Losses[e])
			}
		}
		for name, values := range r.End {
			for k, v := range values {
				if d := math.Abs(v - want[i].End[name][k]); !(d < 1e-9) {
					t.Errorf("%s: %s[%d] is %v, PyTorch's %v", tasks[i].Loss, name, k, v, want[i].End[name][k])
				}
			}
		}
	}
}
