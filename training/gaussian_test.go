package training_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A linear model with means and log variances goes where gradient descent by hand brings it.
func TestGaussianNLLByHand(t *testing.T) {
	for _, numbers := range []int{1, 2} {
		for _, weighted := range []bool{false, true} {
			e := &training.Examples{Shape: []int{3}, TargetShape: []int{numbers}}
			const n, lr, steps = 10, 0.05, 30
			for i := range n {
				for k := range 3 {
					e.X = append(e.X, float32((i*(k+2))%7)/7-0.4)
				}
				for k := range numbers {
					e.Targets = append(e.Targets, float32((i*(k+3))%5)/5)
				}
				if weighted {
					e.Weights = append(e.Weights, float32(i%3))
				}
			}
			m, err := models.New(models.Linear(3, 2*numbers), []int{3}, models.WithDtype(tensor.Float64))
			if err != nil {
				t.Fatal(err)
			}
			w := append([]float64(nil), m.Params()[0].Value().Float64s()...)
			b := append([]float64(nil), m.Params()[1].Value().Float64s()...)
			tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: lr}, Epochs: steps, BatchSize: n, Loss: training.GaussianNLL(),
				Metrics: []metrics.Metric{metrics.GaussianNLL{}, metrics.OfMeans{Of: metrics.RMSE{}}}}
			h := fit(t, tr, training.Data{Train: e})
			var last, rmse float64
			for step := range steps + 1 {
				dw, db := make([]float64, len(w)), make([]float64, len(b))
				last, rmse = 0, 0
				var total float64
				for i := range n {
					if weighted {
						total += float64(e.Weights[i])
					} else {
						total++
					}
				}
				for i := range n {
					weight := 1 / (total * float64(numbers))
					if weighted {
						weight *= float64(e.Weights[i])
					}
					out := func(k int) float64 {
						y := b[k]
						for j := range 3 {
							y += float64(e.X[3*i+j]) * w[j*2*numbers+k]
						}
						return y
					}
					for k := range numbers {
						mean, s := out(k), out(numbers+k)
						d := float64(e.Targets[i*numbers+k]) - mean
						last += weight * (math.Log(2*math.Pi) + s + d*d*math.Exp(-s)) / 2
						rmse += weight * d * d
						for at, slope := range map[int]float64{k: -weight * d * math.Exp(-s), numbers + k: weight * (1 - d*d*math.Exp(-s)) / 2} {
							db[at] += slope
							for j := range 3 {
								dw[j*2*numbers+at] += slope * float64(e.X[3*i+j])
							}
						}
					}
				}
				if step < steps {
					for i := range w {
						w[i] -= lr * dw[i]
					}
					for i := range b {
						b[i] -= lr * db[i]
					}
				}
			}
			what := fmt.Sprintf("%d numbers, weighted %v", numbers, weighted)
			testkit.Near(t, what+": weights", m.Params()[0].Value().Float64s(), w, 1e-9)
			testkit.Near(t, what+": bias", m.Params()[1].Value().Float64s(), b, 1e-9)
			testkit.Near(t, what+": metrics", []float64{h.Train.Score("Gaussian NLL").Value, h.Train.Score("RMSE").Value}, []float64{last, math.Sqrt(rmse)}, 1e-9)
		}
	}
}

func TestGaussianNLLRejects(t *testing.T) {
	tr := regressor(t) // with two outputs for two numbers
	tr.Loss, tr.Metrics = training.GaussianNLL(), []metrics.Metric{}
	_, err := tr.Fit(t.Context(), training.Data{Train: plane(20)})
	testkit.Rejects(t, err, "training: Fit: training: GaussianNLL: outputs must be the means and the logarithms of the variances of targets of shape (16, 2), twice as many, got shape (16, 2)")
}
