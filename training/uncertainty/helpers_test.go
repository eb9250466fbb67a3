package uncertainty_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

var background = context.Background()

// blobs are n points around the corners of a triangle, one class each.
func blobs(n int, seed uint64) *training.Examples {
	r := rand.New(rand.NewPCG(seed, 0))
	e := &training.Examples{Shape: []int{2}}
	for i := range n {
		angle := 2 * math.Pi * float64(i%3) / 3
		e.X = append(e.X, float32(math.Cos(angle)+0.3*r.NormFloat64()), float32(math.Sin(angle)+0.3*r.NormFloat64()))
		e.Y = append(e.Y, i%3)
	}
	return e
}

// head returns the first n examples.
func head(e *training.Examples, n int) *training.Examples {
	return &training.Examples{Shape: e.Shape, X: e.X[:2*n], Y: e.Y[:n]}
}

// layer makes a layer of a dropout of package ops.
func layer(op func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error), p float64) models.Layer {
	return models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		stream, ok := s.DropoutStream()
		if !ok {
			return x, nil
		}
		return op(x, p, stream)
	})
}

func newModel(t testing.TB, dropout models.Layer, opts ...models.Option) *models.Model {
	t.Helper()
	m, err := models.New(models.Sequential{
		models.Linear(2, 16), models.ReLU(), dropout, models.Linear(16, 3),
	}, []int{2}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trained returns a model that knows the blobs.
func trained(t testing.TB, opts ...models.Option) *models.Model {
	t.Helper()
	m := newModel(t, models.Dropout(0.5), opts...)
	trainer := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9}, Epochs: 5, BatchSize: 30}
	if _, err := trainer.Fit(background, training.Data{Train: blobs(300, 1)}); err != nil {
		t.Fatal(err)
	}
	return m
}

// sample returns the outputs of all passes by example.
func sample(t testing.TB, p *uncertainty.Predictor, data training.Dataset) (all [][][]float64) {
	t.Helper()
	err := p.Sample(background, data, func(index, label int, outputs [][]float64) error {
		if index != len(all) {
			t.Errorf("index must be %d, got %d", len(all), index)
		}
		var rows [][]float64
		for _, row := range outputs {
			rows = append(rows, slices.Clone(row))
		}
		all = append(all, rows)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func near(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) < 1e-5 })
}
