package training_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Without dropout, steps of several batches are those of batches as large, also the last
// of an epoch, which has one smaller batch or one batch alone.
func TestAccumulate(t *testing.T) {
	for _, dropLast := range []bool{false, true} {
		for _, n := range []int{64, 70, 73, 90, 5} {
			run := func(batch, accumulate int, data training.Data) (*training.Trainer, *training.History) {
				tr := newTrainer(t, 0, models.WithDtype(tensor.Float64))
				tr.BatchSize, tr.Accumulate, tr.DropLast = batch, accumulate, dropLast
				tr.Metrics = []metrics.Metric{metrics.Brier{}}
				return tr, fit(t, tr, data)
			}
			if dropLast && n < 8 {
				continue
			}
			data := training.Data{Train: blobs(n, 1)}
			got, h := run(8, 4, data)
			if dropLast {
				// The batches that are left out are not those of large ones.
				if want := int64(5 * ((n/8 + 3) / 4)); h.Steps != want || h.Epochs[0].Train.Examples != n/8*8 {
					t.Errorf("%d examples: %d steps on %d, want %d on %d", n, h.Steps, h.Epochs[0].Train.Examples, want, n/8*8)
				}
				continue
			}
			want, wanted := run(32, 0, data)
			if h.Steps != wanted.Steps {
				t.Errorf("%d examples: %d steps, want %d", n, h.Steps, wanted.Steps)
			}
			a, b := weights(got.Model), weights(want.Model)
			for i := range a {
				if !(math.Abs(float64(a[i]-b[i])) < 1e-6) {
					t.Fatalf("%d examples: weight %d is %v, want %v", n, i, a[i], b[i])
				}
			}
			for i, e := range h.Epochs {
				w := wanted.Epochs[i]
				if math.Abs(e.Loss-w.Loss) > 1e-9 || math.Abs(e.Train.NLL-w.Train.NLL) > 1e-9 || e.Train.Correct != w.Train.Correct ||
					e.Train.Examples != n || math.Abs(e.Train.Scores[0].Value-w.Train.Scores[0].Value) > 1e-9 {
					t.Errorf("%d examples: epoch %+v, want %+v", n, e, w)
				}
			}
		}
	}
}

// The batches of a step have masks of their own, and submatrix dropout, whose gradients are
// of blocks, gives whole ones.
func TestAccumulateMasks(t *testing.T) {
	for _, submatrix := range []bool{false, true} {
		m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{16, 16}, Outputs: 3, HiddenDropout: 0.5, Submatrix: submatrix}, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		tr := newTrainer(t, 0.5)
		tr.Model, tr.BatchSize, tr.Accumulate, tr.Epochs = m, 1, 8, 1
		// One example again and again: with one mask the hidden units that are dropped would be
		// without a gradient in half of the columns.
		e := blobs(1, 1)
		data := training.Data{Train: &training.Examples{Shape: []int{2}, X: slices.Repeat(e.X, 8), Y: slices.Repeat(e.Y, 8)}}
		rows := 0
		tr.Callbacks = []training.Callback{{OnGradients: func(r *training.Run) error {
			g := r.Gradients()[0].Value.(*tensor.Dense)
			for i := range 16 {
				if x := g.Float32s()[i]; x != 0 {
					rows++
				}
			}
			return nil
		}}}
		fit(t, tr, data)
		one := 0
		tr.Accumulate, tr.Callbacks[0].OnGradients = 0, func(r *training.Run) error {
			g := r.Gradients()[0].Value.(*tensor.Dense)
			for _, x := range g.Float32s()[:min(16, g.DataSize())] {
				if x != 0 && r.Steps == 0 {
					one++
				}
			}
			return nil
		}
		fit(t, tr, data)
		if rows <= one {
			t.Errorf("submatrix %v: %d units have a gradient after 8 masks, %d after one", submatrix, rows, one)
		}
	}
}

func TestAccumulateRejects(t *testing.T) {
	for _, n := range []int{-1, 1 << 21} {
		tr := newTrainer(t, 0)
		tr.Accumulate = n
		_, err := tr.Fit(t.Context(), training.Data{Train: blobs(9, 1)})
		testkit.Rejects(t, err, "training: Fit: Accumulate must be in [0, 1048576], got ")
	}
	tr := newTrainer(t, 0)
	data := training.Data{Train: blobs(90, 1)}
	state := stateOf(t, tr, data)
	tr.Accumulate, tr.Resume = 2, state
	_, err := tr.Fit(t.Context(), data)
	testkit.Rejects(t, err, "Accumulate must be 1, got 2")
	tr.Accumulate = 1
	if h := fit(t, tr, data); !reflect.DeepEqual(h.Steps, state.Steps) {
		t.Errorf("one batch a step is none accumulated, got %d steps", h.Steps)
	}
}
