package training_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// untouched is a data set whose examples nobody may ask for.
type untouched struct {
	*training.Examples
	t *testing.T
}

func (u untouched) Gather(indices []int, x []float32, y []int) error {
	u.t.Error("settings must be checked before examples are gathered")
	return u.Examples.Gather(indices, x, y)
}

// Whatever is wrong with the settings is found before an example is gathered and
// before anything is learnt.
func TestSettingsAreCheckedFirst(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	type set = func(*training.Trainer)
	solver := func(s optim.Solver) set { return func(tr *training.Trainer) { tr.Solver = s } }
	scheduled := func(s schedule.Schedule) set { return func(tr *training.Trainer) { tr.LR = s } }
	callback := func(c training.Callback) set {
		return func(tr *training.Trainer) { tr.Callbacks = []training.Callback{c} }
	}
	regularized := func(r optim.Regularization) set {
		return solver(&optim.AdamW{Regularization: r})
	}
	for _, tt := range []struct {
		want string
		set  set
	}{
		{"Epochs must not be negative, got -1", func(tr *training.Trainer) { tr.Epochs = -1 }},
		{"Epochs must not be negative, got -9223372036854775808", func(tr *training.Trainer) { tr.Epochs = math.MinInt }},
		{"BatchSize must not be negative, got -1", func(tr *training.Trainer) { tr.BatchSize = -1 }},
		{"BatchSize must not be negative, got -9223372036854775808", func(tr *training.Trainer) { tr.BatchSize = math.MinInt }},
		{"must have a batch of 9223372036854775807 examples, got 30", func(tr *training.Trainer) { tr.BatchSize, tr.DropLast = math.MaxInt, true }},
		{"EvalBatch must not be negative, got -1", func(tr *training.Trainer) { tr.EvalBatch = -1 }},
		{"Model must have parameters to train, got none", func(tr *training.Trainer) {
			m, err := models.New(models.Dropout(0.5), []int{2})
			if err != nil {
				panic(err)
			}
			tr.Model = m
		}},

		{"SGD: LR must be given, got 0", solver(&optim.SGD{})},
		{"SGD: LR must be finite and not negative, got NaN", solver(&optim.SGD{LR: nan})},
		{"SGD: Momentum must be in [0, 1), got 1", solver(&optim.SGD{LR: 1, Momentum: 1})},
		{"SGD: Momentum must be positive for Nesterov, got 0", solver(&optim.SGD{LR: 1, Nesterov: true})},
		{"Adam: LR must be finite and not negative, got +Inf", solver(&optim.Adam{LR: inf})},
		{"Adam: Beta1 must be in [0, 1), got -1", solver(&optim.Adam{Beta1: -1})},
		{"Adam: Beta2 must be in [0, 1), got 1e+300", solver(&optim.Adam{Beta2: 1e300})},
		{"AdamW: Eps must be finite and not negative, got -5e-324", solver(&optim.AdamW{Eps: -5e-324})},
		{"RMSProp: Decay must be in [0, 1), got 1", solver(&optim.RMSProp{Decay: 1})},
		{"AdaGrad: Eps must be finite and not negative, got NaN", solver(&optim.AdaGrad{Eps: nan})},
		{"AdamW: WeightDecay must be finite and not negative, got -1", regularized(optim.Regularization{WeightDecay: -1})},
		{"AdamW: L1 must be finite and not negative, got NaN", regularized(optim.Regularization{L1: nan})},
		{"AdamW: MaxNorm must be finite and not negative, got +Inf", regularized(optim.Regularization{MaxNorm: inf})},
		{"AdamW: ClipValue must be finite and not negative, got -Inf", regularized(optim.Regularization{ClipValue: -inf})},
		{"AdamW: ClipNorm must be finite and not negative, got -1", regularized(optim.Regularization{ClipNorm: -1})},

		{"LR: schedule: Constant: value must be finite, got NaN", scheduled(schedule.Constant(nan))},
		{"LR: schedule: StepDecay: Every must be positive, got 0", scheduled(schedule.StepDecay{Initial: 1, Gamma: 0.5})},
		{"LR: schedule: MultiStep: Milestones must be positive and increasing, got -9223372036854775808 after 0",
			scheduled(schedule.MultiStep{Initial: 1, Gamma: 1, Milestones: []int64{math.MinInt64}})},
		{"LR: schedule: Cosine: Steps must be positive, got 0", scheduled(schedule.Cosine{Initial: 1})},
		{"LR: schedule: InverseTime: K must be finite and not negative, got +Inf", scheduled(schedule.InverseTime{Initial: 1, K: inf})},
		{"LR: schedule: Exponential: Gamma must be in (0, 1], got 2", scheduled(schedule.Exponential{Initial: 1, Gamma: 2})},
		{"a solver must have SetMomentum for a schedule of it, got *optim.AdaGrad", func(tr *training.Trainer) {
			tr.Solver, tr.Momentum = &optim.AdaGrad{}, schedule.Constant(0.5)
		}},
		{"SGD: Momentum must be in [0, 1), got 1", func(tr *training.Trainer) { tr.Momentum = schedule.Constant(1) }},
		{"WeightDecay: schedule: Constant: value must be finite, got +Inf", func(tr *training.Trainer) { tr.WeightDecay = schedule.Constant(inf) }},
		{"LR must not be negative, got down to -1", scheduled(schedule.Linear{To: -1, End: 1})},
		{"LR: schedule: Warmup: Then must be a schedule, got nil", scheduled(schedule.Warmup{Steps: 1})},
		{"SGD: LR must be finite and not negative, got -1", scheduled(rising{})},

		{"EarlyStopping: patience must be at least 1, got 0", callback(training.EarlyStopping(0))},
		{"EarlyStopping: patience must be at least 1, got -9223372036854775808", callback(training.EarlyStoppingOn(training.Monitor{}, math.MinInt))},
	} {
		t.Run(tt.want, func(t *testing.T) {
			tr := newTrainer(t, 0.5)
			tt.set(tr)
			before := weights(tr.Model)
			_, err := tr.Fit(t.Context(), training.Data{Train: untouched{blobs(30, 1), t}, Validation: untouched{blobs(30, 2), t}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
			for i, w := range weights(tr.Model) {
				if w != before[i] {
					t.Fatal("the model must stay as it was")
				}
			}
		})
	}
	t.Run("no validation set", func(t *testing.T) {
		tr := newTrainer(t, 0.5)
		tr.Callbacks = []training.Callback{training.EarlyStopping(1)}
		_, err := tr.Fit(t.Context(), training.Data{Train: untouched{blobs(30, 1), t}})
		if want := "EarlyStopping: data must have a validation set, got none"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	})
	t.Run("Evaluate", func(t *testing.T) {
		tr := newTrainer(t, 0.5)
		for _, size := range []int{-1, math.MinInt} {
			tr.EvalBatch = size
			if _, err := tr.Evaluate(t.Context(), untouched{blobs(3, 1), t}); err == nil || !strings.Contains(err.Error(), "EvalBatch must not be negative") {
				t.Errorf("EvalBatch %d: got %v", size, err)
			}
		}
		if _, err := (&training.Trainer{}).Evaluate(t.Context(), untouched{blobs(3, 1), t}); err == nil || !strings.Contains(err.Error(), "Model must be set, got nil") {
			t.Errorf("got %v", err)
		}
	})
}

// rising is a schedule of somebody else's that begins below 0.
type rising struct{}

func (rising) At(step int64) float64 { return float64(step) - 1 }
func (rising) String() string        { return "rising" }

// The largest settings that are taken can be trained with.
func TestLargestSettings(t *testing.T) {
	tr := newTrainer(t, 0.5)
	tr.BatchSize, tr.EvalBatch, tr.Epochs, tr.Seed = math.MaxInt, math.MaxInt, math.MaxInt, math.MaxUint64
	tr.LR = schedule.Warmup{Steps: math.MaxInt64, Then: schedule.Constant(1)}
	tr.Callbacks = []training.Callback{training.EarlyStopping(math.MaxInt), {OnEpoch: func(r *training.Run) error {
		if r.Epoch == 1 {
			r.Stop("enough")
		}
		return nil
	}}}
	h, err := tr.Fit(t.Context(), training.Data{Train: blobs(30, 1), Validation: blobs(10, 2)})
	if err != nil || h.Steps != 2 {
		t.Errorf("want 2 steps, got %+v, %v", h, err)
	}
}
