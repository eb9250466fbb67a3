package training_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// set changes a value of a parameter.
func set(p *models.Param, at int, v float64) {
	if d := p.Value(); d.Dtype() == tensor.Float32 {
		d.Float32s()[at] = float32(v)
	} else {
		d.Float64s()[at] = v
	}
}

// A number that is not finite ends training, with the step and where it began.
func TestNonFinite(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, plain := range []bool{false, true} {
				opts := []models.Option{models.WithDtype(dt)}
				if plain {
					opts = append(opts, models.WithoutFusion())
				}
				name := fmt.Sprintf("%v, %v, plain ops %v", dt, v, plain)
				check := func(what string, err error, want ...string) {
					t.Helper()
					if bad := (*training.NonFiniteError)(nil); !errors.As(err, &bad) {
						t.Errorf("%s: %s: want a NonFiniteError, got %v", name, what, err)
						return
					}
					for _, w := range want {
						if !strings.Contains(err.Error(), w) {
							t.Errorf("%s: %s: want error with %q, got %v", name, what, w, err)
						}
					}
				}
				bad := blobs(64, 1)
				bad.X[2*41+1] = float32(v)
				input := fmt.Sprintf("input 1 of example 41 is %v", v)

				tr := newTrainer(t, 0, opts...)
				_, err := tr.Fit(context.Background(), training.Data{Train: bad})
				check("data", err, "training: Fit: epoch 0, step ", "loss must be finite, got NaN", input)

				tr = newTrainer(t, 0, opts...)
				h, err := tr.Fit(context.Background(), training.Data{Train: blobs(64, 1), Validation: bad})
				check("validation", err, "training: Evaluate: log-likelihood must be finite, got NaN", input)
				if h.Steps != 2 {
					t.Errorf("%s: validation: want the history of 2 steps, got %d", name, h.Steps)
				}

				for k := range tr.Model.Params() {
					tr = newTrainer(t, 0, opts...)
					p := tr.Model.Params()[k]
					at := p.Value().DataSize() - 1
					set(p, at, v)
					_, err = tr.Fit(context.Background(), training.Data{Train: blobs(64, 1)})
					where := fmt.Sprintf("parameter %s has %v at %d", p.Name(), v, at)
					check("weight", err, "training: Fit: epoch 0, step 0: parameter "+p.Name()+" must be finite, got ", fmt.Sprintf("value %d", at))
					// A unit that is off whatever comes has an output.
					if k < 2 && math.IsInf(v, -1) {
						continue
					}
					_, err = tr.Evaluate(context.Background(), blobs(10, 1))
					check("weight in evaluation", err, "log-likelihood must be finite, got ", where)
				}
			}
		}
	}
}

// Where all parameters and inputs are finite the layer is named that overflows.
func TestOverflowNamesTheLayer(t *testing.T) {
	net := models.Sequential{models.Linear(2, 4), models.Tanh(), models.Linear(4, 4), models.ReLU(), models.Linear(4, 3)}
	for _, tt := range []struct {
		param int
		want  string
	}{
		{2, "output of layer 3 has +Inf at "},
		{4, "output of the model has "},
	} {
		m, err := models.New(net, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		w := m.Params()[tt.param].Value().Float32s()
		for i := range w {
			w[i] = 3e38
		}
		// Units before it that are all on add up to more than there is.
		b := m.Params()[tt.param-1].Value().Float32s()
		for i := range b {
			b[i] = 100
		}
		tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, BatchSize: 8}
		_, err = tr.Fit(context.Background(), training.Data{Train: blobs(16, 1)})
		if err == nil || !strings.Contains(err.Error(), "epoch 0, step 0: loss must be finite, got ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

// A gradient that is NaN while the loss is finite breaks the parameters: the next
// step tells, and no state of it is handed out.
func TestNonFiniteGradient(t *testing.T) {
	tr := newTrainer(t, 0)
	tr.Loss = func(logits, labels, weights *gorgonia.Node) (*gorgonia.Node, error) {
		loss, err := training.CrossEntropy()(logits, labels, weights)
		if err != nil {
			return nil, err
		}
		// The derivative of the root at 0 is infinite, times 0.
		nothing := gorgonia.Must(gorgonia.HadamardProd(logits, gorgonia.NewConstant(float32(0))))
		return gorgonia.Add(loss, gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Sqrt(nothing)))))
	}
	var state error
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if r.Steps == 1 {
			_, state = r.State()
		}
		return nil
	}}}
	_, err := tr.Fit(context.Background(), training.Data{Train: blobs(64, 1)})
	if err == nil || !strings.Contains(err.Error(), "epoch 0, step 1: loss must be finite, got NaN: parameter 1.weight has NaN at 0") {
		t.Errorf("want an error at step 1, got %v", err)
	}
	if bad := (*training.NonFiniteError)(nil); !errors.As(state, &bad) || !strings.Contains(state.Error(), "training: State: epoch 0, step 1: parameter 1.weight must be finite, got NaN: value 0") {
		t.Errorf("State: want a NonFiniteError, got %v", state)
	}
}

