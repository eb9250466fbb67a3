package training_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A run is gone on with by the same settings alone, and the error names all that
// differ.
func TestResumeNamesWhatDiffers(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	trainer := func() *training.Trainer {
		tr := newTrainer(t, 0.5)
		tr.LR = schedule.Cosine{Initial: 0.05, Steps: 15}
		tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
		return tr
	}
	state := stateOf(t, trainer(), data)
	for _, tt := range []struct {
		change func(*training.Trainer, *training.Data)
		want   []string
	}{
		{func(*training.Trainer, *training.Data) {}, nil},
		{func(tr *training.Trainer, _ *training.Data) { tr.EvalBatch = 3 }, nil},
		{func(tr *training.Trainer, _ *training.Data) { tr.Callbacks = append(tr.Callbacks, training.Callback{}) }, nil},
		{func(tr *training.Trainer, _ *training.Data) { tr.BatchSize = 16 }, []string{"BatchSize must be 32, got 16"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Seed, tr.Epochs = 7, 6 }, []string{"Seed must be 1, got 7", "Epochs must be 5, got 6"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.DropLast = true }, []string{"DropLast must be false, got true"}},
		{func(_ *training.Trainer, d *training.Data) { d.Train = blobs(71, 1) }, []string{"the number of training examples must be 70, got 71"}},
		{func(_ *training.Trainer, d *training.Data) { d.Validation = blobs(41, 1) }, []string{"the number of validation examples must be 40, got 41"}},
		{func(_ *training.Trainer, d *training.Data) { d.Validation = nil }, []string{"the number of validation examples must be 40, got 0"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.RDrop = &training.RDrop{} }, []string{"RDrop must be none, got Alpha=0"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Model = newModel(t, 0.5, models.WithSeed(4)) }, []string{"the model's seed must be 0, got 4"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Model = newModel(t, 0.25) }, []string{"the network and Loss must have DenseDropout{", "p=0.5", "p=0.25"}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Loss = training.CrossEntropy(nn.WithLabelSmoothing(0.1))
		}, []string{"the network and Loss must have SoftmaxCrossEntropy{", "0.1"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Solver = &optim.SGD{LR: 0.1, Momentum: 0.8} }, []string{"Solver must be optim.SGD{", `"Momentum":0.9`, `"Momentum":0.8`}},
		{func(tr *training.Trainer, _ *training.Data) { tr.Solver = &optim.SGD{LR: 3, Momentum: 0.9} }, nil}, // the schedule's
		{func(tr *training.Trainer, _ *training.Data) { tr.Solver = &optim.Adam{} }, []string{"Solver must be optim.SGD{", "got optim.Adam{"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.LR = schedule.Cosine{Initial: 0.05, Steps: 16} }, []string{"LR must be 0.0494", "at step 1, got 0.0495"}},
		{func(tr *training.Trainer, _ *training.Data) { tr.LR = nil }, []string{"the scheduled settings must be LR, got none"}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Callbacks = []training.Callback{training.EarlyStopping(4)}
		}, []string{`callback "EarlyStopping": training: EarlyStopping: patience must be 3 as in the state, got 4`}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Callbacks = []training.Callback{training.EarlyStoppingOn(training.Monitor{Metric: "error"}, 3)}
		}, []string{`callback "EarlyStopping": training: EarlyStopping: monitor must be {Metric: MinDelta:0} as in the state, got {Metric:error MinDelta:0}`}},
		{func(tr *training.Trainer, _ *training.Data) {
			tr.Callbacks = append(tr.Callbacks, new(seen).callback())
		}, []string{`state must have the callback "seen", got none`}},
	} {
		tr, d := trainer(), data
		tr.Resume = state
		tt.change(tr, &d)
		before := fmt.Sprint(weightsOf(tr.Model))
		_, err := tr.Fit(context.Background(), d)
		if len(tt.want) == 0 {
			if err != nil {
				t.Errorf("want no error, got %v", err)
			}
			continue
		}
		for _, want := range append(tt.want, "training: Resume: ") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want error %q, got %v", want, err)
			}
		}
		if fmt.Sprint(weightsOf(tr.Model)) != before {
			t.Errorf("%q: the weights changed", tt.want)
		}
	}
	// On purpose it may be another run.
	longer := trainer()
	longer.Epochs, longer.Resume = 7, state
	state.Setup.Epochs = 7
	if h := fit(t, longer, data); len(h.Epochs) != 7 {
		t.Errorf("%d epochs, want 7", len(h.Epochs))
	}
}

func TestResumeRejects(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	tr := newTrainer(t, 0.5)
	tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
	state := stateOf(t, tr, data)
	for _, tt := range []struct {
		change func(s *training.State, tr *training.Trainer)
		want   string
	}{
		{func(s *training.State, tr *training.Trainer) { delete(s.Params, "1.weight") }, "weights must have the model's tensor 1.weight, got none"},
		{func(s *training.State, tr *training.Trainer) { s.Params["more"] = s.Params["1.weight"] }, `weights must have the model's tensors only, got "more"`},
		{func(s *training.State, tr *training.Trainer) {
			s.Params["1.weight"] = tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))
		}, "tensor 1.weight must be of float32 and shape (16, 2), got float32 (2)"},
		{func(s *training.State, tr *training.Trainer) { s.Batches = 99 }, "state must be within 5 epochs of 3 steps, got epoch 5, batch 99"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch = -1 }, "state must be within 5 epochs"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch = 6 }, "state must be within 5 epochs"},
		{func(s *training.State, tr *training.Trainer) { s.Steps = 14 }, "state of epoch 5, batch 0 must be of step 15, got 14"},
		{func(s *training.State, tr *training.Trainer) { s.Epoch, s.Steps = 4, 12 }, "state of epoch 4 must have the record of as many, got 5"},
		{func(s *training.State, tr *training.Trainer) { s.Setup = training.Setup{} }, "state must have the setup of its run, got none"},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks = append(s.Callbacks, s.Callbacks[0]) }, `state must have one callback "EarlyStopping", got two`},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks = nil }, `state must have the callback "EarlyStopping", got none`},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks[0].Tensors = nil }, `callback "EarlyStopping": training: EarlyStopping: state: models: CheckWeights: weights must have the model's tensor 1.bias, got none`},
		{func(s *training.State, tr *training.Trainer) { s.Callbacks[0].Data = []byte("{") }, `callback "EarlyStopping": training: EarlyStopping: state`},
		{func(s *training.State, tr *training.Trainer) { s.Solver.Step = -1 }, "Step must not be negative"},
		{func(s *training.State, tr *training.Trainer) { tr.Solver = gorgonia.NewVanillaSolver() }, "solver must have State and SetState, got *gorgonia.VanillaSolver"},
		{func(s *training.State, tr *training.Trainer) {
			tr.Model = newModel(t, 0.5, models.WithDtype(tensor.Float64))
		}, "must be of float64"},
	} {
		s := *state
		s.Params = make(map[string]*tensor.Dense)
		for name, d := range state.Params {
			s.Params[name] = d
		}
		s.Callbacks = slices.Clone(state.Callbacks[:1])
		tr := newTrainer(t, 0.5)
		tr.Callbacks = []training.Callback{training.EarlyStopping(3)}
		tr.Resume = &s
		tt.change(&s, tr)
		before := fmt.Sprint(weightsOf(tr.Model))
		if _, err := tr.Fit(context.Background(), data); err == nil || !strings.Contains(err.Error(), "training: Resume: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
		if fmt.Sprint(weightsOf(tr.Model)) != before {
			t.Errorf("%s: the weights changed", tt.want)
		}
	}
}
