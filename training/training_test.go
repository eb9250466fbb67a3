package training_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// blobs are n points around the corners of a triangle, one class each.
func blobs(n int, seed uint64) *training.Examples {
	r := rand.New(rand.NewPCG(seed, 0))
	e := &training.Examples{Shape: []int{2}}
	for i := range n {
		angle := 2 * math.Pi * float64(i%3) / 3
		e.X = append(e.X, float32(math.Cos(angle)+0.3*r.NormFloat64()), float32(math.Sin(angle)+0.3*r.NormFloat64()))
		e.Y = append(e.Y, i%3)
	}
	return e
}

func newModel(t testing.TB, p float64, opts ...models.Option) *models.Model {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{16}, Outputs: 3, HiddenDropout: p}, []int{2}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newTrainer(t testing.TB, p float64, opts ...models.Option) *training.Trainer {
	t.Helper()
	return &training.Trainer{
		Model: newModel(t, p, opts...), Solver: &optim.SGD{LR: 0.1, Momentum: 0.9}, Epochs: 5, BatchSize: 32, Seed: 1,
	}
}

func weights(m *models.Model) []float32 {
	var all []float32
	for _, p := range m.Params() {
		if p.Value().Dtype() == tensor.Float64 {
			for _, v := range p.Value().Float64s() {
				all = append(all, float32(v))
			}
			continue
		}
		all = append(all, p.Value().Float32s()...)
	}
	return all
}

func fit(t testing.TB, tr *training.Trainer, data training.Data) *training.History {
	t.Helper()
	h, err := tr.Fit(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// 300 examples in batches of 32 leave one of 12.
func TestFitLearns(t *testing.T) {
	data := training.Data{Train: blobs(300, 1), Validation: blobs(100, 2), Test: blobs(101, 3)}
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, p := range []float64{0, 0.5} {
			h := fit(t, newTrainer(t, p, models.WithDtype(dt)), data)
			if h.Steps != 5*10 || len(h.Epochs) != 5 || h.Epochs[4].Train.Examples != 300 {
				t.Errorf("%v, p=%v: %d steps in %d epochs, want 50 in 5", dt, p, h.Steps, len(h.Epochs))
			}
			if h.Test == nil || h.Test.Examples != 101 || h.Test.Accuracy() < 0.9 {
				t.Errorf("%v, p=%v: test metrics are %+v, want an accuracy of 0.9 on 101", dt, p, h.Test)
			}
			if first, last := h.Epochs[0], h.Epochs[4]; last.Loss >= first.Loss || last.Validation.NLL >= first.Validation.NLL {
				t.Errorf("%v, p=%v: loss went from %v to %v", dt, p, first.Loss, last.Loss)
			}
		}
	}
}

// A run is a function of its data, configuration and seeds.
func TestFitRepeats(t *testing.T) {
	data := training.Data{Train: blobs(100, 1)}
	run := func(change func(*training.Trainer)) []float32 {
		tr := newTrainer(t, 0.5)
		change(tr)
		fit(t, tr, data)
		return weights(tr.Model)
	}
	base := run(func(*training.Trainer) {})
	if !slices.Equal(base, run(func(*training.Trainer) {})) {
		t.Error("the same run gives other weights")
	}
	if !slices.Equal(base, run(func(tr *training.Trainer) { tr.EvalBatch = 7 })) {
		t.Error("evaluation changes the weights")
	}
	if slices.Equal(base, run(func(tr *training.Trainer) { tr.Seed = 2 })) {
		t.Error("another order of the examples gives the same weights")
	}
	if slices.Equal(base, run(func(tr *training.Trainer) { tr.Model = newModel(t, 0.5, models.WithSeed(2)) })) {
		t.Error("another seed of the model gives the same weights")
	}
}

// The metrics agree with a plain computation, whatever the evaluation batch.
func TestEvaluate(t *testing.T) {
	tr := newTrainer(t, 0.5)
	data := blobs(101, 1)
	fit(t, tr, training.Data{Train: data})
	var want training.Metrics
	for i, size := range []int{1, 7, 100, 101, 500} {
		tr.EvalBatch = size
		got, err := tr.Evaluate(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = got
		}
		if got.Examples != 101 || got.Correct != want.Correct || math.Abs(got.NLL-want.NLL) > 1e-6 {
			t.Errorf("batches of %d: want %+v, got %+v", size, want, got)
		}
	}
}

func TestSchedule(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.LR = halving{}
	h := fit(t, tr, training.Data{Train: blobs(64, 1)})
	if got := h.Epochs[4].LR; got == nil || *got != math.Pow(0.5, 9) {
		t.Errorf("rate of the last of 10 steps is %v, want %v", got, math.Pow(0.5, 9))
	}
}

// Momentum and weight decay follow their schedules as the learning rate does, at each
// step and from where a run is gone on with.
func TestScheduledSettings(t *testing.T) {
	type settings struct{ momentum, decay float64 }
	seen := func(resume *training.State, epochs int) (all []settings, state *training.State) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tr := newTrainer(t, 0)
		solver := &optim.SGD{LR: 0.1, Nesterov: true, Momentum: 0.1}
		tr.Solver, tr.Epochs, tr.Resume = solver, 4, resume
		tr.Momentum = schedule.Linear{From: 0.25, To: 0.75, End: 4}
		tr.WeightDecay = schedule.StepDecay{Initial: 0.5, Gamma: 0.5, Every: 2}
		tr.Callbacks = []training.Callback{{
			OnStep: func(*training.Run) error {
				all = append(all, settings{solver.Momentum, solver.WeightDecay})
				return nil
			},
			OnEpoch: func(r *training.Run) error {
				if r.Epoch+1 == epochs {
					cancel()
				}
				return nil
			},
			OnEnd: func(r *training.Run) (err error) {
				state, err = r.State()
				return err
			},
		}}
		if _, err := tr.Fit(ctx, training.Data{Train: blobs(64, 1)}); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		return all, state
	}
	want := []settings{{0.25, 0.5}, {0.375, 0.5}, {0.5, 0.25}, {0.625, 0.25}, {0.75, 0.125}, {0.75, 0.125}, {0.75, 0.0625}, {0.75, 0.0625}}
	all, _ := seen(nil, 4)
	if !slices.Equal(all, want) {
		t.Errorf("want %v, got %v", want, all)
	}
	first, state := seen(nil, 2)
	rest, _ := seen(state, 4)
	if got := append(first, rest...); !slices.Equal(got, want) {
		t.Errorf("stopped and gone on with: want %v, got %v", want, got)
	}
}

