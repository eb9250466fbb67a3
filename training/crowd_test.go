package training_test

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// One model is used by 64 goroutines at once: built for, trained, evaluated, sampled,
// read and set. It is for the race detector to find what they do to each other; the
// model stays whole.
func TestCrowd(t *testing.T) {
	m := newModel(t, 0.5)
	data := blobs(40, 1)
	ctx := context.Background()
	kinds := []func() error{
		func() error { _, err := m.Compile(models.Train, 7); return err },
		func() error {
			tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.01, Momentum: 0.9}, Epochs: 2, BatchSize: 16}
			_, err := tr.Fit(ctx, training.Data{Train: data})
			return err
		},
		func() error { _, err := (&training.Trainer{Model: m}).Evaluate(ctx, data); return err },
		func() error { _, err := models.Predictor{Model: m, Samples: 3}.Predict(data.X[:20]); return err },
		func() error {
			w, err := m.Weights()
			if err != nil {
				return err
			}
			return m.SetWeights(w)
		},
		func() error { _, err := m.Summary(); return err },
		func() error {
			_, err := (&training.Trainer{Model: m, Solver: &optim.Adam{}, Epochs: 1}).Memory(training.Data{Train: data})
			return err
		},
		func() error { _, err := m.Predict(data.X[:20]); return err },
	}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if err := kinds[i%len(kinds)](); err != nil {
				t.Errorf("%d: %v", i%len(kinds), err)
			}
		})
	}
	wg.Wait()
	for _, v := range weights(m) {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			t.Fatalf("the weights must be finite, got %v", v)
		}
	}
}

// Models that nobody uses any more leave nothing.
func TestDroppedModels(t *testing.T) {
	n := 10_000
	if testing.Short() || raceEnabled {
		n = 500
	}
	one := func() {
		m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{4}, Outputs: 3, HiddenDropout: 0.5}, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Predict([]float32{1, 2}); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		one()
	}
	before := live()
	for range n {
		one()
	}
	if grown := live() - before; grown > int64(10*n) { // a model takes some 100 KiB
		t.Errorf("%d models have left %d bytes", n, grown)
	}
}
