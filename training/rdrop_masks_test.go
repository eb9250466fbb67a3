package training_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Each dropout either has masks of its own in both passes, or is refused.
func TestRDropMasks(t *testing.T) {
	const refusal = "training: Fit: RDrop: examples must have masks of their own, got dropout that draws one mask for the whole batch, which both passes would share"
	between := func(l models.Layer) models.Layer {
		return models.Sequential{models.Linear(2, 32), models.Tanh(), l, models.Linear(0, 3)}
	}
	steps := func(l ...models.Layer) models.Layer {
		return models.Sequential{models.Unflatten(1, 2), models.Sequential(l), models.Flatten(), models.Linear(0, 3)}
	}
	wide := models.Sequential{models.Linear(2, 64), models.Tanh(), models.Unflatten(4, 16)}
	maps := models.Sequential{models.Linear(2, 256), models.Tanh(), models.Unflatten(16, 4, 4)}
	for name, tt := range map[string]struct {
		net     models.Layer
		refused bool
	}{
		"Dropout":            {between(models.Dropout(0.5)), false},
		"not fused":          {between(models.Dropout(0.5, ops.WithBroadcastAxes())), false},
		"AlphaDropout":       {between(models.AlphaDropout(0.5)), false},
		"GaussianDropout":    {between(models.GaussianDropout(0.5)), false},
		"GaussianNoise":      {between(models.GaussianNoise(0.5)), false},
		"DropPath":           {models.Sequential{models.Linear(2, 32), models.Residual(models.Linear(32, 32), models.DropPath(0.5)), models.Linear(32, 3)}, false},
		"WeightScaling":      {between(models.WeightScalingDropout(0.5)), false},
		"ConcreteDropout":    {between(models.ConcreteDropout(32, 32, 0, 0)), false},
		"Dropout1d":          {models.Sequential{wide, models.Dropout1d(0.5), models.Flatten(), models.Linear(0, 3)}, false},
		"Dropout2d":          {models.Sequential{maps, models.Dropout2d(0.5), models.Flatten(), models.Linear(0, 3)}, false},
		"DropBlock2d":        {models.Sequential{maps, models.DropBlock2d(0.5, 2), models.Flatten(), models.Linear(0, 3)}, false},
		"LockedDropout":      {models.Sequential{wide, models.LockedDropout(0.5), models.Flatten(), models.Linear(0, 3)}, false},
		"LSTM":               {steps(models.LSTM{Units: 32, RecurrentDropout: 0.5, ZoneoutHidden: 0.5, ZoneoutCell: 0.5}), false},
		"GRU":                {steps(models.GRU{Units: 32, Layers: 2, LayerDropout: 0.5}), false},
		"attention":          {models.Sequential{wide, models.TransformerBlock{Heads: 4, AttentionDropout: 0.5}, models.Flatten(), models.Linear(0, 3)}, false},
		"rate 0":             {models.Sequential{models.Dropout(0.5), models.Linear(2, 32), models.Batchwise(0), models.Dropout(0.5), models.Linear(32, 3)}, false},
		"Batchwise":          {between(models.Batchwise(0.5)), true},
		"ExactK":             {between(models.ExactK(0.5)), true},
		"Submatrix":          {between(models.Submatrix(0.5)), true},
		"beside Dropout":     {models.Sequential{models.Dropout(0.5), between(models.Batchwise(0.5))}, true},
		"DropConnect":        {between(models.DropConnect(32, 32, 0.5)), true},
		"Shakeout":           {between(models.Shakeout(32, 32, 0.5, 0.1)), true},
		"WeightDrop":         {steps(models.LSTM{Units: 32, WeightDrop: 0.5}), true},
		"broadcast by hand":  {between(models.Dropout(0.5, ops.WithBroadcastAxes(0))), true},
		"batch of one token": {models.Sequential{wide, models.PerToken(models.Batchwise(0.5)), models.Flatten(), models.Linear(0, 3)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := models.New(tt.net, []int{2}, models.WithSeed(8))
			if err != nil {
				t.Fatal(err)
			}
			tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: 6, RDrop: &training.RDrop{Alpha: 1}}
			_, err = tr.Fit(t.Context(), training.Data{Train: blobs(6, 1)})
			if tt.refused {
				testkit.Rejects(t, err, refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Compile(models.Train, 12)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if err := training.GatherInputs(p, blobs(6, 1), []int{0, 1, 2, 3, 4, 5}, make([]int, 6)); err != nil {
				t.Fatal(err)
			}
			for step := range int64(3) {
				p.Graph().SetStep(step)
				if err := p.Run(nil); err != nil {
					t.Fatal(err)
				}
				out := testkit.Floats(t, p.Graph().Output.Value())
				alike := 0 // by chance, where a mask has few elements
				for i := range 6 {
					if slices.Equal(out[3*i:3*i+3], out[3*(6+i):3*(6+i)+3]) {
						alike++
					}
				}
				if alike == 6 {
					t.Errorf("step %d: both passes of all examples are alike", step)
				}
			}
		})
	}
}

// Dropout of an input with a name is not one of the batch.
func TestRDropOfNamedInputs(t *testing.T) {
	net := models.Sequential{models.Join("size", models.Linear(1, 8), models.Dropout(0.5)), models.Linear(0, 2)}
	m, err := models.New(net, []int{1}, models.WithInput("size", 1))
	if err != nil {
		t.Fatal(err)
	}
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: 6, RDrop: &training.RDrop{Alpha: 1}}
	fit(t, tr, training.Data{Train: people(20)})
}

