package training_test

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A loss of zero with a layer's term moves the layer's parameter as the term
// alone does, and reports the term.
func TestTermsOfLayers(t *testing.T) {
	const start, rate = 3, 0.1
	net := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := s.Apply("0", models.Linear(2, 3), x)
		if err != nil {
			return nil, err
		}
		a, err := s.ScalarParam("a", models.Constant(start))
		if err != nil {
			return nil, err
		}
		square, err := gorgonia.Square(a)
		if err != nil {
			return nil, err
		}
		return y, s.AddLoss(square)
	})
	for name, opts := range map[string][]models.Option{"float32": nil, "float64": {models.WithDtype(tensor.Float64)}} {
		t.Run(name, func(t *testing.T) {
			m, err := models.New(net, []int{2}, opts...)
			if err != nil {
				t.Fatal(err)
			}
			nothing := training.Unweighted(func(outputs, _ *gorgonia.Node) (*gorgonia.Node, error) {
				sum, err := gorgonia.Sum(outputs)
				if err != nil {
					return nil, err
				}
				return gorgonia.Sub(sum, sum)
			})
			tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: rate}, Epochs: 1, BatchSize: 8, Loss: nothing}
			_, err = tr.Fit(context.Background(), training.Data{Train: blobs(8, 1)})
			if err != nil {
				t.Fatal(err)
			}
			var got float64
			switch v := m.Params()[2].Value().Data().(type) {
			case []float32:
				got = float64(v[0])
			case []float64:
				got = v[0]
			}
			if want := start - rate*2*start; math.Abs(got-want) > 1e-6 {
				t.Errorf("the parameter must be %v after a step, got %v", want, got)
			}
		})
	}
}

// Concrete dropout learns its probability, which its regularizer pulls towards
// 1/2 where there is nothing else to learn.
func TestConcreteDropoutLearns(t *testing.T) {
	m, err := models.New(models.ConcreteDropout(2, 3, 0, 1), []int{2})
	if err != nil {
		t.Fatal(err)
	}
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.5}, Epochs: 100, BatchSize: 8}
	if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(8, 1)}); err != nil {
		t.Fatal(err)
	}
	logit := float64(m.Params()[2].Value().Data().([]float32)[0])
	if p := 1 / (1 + math.Exp(-logit)); p < 0.35 || p > 0.65 {
		t.Errorf("p must be pulled from 0.1 to about 0.5, got %v", p)
	}
}