// The end of a run tells why, and it is told to all, whatever one of them says.
func TestEndIsToldToAll(t *testing.T) {
	boom := errors.New("boom")
	for _, failed := range []bool{false, true} {
		tr := newTrainer(t, 0)
		var told error
		called := false
		tr.Callbacks = []training.Callback{
			{OnStep: func(*training.Run) error {
				if failed {
					return context.DeadlineExceeded
				}
				return nil
			}, OnEnd: func(*training.Run) error { return boom }},
			{OnEnd: func(r *training.Run) error { called, told = true, r.Err; return errors.New("late") }},
		}
		_, err := tr.Fit(context.Background(), training.Data{Train: blobs(32, 1)})
		want, wantTold := boom, error(nil)
		if failed {
			want, wantTold = context.DeadlineExceeded, context.DeadlineExceeded
		}
		if !errors.Is(err, want) || !called || !errors.Is(told, wantTold) {
			t.Errorf("failed %v: got %v; the second callback called %v with %v", failed, err, called, told)
		}
	}
}

// A batch larger than the set is the set.
func TestBatchLargerThanTheSet(t *testing.T) {
	data := training.Data{Train: blobs(30, 1), Test: blobs(7, 2)}
	whole, large := newTrainer(t, 0.5), newTrainer(t, 0.5)
	whole.BatchSize, large.BatchSize = 30, 1<<40
	h := fit(t, large, data)
	fit(t, whole, data)
	if h.Steps != 5 || h.Train.Examples != 30 || !slices.Equal(weights(whole.Model), weights(large.Model)) {
		t.Errorf("%d steps on %d examples, want 5 on 30 with the weights of whole batches", h.Steps, h.Train.Examples)
	}
}

// Empty sets are errors wherever a set is asked for.
func TestEmptySets(t *testing.T) {
	empty, some := &training.Examples{Shape: []int{2}}, blobs(8, 1)
	for _, data := range []training.Data{
		{}, {Train: empty}, {Train: some, Validation: empty}, {Train: some, Test: empty},
	} {
		if _, err := newTrainer(t, 0).Fit(context.Background(), data); err == nil || !strings.Contains(err.Error(), "must hold at least one example, got none") {
			t.Errorf("%+v: got %v", data, err)
		}
	}
	if _, err := newTrainer(t, 0).Evaluate(context.Background(), empty); err == nil || !strings.Contains(err.Error(), "data must hold at least one example, got none") {
		t.Errorf("Evaluate: got %v", err)
	}
	if _, err := training.Activations(context.Background(), newModel(t, 0), empty, 5); err == nil {
		t.Error("Activations: want an error")
	}
}

