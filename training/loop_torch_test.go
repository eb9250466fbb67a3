package training_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// told has the examples of another data set, and writes down which were gathered.
type told struct {
	*training.Examples
	batches [][]int
}

func (d *told) Gather(indices []int, x []float32, y []int) error {
	d.batches = append(d.batches, slices.Clone(indices))
	return d.Examples.Gather(indices, x, y)
}

// Batches that are accumulated, groups, one cycle, and a mean of the weights lead to where they
// lead in PyTorch.
func TestLoopAgreesWithPyTorch(t *testing.T) {
	type task struct {
		X, Targets []float32
		Start      map[string][]float64
		Epochs     [][][][]int // epochs of steps of batches
		Decay      float64
		From       int
	}
	var tasks []task
	var got, want []map[string][]float64
	flat := func(m *models.Model) map[string][]float64 {
		all, err := m.Weights()
		if err != nil {
			t.Fatal(err)
		}
		values := make(map[string][]float64)
		for name, w := range all {
			values[name] = slices.Clone(w.Float64s())
		}
		return values
	}
	for _, average := range []training.Average{{Decay: 0.8, Start: 1}, {Start: 2}} {
		m, err := models.New(models.Sequential{models.Linear(2, 5), models.Tanh(), models.Linear(5, 2)}, []int{2}, models.WithDtype(tensor.Float64), models.WithSeed(4))
		if err != nil {
			t.Fatal(err)
		}
		data := &told{Examples: plane(22)}
		const epochs, steps = 6, 3 // of 2, 2 and 2 batches, the last of two examples
		now := task{X: data.X, Targets: data.Targets, Start: flat(m), Decay: average.Decay, From: average.Start}
		tr := &training.Trainer{
			Model: m, Solver: &optim.AdamW{Regularization: optim.Regularization{WeightDecay: 0.1}}, Epochs: epochs, BatchSize: 4, Accumulate: 2,
			LR:       schedule.OneCycle{Peak: 0.1, Steps: epochs * steps},
			Momentum: schedule.OneCycle{Initial: 0.95, Peak: 0.85, Final: 0.95, Steps: epochs * steps},
			Groups:   []training.Group{{Params: "*.bias", WeightDecay: optim.Zero}, {Params: "0.*", LRFactor: 0.5}},
			Average:  &average, Metrics: []metrics.Metric{}, Seed: 3,
		}
		fit(t, tr, training.Data{Train: data})
		for epoch := range slices.Chunk(data.batches[:epochs*2*steps], 2*steps) {
			now.Epochs = append(now.Epochs, slices.Collect(slices.Chunk(epoch, 2)))
		}
		tasks, got = append(tasks, now), append(got, flat(m))
	}
	pytorch.Run(t, "testdata/loop.py", tasks, &want)
	for i, r := range got {
		for name, values := range r {
			for k, v := range values {
				if d := math.Abs(v - want[i][name][k]); !(d < 1e-9) {
					t.Errorf("%+v: %s[%d] is %v, PyTorch's %v", tasks[i].Decay, name, k, v, want[i][name][k])
				}
			}
		}
	}
}
