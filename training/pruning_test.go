package training_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// corners are examples of four classes: the signs of two products of inputs.
func corners(n int, seed uint64) *training.Examples {
	const inputs = 8
	r := rand.New(rand.NewPCG(seed, 1))
	e := &training.Examples{X: make([]float32, n*inputs), Shape: []int{inputs}, Y: make([]int, n)}
	for i := range n {
		x := e.X[i*inputs : (i+1)*inputs]
		for k := range x {
			x[k] = float32(r.NormFloat64())
		}
		if x[0]*x[1] > 0 {
			e.Y[i]++
		}
		if x[2]*x[3] > 0 {
			e.Y[i] += 2
		}
	}
	return e
}

// accuracy trains a model and returns its accuracy on other examples before and
// after pruning.
func accuracy(t *testing.T, net models.Layer, train, test *training.Examples, epochs int, prune func(m *models.Model) (*models.Model, error)) (before, after float64) {
	t.Helper()
	m, err := models.New(net, train.Shape, models.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	tr := &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.01}, Epochs: epochs, BatchSize: 50, Seed: 1}
	if _, err := tr.Fit(context.Background(), training.Data{Train: train}); err != nil {
		t.Fatal(err)
	}
	evaluate := func(m *models.Model) float64 {
		metrics, err := (&training.Trainer{Model: m, BatchSize: 100}).Evaluate(context.Background(), test)
		if err != nil {
			t.Fatal(err)
		}
		return metrics.Accuracy()
	}
	before = evaluate(m)
	if m, err = prune(m); err != nil {
		t.Fatal(err)
	}
	return before, evaluate(m)
}

// A network that was trained with targeted dropout loses less by pruning than one
// that was not; the ordinary network has the same layers with p = 0.
func TestTargetedDropoutPrunes(t *testing.T) {
	train, test := corners(1500, 1), corners(1000, 2)
	const share, width, epochs = 0.75, 48, 30
	for name, layer := range map[string]func(in, out int, share, p float64, opts ...ops.TargetedOption) models.TargetedDropoutLayer{
		"weights": models.TargetedDropout, "units": models.TargetedUnitDropout,
	} {
		t.Run(name, func(t *testing.T) {
			var lost [2]float64
			for i, p := range []float64{0, 0.6} {
				var opts []ops.TargetedOption
				if p > 0 {
					opts = append(opts, ops.WithShare(schedule.Linear{To: share, End: 450}))
				}
				net := models.Sequential{layer(8, width, share, p, opts...), models.ReLU(), layer(width, width, share, p, opts...), models.ReLU(), models.Linear(width, 4)}
				before, after := accuracy(t, net, train, test, epochs, func(m *models.Model) (*models.Model, error) {
					_, err := models.PruneTargeted(m, share)
					return m, err
				})
				t.Logf("p = %v: %v, pruned %v", p, before, after)
				lost[i] = before - after
				if p > 0 && before < 0.8 {
					t.Errorf("want a network that has learned, got accuracy %v", before)
				}
			}
			if lost[1] > lost[0]/2 {
				t.Errorf("pruning must cost less than half of what it does without targeted dropout, %v, got %v", lost[0], lost[1])
			}
		})
	}
}

// A network of blocks that were skipped in training loses less without every
// other block than one whose blocks were not.
func TestLayerDropPrunes(t *testing.T) {
	train, test := corners(1500, 1), corners(1000, 2)
	const width, blocks, epochs = 32, 4, 30
	var lost [2]float64
	for i, p := range []float64{0, 0.3} {
		net := models.Sequential{models.Linear(8, width)}
		for range blocks {
			net = append(net, models.LayerDrop(p, models.Residual(models.LayerNorm(), models.Linear(width, width), models.ReLU(), models.Linear(width, width))))
		}
		net = append(net, models.Linear(width, 4))
		before, after := accuracy(t, net, train, test, epochs, func(m *models.Model) (*models.Model, error) {
			keep, err := models.EveryOther(blocks, 0.5)
			if err != nil {
				return nil, err
			}
			return models.KeepBlocks(m, keep)
		})
		t.Logf("p = %v: %v, pruned %v", p, before, after)
		lost[i] = before - after
		if before < 0.8 {
			t.Errorf("want a network that has learned, got accuracy %v", before)
		}
	}
	if lost[1] > lost[0]/2 {
		t.Errorf("removing blocks must cost less than half of what it does without LayerDrop, %v, got %v", lost[0], lost[1])
	}
}