func TestRDropRejects(t *testing.T) {
	for _, alpha := range []float64{-1, math.NaN(), math.Inf(1)} {
		tr := newTrainer(t, 0.5)
		tr.RDrop = &training.RDrop{Alpha: alpha}
		_, err := tr.Fit(t.Context(), training.Data{Train: blobs(9, 1)})
		testkit.Rejects(t, err, "training: Fit: RDrop: Alpha must be finite and not negative, got ")
	}
	tr := regressor(t)
	tr.RDrop = &training.RDrop{Alpha: 1}
	_, err := tr.Fit(t.Context(), training.Data{Train: plane(20)})
	testkit.Rejects(t, err, "training: Fit: RDrop: targets must be labels where Divergence is not set, got numbers of shape (2)")
	tr.RDrop.Divergence = training.CrossEntropy(nn.WithIgnoreIndex(3))
	_, err = tr.Fit(t.Context(), training.Data{Train: plane(20)})
	testkit.Rejects(t, err, "training: Fit: training: RDrop: Divergence: nn: SoftmaxCrossEntropy: labels must be of int where one is ignored")
	for _, bad := range []int{5, 13, 19} {
		tr = newTrainer(t, 0.5)
		tr.RDrop = &training.RDrop{Alpha: 1}
		data := blobs(20, 1)
		data.X[2*bad+1] = float32(math.NaN())
		_, err = tr.Fit(t.Context(), training.Data{Train: data})
		testkit.Rejects(t, err, fmt.Sprintf("loss must be finite, got NaN: input 1 of example %d is NaN", bad))
	}
}

// Without dropout both passes are alike, and training is as without R-Drop, whatever sizes
// steps and batches have.
func TestRDropWithoutDropout(t *testing.T) {
	for _, n := range []int{1, 32, 33, 70} {
		for _, accumulate := range []int{1, 2} {
			for _, dropLast := range []bool{false, true} {
				if dropLast && n < 32 {
					continue
				}
				run := func(r *training.RDrop) (*training.Trainer, *training.History) {
					tr := newTrainer(t, 0, models.WithDtype(tensor.Float64))
					tr.Epochs, tr.Accumulate, tr.DropLast, tr.RDrop = 2, accumulate, dropLast, r
					tr.Metrics = []metrics.Metric{metrics.Brier{}}
					tr.Groups = []training.Group{{Params: "*.bias", LRFactor: 0.5}}
					return tr, fit(t, tr, training.Data{Train: blobs(n, 1), Validation: blobs(10, 2)})
				}
				got, h := run(&training.RDrop{Alpha: 3})
				want, wanted := run(nil)
				a, b := values64(got.Model), values64(want.Model)
				for i := range a {
					if !(math.Abs(a[i]-b[i]) < 1e-12) {
						t.Fatalf("%d examples: weight %d is %v, want %v", n, i, a[i], b[i])
					}
				}
				for i, e := range h.Epochs {
					w := wanted.Epochs[i]
					if !(math.Abs(e.Loss-w.Loss) < 1e-12) || e.Train.Examples != w.Train.Examples || e.Train.Correct != w.Train.Correct ||
						!(math.Abs(e.Train.NLL-w.Train.NLL) < 1e-12) || !(math.Abs(e.Train.Scores[0].Value-w.Train.Scores[0].Value) < 1e-12) || e.Validation.Correct != w.Validation.Correct {
						t.Errorf("%d examples: epoch %+v, want %+v", n, e, w)
					}
				}
			}
		}
	}
}

