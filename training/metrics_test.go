package training_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// identity is a model whose logits are its three inputs.
func identity(t *testing.T) *models.Model {
	t.Helper()
	m, err := models.New(models.Sequential{models.Linear(3, 3)}, []int{3})
	if err != nil {
		t.Fatal(err)
	}
	err = m.SetWeights(map[string]*tensor.Dense{
		"0.weight": tensor.New(tensor.WithShape(3, 3), tensor.WithBacking([]float32{1, 0, 0, 0, 1, 0, 0, 0, 1})),
		"0.bias":   tensor.New(tensor.WithShape(3), tensor.WithBacking([]float32{0, 0, 0})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Accuracy and log-likelihood are those of the logits: the largest is the answer, the
// first of several.
func TestMetricsOfLogits(t *testing.T) {
	tr := &training.Trainer{Model: identity(t), Solver: &optim.SGD{LR: 1}}
	data := &training.Examples{Shape: []int{3}, X: []float32{
		5, 1, 0, // right
		5, 1, 0, // wrong
		1, 2, 3, // right
		4, 4, 1, // right: the first of two
		4, 4, 1, // wrong
		-9, -8, -7, // wrong
	}, Y: []int{0, 1, 2, 0, 1, 0}}
	got, err := tr.Evaluate(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Examples != 6 || got.Correct != 3 || got.Accuracy() != 0.5 || got.Error() != 0.5 {
		t.Errorf("3 of 6 must be right, got %+v", got)
	}
	var want float64
	for n, label := range data.Y {
		var sum float64
		for _, v := range data.X[3*n : 3*n+3] {
			sum += math.Exp(float64(v))
		}
		want += (math.Log(sum) - float64(data.X[3*n+label])) / float64(len(data.Y))
	}
	if math.Abs(got.NLL-want) > 1e-6 {
		t.Errorf("negative log-likelihood must be %v, got %v", want, got.NLL)
	}
}

// The loss of an epoch is the mean over its examples: the last, smaller batch counts by
// its size. That of the part of an epoch is the mean over the examples so far.
func TestLossOfAnEpoch(t *testing.T) {
	tr := newTrainer(t, 0.5)
	tr.Epochs = 2
	var epochs [][]float64 // sums of losses and numbers of examples
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if len(epochs) == r.Epoch {
			epochs = append(epochs, []float64{0, 0})
		}
		e := epochs[r.Epoch]
		e[0] += r.Loss * float64(r.Batch.Examples)
		e[1] += float64(r.Batch.Examples)
		return nil
	}, OnCheckpoint: func(r *training.Run) error {
		s, err := r.State()
		if err != nil || s.Batches == 0 {
			return err
		}
		e := epochs[r.Epoch]
		if want := e[0] / e[1]; math.Abs(s.Partial.Loss-want) > 1e-12*want {
			t.Errorf("after step %d the loss of epoch %d must be %v, got %v", r.Steps, r.Epoch, want, s.Partial.Loss)
		}
		return nil
	}}}
	h := fit(t, tr, training.Data{Train: blobs(75, 1)})
	for i, e := range epochs {
		if want := e[0] / e[1]; e[1] != 75 || math.Abs(h.Epochs[i].Loss-want) > 1e-12*want {
			t.Errorf("epoch %d of %v examples must have loss %v, got %v", i, e[1], want, h.Epochs[i].Loss)
		}
	}
}

// Each set is checked before training, also those behind one that is right.
func TestEachSetIsChecked(t *testing.T) {
	good, bad := blobs(9, 1), &training.Examples{Shape: []int{5}, X: make([]float32, 10), Y: []int{0, 1}}
	for name, data := range map[string]training.Data{
		"Train":      {Train: bad, Validation: good, Test: good},
		"Validation": {Train: good, Validation: bad, Test: good},
		"Test":       {Train: good, Validation: good, Test: bad},
		"alone Test": {Train: good, Test: bad},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newTrainer(t, 0).Fit(context.Background(), data)
			if _, last, _ := strings.Cut(" "+name, " "); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(last, "alone ")) {
				t.Errorf("the set that does not fit must be named, got %v", err)
			}
		})
	}
}

// Norms are of gradients of every kind that there is.
func TestNormOfGradients(t *testing.T) {
	for name, tt := range map[string]struct {
		value any
		want  float64
	}{
		"float32":   {[]float32{3, -4}, 5},
		"float64":   {[]float64{3, -4, 12}, 13},
		"no floats": {[]int{3, 4}, math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			got := training.Gradient{Value: tensor.New(tensor.WithBacking(tt.value))}.Norm()
			if got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
				t.Errorf("norm of %v must be %v, got %v", tt.value, tt.want, got)
			}
		})
	}
}

// The first label that there is no logit for is an error as any later one.
func TestLabelsOfLogits(t *testing.T) {
	tr := &training.Trainer{Model: identity(t), Solver: &optim.SGD{LR: 1}}
	for _, label := range []int{-1, 3, 4} {
		data := &training.Examples{Shape: []int{3}, X: make([]float32, 6), Y: []int{2, label}}
		_, err := tr.Evaluate(context.Background(), data)
		testkit.Rejects(t, err, fmt.Sprintf("label must be in [0, 3), got %d", label))
	}
}

// Running statistics that are not finite are named where they are read, in evaluation.
func TestNonFiniteStatisticsAreNamed(t *testing.T) {
	m, err := models.New(models.Sequential{models.Linear(2, 4), models.BatchNorm1d(), models.Linear(4, 3)}, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	set(m.States()[0], 2, math.NaN())
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}}
	_, err = tr.Evaluate(context.Background(), blobs(9, 1))
	testkit.Rejects(t, err, "parameter "+m.States()[0].Name()+" has NaN at 2")
}

// An error that stays what it was has not fallen.
func TestEarlyStoppingOfAPlateau(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.Solver, tr.Epochs = &optim.SGD{LR: 1e-30}, 9
	tr.Callbacks = []training.Callback{training.EarlyStopping(2)}
	h := fit(t, tr, training.Data{Train: blobs(96, 1), Validation: blobs(40, 2)})
	if want := "validation NLL has not fallen since epoch 1"; len(h.Epochs) != 3 || h.Stopped != want {
		t.Errorf("training must stop after 3 epochs with %q, got %d epochs and %q", want, len(h.Epochs), h.Stopped)
	}
}