type halving struct{}

func (halving) At(step int64) float64 { return math.Pow(0.5, float64(step)) }
func (halving) String() string        { return "halving" }

func TestEarlyStopping(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.Epochs = 200
	var best []float32
	lowest := math.Inf(1)
	tr.Callbacks = []training.Callback{
		training.EarlyStopping(3),
		{OnEpoch: func(r *training.Run) error {
			if e := r.History.Epochs[r.Epoch]; e.Validation.NLL < lowest {
				lowest, best = e.Validation.NLL, slices.Clone(weights(tr.Model))
			}
			return nil
		}},
	}
	h := fit(t, tr, training.Data{Train: blobs(60, 1), Validation: blobs(60, 2)})
	if len(h.Epochs) == 200 || !strings.Contains(h.Stopped, "validation NLL has not fallen since epoch") {
		t.Errorf("stopped after %d epochs: %q", len(h.Epochs), h.Stopped)
	}
	if !slices.Equal(weights(tr.Model), best) {
		t.Error("the model does not have the weights of the best epoch")
	}
	if math.Abs(h.Validation.NLL-lowest) > 1e-6 {
		t.Errorf("final validation NLL is %v, want the lowest, %v", h.Validation.NLL, lowest)
	}
	tr.Callbacks = []training.Callback{training.EarlyStoppingOn(training.Monitor{}, 0)}
	if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(60, 1)}); err == nil || !strings.Contains(err.Error(), "patience must be at least 1, got 0") {
		t.Errorf("want an error about patience, got %v", err)
	}
	tr.Callbacks = []training.Callback{training.EarlyStopping(1)}
	if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(60, 1)}); err == nil || !strings.Contains(err.Error(), "must have a validation set") {
		t.Errorf("want an error about the validation set, got %v", err)
	}
}

func TestCallbacksAndStop(t *testing.T) {
	tr := newTrainer(t, 0.5)
	var events []string
	event := func(name string) func(*training.Run) error {
		return func(*training.Run) error { events = append(events, name); return nil }
	}
	tr.Callbacks = []training.Callback{
		{OnStart: event("start"), OnEpoch: event("epoch"), OnEnd: event("end")},
		{OnStep: func(r *training.Run) error {
			if r.Steps == 5 {
				r.Stop("five steps are enough")
			}
			return nil
		}},
	}
	h := fit(t, tr, training.Data{Train: blobs(96, 1)})
	// The second epoch is not whole: it is none yet.
	if want := []string{"start", "epoch", "end"}; !slices.Equal(events, want) {
		t.Errorf("events were %v, want %v", events, want)
	}
	if h.Steps != 5 || h.Stopped != "five steps are enough" {
		t.Errorf("%d steps, stopped %q", h.Steps, h.Stopped)
	}
	if len(h.Epochs) != 1 || h.Partial == nil || h.Partial.Epoch != 1 || h.Partial.Step != 5 || h.Partial.Train.Examples != 64 || h.Train == nil {
		t.Errorf("want the record of an epoch and of two thirds of the next, got %+v, %+v", h.Epochs, h.Partial)
	}
	boom := errors.New("boom")
	tr.Callbacks = []training.Callback{{OnEpoch: func(*training.Run) error { return boom }}, {OnEnd: event("told")}}
	if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(96, 1)}); !errors.Is(err, boom) {
		t.Errorf("want the callback's error, got %v", err)
	}
	if events[len(events)-1] != "told" {
		t.Error("the end of a failed run was not told")
	}
}