// With dropout R-Drop is another training, which the weight of the divergence changes and
// which learns; the model is evaluated as before.
func TestRDropLearns(t *testing.T) {
	data := training.Data{Train: blobs(300, 1), Test: blobs(100, 3)}
	var last [][]float32
	for _, r := range []*training.RDrop{nil, {}, {Alpha: 1}} {
		tr := newTrainer(t, 0.5)
		tr.RDrop = r
		h := fit(t, tr, data)
		if h.Test.Accuracy() < 0.9 {
			t.Errorf("%+v: accuracy is %v", r, h.Test.Accuracy())
		}
		now := weights(tr.Model)
		if slices.ContainsFunc(last, func(w []float32) bool { return slices.Equal(w, now) }) {
			t.Errorf("%+v changes nothing", r)
		}
		last = append(last, now)
		tr.RDrop = nil
		if m, err := tr.Evaluate(t.Context(), data.Test); err != nil || m.NLL != h.Test.NLL || m.Correct != h.Test.Correct {
			t.Errorf("%+v: %+v, %v without R-Drop, %+v with it", r, m, err, h.Test)
		}
	}
}

// A batch of one example has two rows, which is enough for batch normalization.
func TestRDropOfOneExample(t *testing.T) {
	for _, r := range []*training.RDrop{nil, {Alpha: 1}} {
		m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{8}, Outputs: 3, HiddenDropout: 0.5, InputDropout: 0.2, BatchNorm: true}, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: 8, RDrop: r}
		if _, err := tr.Fit(t.Context(), training.Data{Train: blobs(17, 1)}); (err == nil) != (r != nil) {
			t.Errorf("%+v: got %v", r, err)
		}
	}
}

// The doubled batch is counted: its activations are those of a batch of twice the size.
func TestRDropMemory(t *testing.T) {
	memory := func(batch int, r *training.RDrop) training.Memory {
		m, err := models.New(models.MLP{Inputs: 784, Hidden: []int{300}, Outputs: 10, HiddenDropout: 0.5}, []int{784}, models.AsSketch())
		if err != nil {
			t.Fatal(err)
		}
		tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: batch, EvalBatch: 1, RDrop: r}
		got, err := tr.Memory(training.Data{Train: zeros(2*batch, 784)})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	plain, double, both := memory(100, nil), memory(200, nil), memory(100, &training.RDrop{Alpha: 1})
	if ratio := float64(both.Activations) / float64(double.Activations); ratio < 1 || ratio > 1.05 || both.Gradients != plain.Gradients || both.Weights != plain.Weights {
		t.Errorf("got %v, of one pass %v and of twice the batch %v", both, plain, double)
	}
}

// The learning rate is searched for with the loss that is trained, of heads too.
func TestFindLRTrainsTheSameLoss(t *testing.T) {
	tr := branched(t)
	data := people(40)
	data.Y[3] = ignored
	label := ignored
	tr.Solver, tr.BatchSize, tr.RDrop, tr.IgnoreIndex = &optim.SGD{LR: 1e-6}, 40, &training.RDrop{Alpha: 2}, &label
	c, err := tr.FindLR(t.Context(), data, training.LRRange{Steps: 2})
	if err != nil {
		t.Fatal(err)
	}
	var losses []float64
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error { losses = append(losses, r.Loss); return nil }}}
	tr.Epochs = 1
	fit(t, tr, training.Data{Train: data})
	if !(math.Abs(c.Loss[0]-losses[0]) < 1e-9) {
		t.Errorf("the first loss is %v, in training %v", c.Loss[0], losses[0])
	}
}