// A context that is cancelled before the start changes nothing.
func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for epochs := range 2 {
		tr := newTrainer(t, 0.5)
		tr.Epochs = epochs
		before := weights(tr.Model)
		if h, err := tr.Fit(ctx, training.Data{Train: blobs(8, 1)}); !errors.Is(err, context.Canceled) || h.Steps != 0 || !slices.Equal(before, weights(tr.Model)) {
			t.Errorf("Fit: got %v after %d steps", err, h.Steps)
		}
	}
	if _, err := newTrainer(t, 0).Evaluate(ctx, blobs(8, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate: got %v", err)
	}
	if _, err := training.Activations(ctx, newModel(t, 0), blobs(8, 1), 5); !errors.Is(err, context.Canceled) {
		t.Errorf("Activations: got %v", err)
	}
}

// One trainer in two goroutines is an error, and leaves the first alone.
func TestTrainerIsBusy(t *testing.T) {
	want := newTrainer(t, 0.5)
	fit(t, want, training.Data{Train: blobs(100, 1)})
	tr := newTrainer(t, 0.5)
	var again, evaluating error
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		if r.Steps == 3 {
			_, again = tr.Fit(context.Background(), training.Data{Train: blobs(10, 1)})
			_, evaluating = tr.Evaluate(context.Background(), blobs(10, 1))
		}
		return nil
	}}}
	fit(t, tr, training.Data{Train: blobs(100, 1)})
	if again == nil || !strings.Contains(again.Error(), "training: Fit: the trainer must be idle, got one that fits") {
		t.Errorf("Fit within Fit: got %v", again)
	}
	if evaluating != nil {
		t.Errorf("Evaluate between two steps: got %v", evaluating)
	}
	if !slices.Equal(weights(tr.Model), weights(want.Model)) {
		t.Error("the run that was under way has other weights")
	}
	// Evaluation within evaluation overwrites a batch.
	within := &calling{Examples: blobs(10, 1)}
	within.call = func() error {
		_, err := tr.Evaluate(context.Background(), blobs(10, 1))
		return err
	}
	if _, err := tr.Evaluate(context.Background(), within); err == nil || !strings.Contains(err.Error(), "the trainer must be idle, got one at work") {
		t.Errorf("Evaluate within Evaluate: got %v", err)
	}
	if _, err := tr.Evaluate(context.Background(), blobs(10, 1)); err != nil {
		t.Errorf("afterwards: got %v", err)
	}
}

// calling is a set that calls a function when it is read.
type calling struct {
	*training.Examples
	call func() error
}

func (c *calling) Gather(indices []int, x []float32, y []int) error {
	if err := c.call(); err != nil {
		return err
	}
	return c.Examples.Gather(indices, x, y)
}

// Trainers that train one model at once take turns: the parameters stay whole.
func TestTrainersOfOneModel(t *testing.T) {
	m := newModel(t, 0.5)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.05}, Epochs: 5, BatchSize: 32}
			if _, err := tr.Fit(context.Background(), training.Data{Train: blobs(100, 1)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.05}}
	if got, err := tr.Evaluate(context.Background(), blobs(100, 1)); err != nil || got.Accuracy() < 0.8 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Thousands of models that are made, trained and forgotten leave neither memory
// nor goroutines behind.
func TestModelsAreForgotten(t *testing.T) {
	data := training.Data{Train: blobs(8, 1)}
	many := func(n int) {
		for range n {
			tr := newTrainer(t, 0.5)
			tr.Epochs = 1
			fit(t, tr, data)
		}
	}
	live := func() float64 {
		var s runtime.MemStats
		// Machines have finalizers: what they hold is free after the next round.
		for range 3 {
			runtime.GC()
		}
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc)
	}
	n := 2000
	if testing.Short() {
		n = 300
	}
	many(100)
	heap, goroutines := live(), runtime.NumGoroutine()
	many(n)
	if after := live(); after > heap+1<<20 {
		t.Errorf("%d models: live heap grew from %.0f to %.0f bytes", n, heap, after)
	}
	if after := runtime.NumGoroutine(); after > goroutines {
		t.Errorf("%d models: %d goroutines, %d before", n, after, goroutines)
	}
}
