package training_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// everything returns the parameters and the running statistics of a model.
func everything(m *models.Model) []float32 {
	all := weights(m)
	for _, s := range m.States() {
		all = append(all, s.Value().Float32s()...)
	}
	return all
}

// A step with a bad example changes nothing but the count; it is left out of the losses and the
// metrics of the epoch.
func TestSkipNonFinite(t *testing.T) {
	for _, accumulate := range []int{0, 2} {
		trainer := func() *training.Trainer {
			m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{16}, Outputs: 3, HiddenDropout: 0.5, BatchNorm: true}, []int{2})
			if err != nil {
				t.Fatal(err)
			}
			return &training.Trainer{Model: m, Solver: &optim.Adam{}, Epochs: 4, BatchSize: 8, Accumulate: accumulate,
				NonFinite: training.SkipNonFinite, Metrics: []metrics.Metric{metrics.Brier{}}}
		}
		bad := blobs(64, 1)
		bad.X[7] = float32(math.NaN())
		data := training.Data{Train: bad}
		tr := trainer()
		before, skipped := everything(tr.Model), 0
		losses := make([]float64, 4) // of each epoch, added up
		var states []*training.State
		tr.Callbacks = []training.Callback{{
			OnStep: func(r *training.Run) error {
				now := everything(r.Trainer.Model)
				if slices.Equal(now, before) != r.Skipped {
					t.Errorf("step %d: skipped %v, but the model tells otherwise", r.Steps, r.Skipped)
				}
				if r.Skipped {
					skipped++
				} else {
					losses[r.Epoch] += r.Loss
				}
				before = now
				return nil
			},
			OnCheckpoint: func(r *training.Run) error {
				s, err := r.State()
				states = append(states, s)
				return err
			},
		}}
		var err error
		h := &training.History{}
		// The final evaluation of the bad example is an error still.
		if h, err = tr.Fit(t.Context(), data); err == nil {
			t.Fatal("the evaluation of NaN must be an error")
		}
		each := 8 * max(accumulate, 1)
		if skipped != 4 || h.Skipped() != 4 || h.Steps != int64(4*64/each) || len(h.Epochs) != 4 {
			t.Errorf("%d steps skipped, %d recorded, in %d epochs of %d steps", skipped, h.Skipped(), len(h.Epochs), h.Steps)
		}
		for i, e := range h.Epochs {
			if want := losses[i] / float64(64/each-1); math.Abs(e.Loss-want) > 1e-12 {
				t.Errorf("the mean of the losses must be %v, got %v", want, e.Loss)
			}
			brier := e.Train.Score("Brier score").Value
			if e.Train.Examples != 64-each || e.Loss-e.Loss != 0 || brier-brier != 0 || e.Skipped != 1 {
				t.Errorf("epoch %+v", e)
			}
		}
		for _, s := range states {
			again := trainer()
			again.Resume = s
			got, _ := again.Fit(t.Context(), data)
			if !slices.Equal(everything(again.Model), before) || !reflect.DeepEqual(timeless(got), timeless(h)) {
				t.Errorf("accumulate %d: resumed at step %d the run ends otherwise", accumulate, s.Steps)
			}
		}
	}
}

// A gradient that is not finite is skipped too, though the loss is; when nothing else is
// left the run ends.
func TestSkipAllSteps(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.NonFinite = training.SkipNonFinite
	tr.Loss = training.Unweighted(func(logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
		loss, err := nn.SoftmaxCrossEntropy(logits, labels)
		if err != nil {
			return nil, err
		}
		zero := gorgonia.Must(gorgonia.HadamardProd(logits, gorgonia.Must(gorgonia.Sub(logits, logits))))
		root := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Sqrt(gorgonia.Must(gorgonia.Square(zero))))))
		return gorgonia.Add(loss, root) // by 0, with the gradient 0/0
	})
	before := weights(tr.Model)
	_, err := tr.Fit(t.Context(), training.Data{Train: blobs(70, 1)})
	testkit.Rejects(t, err, "training: Fit: epoch 0, step 3: a loss of the epoch must be finite, got NaN: all 3 steps were skipped")
	if bad := (*training.NonFiniteError)(nil); !errors.As(err, &bad) {
		t.Errorf("want a NonFiniteError, got %T", err)
	}
	if !slices.Equal(weights(tr.Model), before) {
		t.Error("the weights have changed")
	}
	tr.NonFinite = 2
	_, err = tr.Fit(t.Context(), training.Data{Train: blobs(70, 1)})
	testkit.Rejects(t, err, "training: Fit: NonFinite must be StopOnNonFinite or SkipNonFinite, got 2")
}
