package checkpoint_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets/augment"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// runs are what is killed, by name.
var runs = map[string]func(t testing.TB) (*training.Trainer, training.Data){
	"classes": func(t testing.TB) (*training.Trainer, training.Data) {
		tr := trainer(t, 12)
		tr.Monitor = training.Monitor{Metric: "error"}
		return tr, data()
	},
	"everything": func(t testing.TB) (*training.Trainer, training.Data) { return everything(t, augment.Mixup{Alpha: 0.4}) },
	"CutMix":     func(t testing.TB) (*training.Trainer, training.Data) { return everything(t, augment.CutMix{}) },
	"regression": regression,
}

// everything is a training with all that a trainer has: two passes of batches that are
// accumulated and dropped, groups of parameters, running statistics, schedules, a falling learning rate, a
// mean of the weights, steps that are skipped, and examples that are changed and mixed.
func everything(t testing.TB, mix augment.Mix) (*training.Trainer, training.Data) {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 36, Hidden: []int{24, 16}, Outputs: 3, InputDropout: 0.1, HiddenDropout: 0.4, BatchNorm: true}, []int{36}, models.WithSeed(3))
	if err != nil {
		t.Fatal(err)
	}
	set := func(n int, seed uint64) *training.Examples {
		r := rand.New(rand.NewPCG(seed, 0))
		e := &training.Examples{Shape: []int{36}}
		for i := range n {
			for k := range 36 {
				e.X = append(e.X, float32(r.NormFloat64())+float32(k/12)*float32(i%3)/2)
			}
			e.Y = append(e.Y, i%3)
		}
		return e
	}
	const epochs = 12
	steps := int64(epochs * 6)
	tr := &training.Trainer{
		Model: m, Solver: &optim.SGD{Regularization: optim.Regularization{MaxNorm: 3, ClipNorm: 2}}, Epochs: epochs, Seed: 9,
		BatchSize: 16, DropLast: true, Accumulate: 2,
		LR:          schedule.OneCycle{Peak: 0.2, Steps: steps},
		Momentum:    schedule.OneCycle{Initial: 0.95, Peak: 0.85, Final: 0.95, Steps: steps},
		WeightDecay: schedule.Linear{From: 1e-4, To: 1e-3, End: steps},
		Groups:      []training.Group{{Params: "*.bias", WeightDecay: optim.Zero}, {Params: "1.*", LRFactor: 0.3}},
		NonFinite:   training.SkipNonFinite,
		Average:     &training.Average{Decay: 0.8, Start: 1},
		RDrop:       &training.RDrop{Alpha: 0.3},
		Metrics:     []metrics.Metric{metrics.F1{}, metrics.ECE{}},
		Monitor:     training.Monitor{Metric: metrics.F1{}.Name(), MinDelta: 0.001},
		Callbacks:   []training.Callback{training.ReduceLROnPlateau(training.Plateau{Factor: 0.5, Patience: 1, Cooldown: 1})},
	}
	train := &augment.Dataset{
		Data: set(190, 1), Seed: 5, Mix: mix, Classes: 3, Shape: []int{1, 6, 6},
		Transforms: []augment.Transform{
			augment.Flip{}, augment.Shift{Max: 1}, augment.Noise{SD: 0.1}, augment.Cutout{Size: 2},
			augment.Func(func(x []float32, _ []int, r *rand.Rand) error {
				if r.IntN(600) == 0 {
					x[7] = float32(math.NaN())
				}
				return nil
			}),
		},
	}
	return tr, training.Data{Train: train, Validation: set(60, 2), Test: set(30, 3)}
}

