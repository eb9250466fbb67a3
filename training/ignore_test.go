package training_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// An ignored label is one of weight 0, in the loss and in all metrics.
func TestIgnoreIndex(t *testing.T) {
	for name, loss := range map[string]training.Loss{"default": nil, "own": training.CrossEntropy(nn.WithIgnoreIndex(-7))} {
		run := func(ignore bool) (*training.Trainer, *training.History) {
			data := blobs(90, 1)
			data.Weights = slices.Repeat([]float32{1}, 90)
			for i := range data.Y {
				if i%4 == 1 {
					data.Y[i] = -7
					data.Weights[i] = 0
				}
			}
			tr := newTrainer(t, 0)
			tr.Metrics = []metrics.Metric{metrics.Accuracy{}, metrics.F1{}}
			if ignore {
				label := -7
				tr.IgnoreIndex, data.Weights, tr.Loss = &label, nil, loss
			}
			return tr, fit(t, tr, training.Data{Train: data, Validation: data})
		}
		got, h := run(true)
		want, wanted := run(false)
		a, b := weights(got.Model), weights(want.Model)
		for i := range a {
			if !(math.Abs(float64(a[i]-b[i])) < 1e-5) {
				t.Fatalf("%s: weight %d is %v, want %v", name, i, a[i], b[i])
			}
		}
		for i, e := range h.Epochs {
			w := wanted.Epochs[i]
			for _, pair := range [][2]training.Metrics{{e.Train, w.Train}, {*e.Validation, *w.Validation}} {
				if pair[0].Examples != pair[1].Examples || pair[0].Correct != pair[1].Correct || pair[0].Scores[1].Value != pair[1].Scores[1].Value || math.Abs(pair[0].NLL-pair[1].NLL) > 1e-5 {
					t.Errorf("%s: epoch %d: got %+v, want %+v", name, i, pair[0], pair[1])
				}
			}
		}
	}
}

func TestIgnoreIndexRejects(t *testing.T) {
	label := -7
	tr := regressor(t)
	tr.IgnoreIndex = &label
	_, err := tr.Fit(t.Context(), training.Data{Train: plane(20)})
	testkit.Rejects(t, err, "training: Fit: targets must be labels for IgnoreIndex, got numbers of shape (2)")

	data := training.Data{Train: blobs(90, 1)}
	state := stateOf(t, newTrainer(t, 0), data)
	tr = newTrainer(t, 0)
	tr.IgnoreIndex, tr.Resume = &label, state
	_, err = tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, "IgnoreIndex must be none, got -7")
	tr.Resume = nil
	data.Train.(*training.Examples).Y[5] = -8
	_, err = tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, "example 5: label must be in [0, 3), got -8")
}
