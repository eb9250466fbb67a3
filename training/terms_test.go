package training_test

import (
	"context"
	"math"
	"math/rand/v2"
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

// Variational dropout finds that one of eight inputs matters: the weights of the
// others can be pruned.
func TestVariationalDropoutPrunes(t *testing.T) {
	const examples, inputs = 64, 8
	r := rand.New(rand.NewPCG(1, 2))
	data := &training.Examples{X: make([]float32, examples*inputs), Shape: []int{inputs}, Targets: make([]float32, examples), TargetShape: []int{1}}
	for i := range data.X {
		data.X[i] = float32(r.NormFloat64())
	}
	for i := range data.Targets {
		data.Targets[i] = 2*data.X[i*inputs] + float32(r.NormFloat64())
	}
	// Twice the variance of the noise, since the loss is a mean of squares.
	layer := models.VariationalDropoutLayer{Linear: models.Linear(inputs, 1), LogVariance: -6, Factor: 2. / examples}
	m, err := models.New(layer, []int{inputs}, models.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	tr := &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.02}, Epochs: 1500, BatchSize: examples, Seed: 1}
	if _, err := tr.Fit(context.Background(), training.Data{Train: data}); err != nil {
		t.Fatal(err)
	}
	report, err := models.PruneVariational(m, models.PruneFrom)
	if err != nil {
		t.Fatal(err)
	}
	w := m.Params()[0].Value().Float32s()
	if r := report[0]; r.Pruned < inputs-2 || w[0] < 1.6 || w[0] > 2.4 {
		t.Errorf("want the first weight, about 2, and few others, got %+v, %v", r, w)
	}
}