// regression is a training of numbers with weights, by the plain mean of weights.
func regression(t testing.TB) (*training.Trainer, training.Data) {
	t.Helper()
	m, err := models.New(models.Sequential{models.Linear(2, 24), models.Tanh(), models.Dropout(0.1), models.Linear(24, 2)}, []int{2}, models.WithSeed(3))
	if err != nil {
		t.Fatal(err)
	}
	set := func(n int, seed uint64) *training.Examples {
		r := rand.New(rand.NewPCG(seed, 0))
		e := &training.Examples{Shape: []int{2}, TargetShape: []int{2}}
		for range n {
			a, b := r.Float64()-0.5, r.Float64()-0.5
			e.X = append(e.X, float32(a), float32(b))
			e.Targets = append(e.Targets, float32(2*a-b+0.1*r.NormFloat64()), float32(a*b))
			e.Weights = append(e.Weights, float32(r.IntN(3)))
		}
		return e
	}
	return &training.Trainer{
		Model: m, Solver: &optim.AdamW{LR: 0.02, Regularization: optim.Regularization{WeightDecay: 0.01}}, Epochs: 12, BatchSize: 16, Accumulate: 3, Seed: 9,
		Loss: training.Huber(0.5), Metrics: []metrics.Metric{metrics.RMSE{}, metrics.R2{}}, Monitor: training.Monitor{Metric: "R²"},
		Average: &training.Average{Start: 4}, Callbacks: []training.Callback{training.ReduceLROnPlateau(training.Plateau{Patience: 1, Factor: 0.7})},
		Groups: []training.Group{{Params: "0.*", LRFactor: 0.5}},
	}, training.Data{Train: set(200, 1), Validation: set(60, 2)}
}

// All that the run of everything is for does happen in it.
func TestEverythingHappens(t *testing.T) {
	for name := range runs {
		if name == "classes" {
			continue
		}
		tr, data := runs[name](t)
		var factors []float64
		tr.Callbacks = append(tr.Callbacks, training.EarlyStopping(20), training.Callback{OnStep: func(r *training.Run) error {
			if r.LR != nil && tr.LR != nil {
				factors = append(factors, *r.LR/tr.LR.At(r.Steps-1))
			} else {
				factors = append(factors, *r.LR)
			}
			return nil
		}})
		h, err := tr.Fit(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		if falls := len(slices.CompactFunc(factors, func(a, b float64) bool { return math.Abs(a/b-1) < 1e-9 })); falls < 2 {
			t.Errorf("%s: the learning rate never fell", name)
		}
		if skipped := h.Skipped(); name != "regression" && (skipped < 2 || int64(skipped) > h.Steps/2) {
			t.Errorf("%s: %d of %d steps were skipped", name, skipped, h.Steps)
		}
		first, last := h.Epochs[0].Validation, h.Validation
		if name == "regression" && !(last.Score("R²").Value > first.Score("R²").Value) || name != "regression" && !(last.Accuracy() > 0.6) {
			t.Errorf("%s: nothing was learnt: %+v, %+v", name, first, last)
		}
	}
}

// From the file of every single step the run ends with the same bits.
func TestEverythingResumes(t *testing.T) {
	for name, run := range runs {
		dir := t.TempDir()
		file := func(i int) string { return filepath.Join(dir, strconv.Itoa(i)) }
		n := 0
		tr, data := run(t)
		tr.Callbacks = append(tr.Callbacks, training.Callback{OnCheckpoint: func(r *training.Run) error {
			s, err := r.State()
			if err != nil {
				return err
			}
			n++
			return checkpoint.Save(file(n-1), s)
		}})
		want, err := tr.Fit(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		stride := 3 // of each epoch the steps differ from those of others
		if testing.Short() {
			stride = 13
		}
		for i := 0; i < n; i += stride {
			again, data := run(t)
			if again.Resume, err = checkpoint.Load(file(i)); err != nil {
				t.Fatal(err)
			}
			got, err := again.Fit(context.Background(), data)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(weights(again.Model), weights(tr.Model)) || timeless(t, got) != timeless(t, want) {
				t.Errorf("%s: from checkpoint %d of %d the run ends otherwise", name, i, n)
			}
		}
	}
}

// timeless returns a history as JSON, without what differs between equal runs.
func timeless(t testing.TB, h *training.History) string {
	t.Helper()
	c := *h
	c.Time, c.Epochs = 0, slices.Clone(h.Epochs)
	for i := range c.Epochs {
		c.Epochs[i].Time = 0
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
