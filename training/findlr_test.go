package training_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// The search leaves model and solver as they were, so that the same training follows, and
// suggests a rate that learns faster than one far below and one far above.
func TestFindLR(t *testing.T) {
	data := training.Data{Train: blobs(200, 1)}
	trainer := func() *training.Trainer {
		m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{16}, Outputs: 3, HiddenDropout: 0.1, BatchNorm: true}, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		return &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9}, Epochs: 3, BatchSize: 20}
	}
	plain, searched := trainer(), trainer()
	fit(t, plain, data)
	fit(t, searched, data)
	if _, err := searched.FindLR(t.Context(), data.Train, training.LRRange{From: 1e-5, To: 1e4}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(everything(plain.Model), everything(searched.Model)) || !reflect.DeepEqual(plain.Solver.(*optim.SGD).State(), searched.Solver.(*optim.SGD).State()) {
		t.Error("the search changes the model or the solver")
	}
	fit(t, plain, data)
	fit(t, searched, data)
	if !slices.Equal(everything(plain.Model), everything(searched.Model)) {
		t.Error("after a search the training is another one")
	}

	c, err := trainer().FindLR(t.Context(), data.Train, training.LRRange{From: 1e-5, To: 1e4})
	if err != nil {
		t.Fatal(err)
	}
	last := len(c.LR) - 1
	if len(c.Loss) != len(c.LR) || c.LR[0] != 1e-5 || math.Abs(c.LR[1]/c.LR[0]-math.Pow(1e9, 1./99)) > 1e-9 || last == 99 && c.Loss[last] < c.Loss[0] {
		t.Errorf("got %d rates from %v to %v with losses from %v to %v", len(c.LR), c.LR[0], c.LR[last], c.Loss[0], c.Loss[last])
	}
	lr, err := c.Suggestion()
	if err != nil {
		t.Fatal(err)
	}
	loss := func(lr float64) float64 {
		tr := trainer()
		tr.Solver = &optim.SGD{LR: lr, Momentum: 0.9}
		return fit(t, tr, data).Epochs[2].Loss
	}
	if at, below := loss(lr), loss(lr/1000); !(at < below) {
		t.Errorf("the suggestion %v gives the loss %v, a thousandth of it %v", lr, at, below)
	}
	if above := loss(min(lr*1000, 1e4)); !(loss(lr) < above) {
		t.Errorf("the suggestion %v gives the loss %v, far more %v", lr, loss(lr), above)
	}
}

func TestFindLREnds(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.BatchSize = 7
	c, err := tr.FindLR(t.Context(), blobs(20, 1), training.LRRange{From: 1e-3, To: 1e-2, Steps: 7})
	if err != nil || len(c.LR) != 7 || !(math.Abs(c.LR[6]-1e-2) < 1e-15) {
		t.Errorf("got %+v, %v", c, err)
	}
	// A model that becomes infinite ends the search, and is as before.
	before := weights(tr.Model)
	tr.Loss = training.Unweighted(func(out, _ *gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.Neg(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Exp(out)))))
	})
	if c, err = tr.FindLR(t.Context(), blobs(20, 1), training.LRRange{From: 1e-3, To: 1e30}); err != nil || len(c.LR) > 90 || !slices.Equal(weights(tr.Model), before) {
		t.Errorf("got %+v, %v", c, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.FindLR(ctx, blobs(20, 1), training.LRRange{}); !errors.Is(err, context.Canceled) {
		t.Errorf("want a cancelled search, got %v", err)
	}
	if _, err := (&training.LRCurve{LR: []float64{1, 2, 3}, Loss: []float64{1, 2, 3}}).Suggestion(); err == nil {
		t.Error("a loss that rises must give no suggestion")
	}
}

func TestFindLRRejects(t *testing.T) {
	for _, tt := range []struct {
		over   training.LRRange
		solver gorgonia.Solver
		want   string
	}{
		{training.LRRange{From: 1, To: 0.5}, nil, "From and To must be positive, finite and in order, got 1 and 0.5"},
		{training.LRRange{From: -1}, nil, "From and To must be positive, finite and in order, got -1 and 10"},
		{training.LRRange{To: math.Inf(1)}, nil, "From and To must be positive, finite and in order, got 1e-07 and +Inf"},
		{training.LRRange{Steps: 1}, nil, "Steps must be at least 2, got 1"},
		{training.LRRange{}, gorgonia.NewVanillaSolver(), "solver must have LearningRate, SetLR, State and SetState, got *gorgonia.VanillaSolver"},
	} {
		tr := newTrainer(t, 0)
		if tt.solver != nil {
			tr.Solver = tt.solver
		}
		_, err := tr.FindLR(t.Context(), blobs(9, 1), tt.over)
		testkit.Rejects(t, err, "training: FindLR: "+tt.want)
	}
	tr := newTrainer(t, 0)
	if _, err := tr.FindLR(t.Context(), nil, training.LRRange{}); err == nil {
		t.Error("no data must be an error")
	}
}
