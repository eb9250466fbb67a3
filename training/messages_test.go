package training_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// What fails in a graph is told in one sentence: where in the run, which layer and op,
// what must be and what was there; an example by its index in the data set.
func TestErrorsOfGraphs(t *testing.T) {
	build := func(net models.Layer, inputs int) *models.Model {
		m, err := models.New(net, []int{inputs})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	broken := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.ApplyOp(failing{}, x)
	})
	words := &training.Examples{Shape: []int{2}}
	for i := range 80 {
		words.X, words.Y = append(words.X, float32(i%5), float32(i%3)), append(words.Y, i%2)
	}
	embedding := build(models.Sequential{models.Embedding(5, 3), models.Flatten(), models.Linear(6, 2)}, 2)
	plain := build(models.Linear(2, 3), 2)

	badWord, badLabel := *words, blobs(80, 1)
	badWord.X = slices.Clone(words.X)
	badWord.X[2*57+1] = 9
	badLabel.Y[57] = 3
	for _, tt := range []struct {
		model *models.Model
		data  training.Dataset
		want  []string
	}{
		{embedding, &badWord, []string{"step ", "layer 0: nn: Embedding: example 57: id 1 must be in [0, 5), got 9"}},
		{plain, badLabel, []string{"step ", "example 57: label must be in [0, 3), got 3"}},
		{build(models.Sequential{models.Linear(2, 3), models.Sequential{models.ReLU(), broken}}, 2), blobs(80, 1),
			[]string{"step 0: layer 1.1: failing{}: it must work, got no luck"}},
	} {
		for name, run := range map[string]func(*training.Trainer) error{
			"Fit": func(tr *training.Trainer) error {
				_, err := tr.Fit(context.Background(), training.Data{Train: tt.data})
				return err
			},
			"Evaluate": func(tr *training.Trainer) error {
				_, err := tr.Evaluate(context.Background(), tt.data)
				return err
			},
			"Activations": func(tr *training.Trainer) error {
				_, err := training.Activations(context.Background(), tr.Model, tt.data, 80)
				return err
			},
		} {
			tr := &training.Trainer{Model: tt.model, Solver: &optim.SGD{LR: 0.01}, Epochs: 1, BatchSize: 16, Seed: 3}
			err := run(tr)
			if err == nil {
				t.Errorf("%s: want error %q", name, tt.want)
				continue
			}
			for _, want := range append([]string{"training: " + name + ": "}, tt.want...) {
				if strings.HasPrefix(want, "step ") && name != "Fit" {
					want = strings.TrimPrefix(strings.TrimPrefix(want, "step "), "0: ")
				}
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: want error %q, got %v", name, want, err)
				}
			}
			if s := err.Error(); strings.Contains(s, "PC ") || strings.Contains(s, "CPU") || strings.Contains(s, "0x") {
				t.Errorf("%s: the error must not be the machine's, got %v", name, err)
			}
		}
	}
}

// A last batch of one example is an error of batch normalization before the first
// step, which says what to do; and that helps.
func TestBatchNormOfOneExample(t *testing.T) {
	trainer := func() *training.Trainer {
		m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{8}, Outputs: 3, BatchNorm: true}, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		return &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 2, BatchSize: 16}
	}
	data := training.Data{Train: blobs(49, 1)}
	tr := trainer()
	before := weights(tr.Model)
	started := false
	tr.Callbacks = []training.Callback{{OnStart: func(*training.Run) error { started = true; return nil }}}
	_, err := tr.Fit(context.Background(), data)
	want := "training: Fit: the last batch of an epoch has 1 of the 49 examples (set DropLast to leave it out, or another BatchSize than 16): " +
		"models: 2: BatchNorm1d: a batch must have more than one value for each channel to train, got shape (1, 8)"
	if err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
	if started || !slices.Equal(before, weights(tr.Model)) {
		t.Error("the run has begun nevertheless")
	}
	tr = trainer()
	tr.DropLast = true
	h := fit(t, tr, data)
	if h.Steps != 6 || h.Epochs[0].Train.Examples != 48 || h.Train.Examples != 49 {
		t.Errorf("%d steps on %d examples, evaluated on %d; want 6 on 48 and 49", h.Steps, h.Epochs[0].Train.Examples, h.Train.Examples)
	}
	tr = trainer()
	tr.BatchSize, tr.DropLast = 50, true
	if _, err := tr.Fit(context.Background(), data); err == nil || err.Error() != "training: Fit: with DropLast the training set must have a batch of 50 examples, got 49" {
		t.Errorf("got %v", err)
	}
	// With more than one value to a channel one example is enough.
	images, err := models.New(models.Sequential{models.Conv2d(2, 2), models.BatchNorm2d(), models.Flatten(), models.Linear(8, 3)}, []int{1, 3, 3})
	if err != nil {
		t.Fatal(err)
	}
	set := &training.Examples{Shape: []int{1, 3, 3}, X: make([]float32, 27), Y: []int{0, 1, 2}}
	fit(t, &training.Trainer{Model: images, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: 2}, training.Data{Train: set})
}

// A validation set that fails says after which epoch.
func TestErrorOfValidation(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.BatchSize = 32
	bad := blobs(20, 2)
	bad.Y[11] = -1
	_, err := tr.Fit(context.Background(), training.Data{Train: blobs(64, 1), Validation: bad})
	if want := "training: Fit: validation after epoch 0, step 2: training: Evaluate: example 11: label must be in [0, 3), got -1"; err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
}

var errLuck = errors.New("it must work, got no luck")