func TestCancel(t *testing.T) {
	tr := newTrainer(t, 0.5)
	ctx, cancel := context.WithCancel(context.Background())
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if r.Steps == 4 {
			cancel()
		}
		return nil
	}}}
	before := slices.Clone(weights(tr.Model))
	h, err := tr.Fit(ctx, training.Data{Train: blobs(96, 1), Test: blobs(10, 1)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
	if h == nil || h.Steps != 4 || len(h.Epochs) != 1 || slices.Equal(before, weights(tr.Model)) {
		t.Errorf("what was done is lost: %+v", h)
	}
	if _, err := tr.Evaluate(ctx, blobs(10, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate: want context.Canceled, got %v", err)
	}
}

func TestDivergenceIsNamed(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.Solver = &optim.SGD{LR: 1e30}
	_, err := tr.Fit(context.Background(), training.Data{Train: blobs(96, 1)})
	if err == nil || !strings.Contains(err.Error(), "loss must be finite, got") || !strings.Contains(err.Error(), "step ") {
		t.Errorf("want an error that names the step, got %v", err)
	}
}

func TestRejects(t *testing.T) {
	good := training.Data{Train: blobs(10, 1)}
	tests := []struct {
		change func(*training.Trainer)
		data   training.Data
		want   string
	}{
		{func(tr *training.Trainer) { tr.Model = nil }, good, "Model must be set, got nil"},
		{func(tr *training.Trainer) { tr.Solver = nil }, good, "Solver must be set, got nil"},
		{func(tr *training.Trainer) { tr.Epochs = -1 }, good, "Epochs must not be negative, got -1"},
		{func(tr *training.Trainer) { tr.BatchSize = -1 }, good, "BatchSize must not be negative, got -1"},
		{func(tr *training.Trainer) { tr.EvalBatch = -1 }, good, "EvalBatch must not be negative, got -1"},
		{nil, training.Data{}, "Train must hold at least one example, got none"},
		{nil, training.Data{Train: &training.Examples{}}, "Train must hold at least one example, got none"},
		{nil, training.Data{Train: blobs(3, 1), Test: &training.Examples{Shape: []int{3}, X: make([]float32, 3), Y: []int{0}}},
			"Test must have examples of the model's shape [2], got [3]"},
		{nil, training.Data{Train: &training.Examples{Shape: []int{2}, X: make([]float32, 4), Y: []int{0, 7}}},
			"training: Fit: epoch 0, step 0: example 1: label must be in [0, 3), got 7"},
		{nil, training.Data{Train: &training.Examples{Shape: []int{2}, X: make([]float32, 4), Y: []int{0}}},
			"y must have as many labels"},
	}
	for _, tt := range tests {
		tr := newTrainer(t, 0)
		tr.Seed = 5
		if tt.change != nil {
			tt.change(tr)
		}
		if _, err := tr.Fit(context.Background(), tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

// Trainers of their own models run side by side.
func TestConcurrentTrainers(t *testing.T) {
	want := newTrainer(t, 0.5)
	fit(t, want, training.Data{Train: blobs(100, 1)})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			tr := newTrainer(t, 0.5)
			if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(100, 1)}); err != nil {
				t.Error(err)
			} else if !slices.Equal(weights(tr.Model), weights(want.Model)) {
				t.Error("training in company gives other weights")
			}
		})
	}
	wg.Wait()
}

// 10,000 steps leave no more live memory than the first 1,000.
func TestMemoryDoesNotGrow(t *testing.T) {
	tr := newTrainer(t, 0.5)
	tr.BatchSize = 10
	tr.Epochs = 1000
	live := func() float64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc)
	}
	var early float64
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if r.Steps == 1000 {
			early = live()
		}
		return nil
	}}}
	h := fit(t, tr, training.Data{Train: blobs(100, 1)})
	if h.Steps != 10000 {
		t.Fatalf("%d steps, want 10000", h.Steps)
	}
	// The history itself grows by a record an epoch: 900 of under 200 bytes.
	if late := live(); late > early+256<<10 {
		t.Errorf("live heap grew from %.0f to %.0f bytes in 9,000 steps", early, late)
	}
}
