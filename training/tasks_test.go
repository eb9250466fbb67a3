package training_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// plane returns n points of two numbers with the targets 2a-b and a*b.
func plane(n int) *training.Examples {
	e := &training.Examples{Shape: []int{2}, TargetShape: []int{2}}
	for i := range n {
		a, b := float32(i%7)/7-0.5, float32(i%11)/11-0.5
		e.X = append(e.X, a, b)
		e.Targets = append(e.Targets, 2*a-b, a*b)
	}
	return e
}

// regressor returns a trainer of numbers.
func regressor(t *testing.T, opts ...models.Option) *training.Trainer {
	t.Helper()
	net := models.Sequential{models.Linear(2, 16), models.Tanh(), models.Dropout(0.1), models.Linear(16, 2)}
	m, err := models.New(net, []int{2}, append(opts, models.WithSeed(3))...)
	if err != nil {
		t.Fatal(err)
	}
	return &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.02}, Epochs: 20, BatchSize: 16, Seed: 5}
}

func TestFitNumbers(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for name, loss := range map[string]training.Loss{"default": nil, "MSE": training.MSE(), "MAE": training.MAE(), "Huber": training.Huber(0.5)} {
			tr := regressor(t, models.WithDtype(dt))
			tr.Loss = loss
			h := fit(t, tr, training.Data{Train: plane(150), Validation: plane(60), Test: plane(77)})
			rmse := h.Test.Score("RMSE")
			if !h.Test.Numeric || h.Test.Examples != 77 || !(rmse.Value < 0.15) || rmse.Direction != metrics.LowerIsBetter {
				t.Errorf("%v, %s: got %+v", dt, name, h.Test)
			}
			if first, last := h.Epochs[0].Train.Score("MAE").Value, h.Epochs[19].Train.Score("MAE").Value; !(last < first/2) {
				t.Errorf("%v, %s: MAE of training went from %v to %v", dt, name, first, last)
			}
			if a := h.Test.Accuracy(); !math.IsNaN(a) {
				t.Errorf("numbers must have no accuracy, got %v", a)
			}
		}
	}
}

// The metrics of an epoch and of an evaluation do not depend on the size of the batches.
func TestScoresAreThoseOfTheWholeSet(t *testing.T) {
	tr := regressor(t)
	tr.Metrics = []metrics.Metric{metrics.RMSE{}, metrics.R2{}}
	data := plane(45)
	fit(t, tr, training.Data{Train: data})
	var want training.Metrics
	for i, size := range []int{45, 1, 7, 44} {
		tr.EvalBatch = size
		got, err := tr.Evaluate(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = got
		}
		for k, s := range got.Scores {
			// Products of other sizes may sum in another order.
			if d := math.Abs(s.Value - want.Scores[k].Value); !(d < 1e-6) {
				t.Errorf("batches of %d: %s is %v, want %v", size, s.Name, s.Value, want.Scores[k].Value)
			}
		}
	}
	tr.Solver, tr.Epochs = &optim.SGD{LR: 1e-30}, 1 // which changes nothing
	tr.Model = regressor(t).Model
	var batches []float64
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		for range r.Batch.Examples {
			batches = append(batches, math.Pow(r.Batch.Score("RMSE").Value, 2))
		}
		return nil
	}}}
	h := fit(t, tr, training.Data{Train: data})
	var sum float64
	for _, v := range batches {
		sum += v / float64(len(batches))
	}
	if got := h.Epochs[0].Train.Score("RMSE").Value; math.Abs(got-math.Sqrt(sum)) > 1e-9 || len(batches) != 45 {
		t.Errorf("RMSE of the epoch must be %v, got %v", math.Sqrt(sum), got)
	}
}

// Answers of 0 or 1 that do not exclude each other, and soft labels.
func TestFitManyLabels(t *testing.T) {
	data := plane(150)
	for i, v := range data.Targets {
		data.Targets[i] = 0
		if v > 0 {
			data.Targets[i] = 1
		}
	}
	tr := regressor(t)
	tr.Loss, tr.Metrics = training.BCEWithLogits(), []metrics.Metric{metrics.F1{MultiLabel: true}, metrics.AUROC{}}
	tr.Monitor, tr.Epochs = training.Monitor{Metric: "AUROC"}, 60
	h := fit(t, tr, training.Data{Train: data, Validation: data})
	for _, s := range h.Validation.Scores {
		if !(s.Value > 0.9) || s.Direction != metrics.HigherIsBetter {
			t.Errorf("got %+v", s)
		}
	}
	for i := 0; i < len(data.Targets); i += 2 {
		data.Targets[i+1] = 1 - data.Targets[i]
	}
	tr = regressor(t)
	tr.Loss, tr.Metrics = training.CrossEntropy(), []metrics.Metric{}
	if h := fit(t, tr, training.Data{Train: data}); h.Epochs[19].Loss > h.Epochs[0].Loss/2 || len(h.Train.Scores) != 0 {
		t.Errorf("soft labels: got %+v", h.Epochs[19])
	}
}

// An example of weight 2 is two examples, and one of weight 0 is none, whatever it holds.
func TestWeightsOfExamples(t *testing.T) {
	for name, change := range map[string]func(*training.Trainer, *training.Examples){
		"numbers": func(*training.Trainer, *training.Examples) {},
		"labels": func(tr *training.Trainer, e *training.Examples) {
			e.Y, e.Targets, e.TargetShape = make([]int, e.Len()), nil, nil
			for i := range e.Y {
				e.Y[i] = i % 2
			}
			tr.Metrics = []metrics.Metric{metrics.NLL{}, metrics.Accuracy{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(weights []float32, repeat bool) training.Metrics {
				tr := regressor(t, models.WithDtype(tensor.Float64))
				e := plane(20)
				change(tr, e)
				e.Weights = weights
				if repeat {
					e.X = append(e.X, e.X[2*3:2*4]...)
					if e.Y != nil {
						e.Y = append(e.Y, e.Y[3])
					} else {
						e.Targets = append(e.Targets, e.Targets[2*3:2*4]...)
					}
				} else if e.Y != nil {
					e.Y[7] = -100 // of weight 0
				} else {
					e.Targets[2*7] = float32(math.NaN())
				}
				got, err := tr.Evaluate(t.Context(), e)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			weights := slices.Repeat([]float32{1}, 20)
			weights[3], weights[7] = 2, 0
			weighted := run(weights, false)
			plain := slices.Repeat([]float32{1}, 21)
			plain[7] = 0
			twice := run(plain, true)
			for i, s := range weighted.Scores {
				if want := twice.Scores[i].Value; math.Abs(s.Value-want) > 1e-12 {
					t.Errorf("%s must be %v, got %v", s.Name, want, s.Value)
				}
			}
		})
	}
}

// What has weight 0 changes no parameter.
func TestMaskedTargetsTeachNothing(t *testing.T) {
	run := func(padding float32) []float32 {
		tr := regressor(t)
		e := plane(40)
		e.Weights = slices.Repeat([]float32{1, 0}, 40)
		for i := 1; i < len(e.Targets); i += 2 {
			e.Targets[i] = padding
		}
		fit(t, tr, training.Data{Train: e})
		return weights(tr.Model)
	}
	if !slices.Equal(run(0), run(float32(math.Inf(1)))) {
		t.Error("targets of weight 0 change what is learnt")
	}
}

func TestDataThatDoNotFit(t *testing.T) {
	labels := &training.Examples{Shape: []int{2}, X: make([]float32, 8), Y: make([]int, 4)}
	for name, tt := range map[string]struct {
		change func(*training.Trainer, *training.Data)
		want   string
	}{
		"another task": {func(_ *training.Trainer, d *training.Data) { d.Validation = labels }, "Validation must have the targets of Train, numbers of shape (2), got labels"},
		"weights": {func(_ *training.Trainer, d *training.Data) {
			d.Train.(*training.Examples).Weights = make([]float32, 3*40)
		}, "an example must have one weight or one for each of its targets of shape (2), got 3"},
		"negative weight": {func(_ *training.Trainer, d *training.Data) {
			w := slices.Repeat([]float32{1}, 40)
			w[17] = -1
			d.Train.(*training.Examples).Weights = w
		}, "example 17: weight must be finite and not negative, got -1"},
		"few targets": {func(_ *training.Trainer, d *training.Data) {
			d.Train.(*training.Examples).Targets = make([]float32, 40)
		},
			"Targets must have as many values for each of 40 examples, got 40 in all and 32 for 16 examples"},
		"no such metric": {func(tr *training.Trainer, _ *training.Data) { tr.Monitor.Metric = "accuracy" }, `Metric must be one of ["RMSE" "MAE"], which the trainer measures, got "accuracy"`},
		"delta":          {func(tr *training.Trainer, _ *training.Data) { tr.Monitor.MinDelta = math.NaN() }, "MinDelta must be finite and not negative, got NaN"},
		"one name twice": {func(tr *training.Trainer, _ *training.Data) {
			tr.Metrics = []metrics.Metric{metrics.MAE{}, metrics.MAE{}}
		}, `names must differ, got "MAE" twice`},
		"no metric for early stopping": {func(tr *training.Trainer, d *training.Data) {
			tr.Metrics, d.Validation = []metrics.Metric{}, plane(3)
			tr.Callbacks = []training.Callback{training.EarlyStopping(1)}
		}, "EarlyStopping: Metrics must have one to judge by, got none"},
		"loss without weights": {func(tr *training.Trainer, d *training.Data) {
			d.Train.(*training.Examples).Weights = make([]float32, 40)
			tr.Loss = training.Unweighted(func(x, y *gorgonia.Node) (*gorgonia.Node, error) { return nn.MSE(x, y) })
		}, "Unweighted: data must have no weights, got some of shape (16)"},
	} {
		t.Run(name, func(t *testing.T) {
			tr, data := regressor(t), training.Data{Train: plane(40)}
			tt.change(tr, &data)
			_, err := tr.Fit(t.Context(), data)
			testkit.Rejects(t, err, tt.want)
		})
	}
}

// A run that is cut anywhere and goes on is the same run, its metrics too.
func TestResumeOfNumbers(t *testing.T) {
	data := training.Data{Train: plane(70), Validation: plane(30)}
	data.Train.(*training.Examples).Weights = slices.Repeat([]float32{1, 0.3}, 35)
	make := func() *training.Trainer {
		tr := regressor(t)
		tr.Epochs, tr.Metrics = 4, []metrics.Metric{metrics.R2{}, metrics.RMSE{}}
		tr.Monitor = training.Monitor{Metric: "R²", MinDelta: 0.01}
		return tr
	}
	whole := make()
	whole.Callbacks = []training.Callback{training.EarlyStopping(3)}
	want := fit(t, whole, data)
	for _, step := range []int64{1, 3, 5, 8, 12, 20} {
		var state *training.State
		cut := make()
		cut.Callbacks = []training.Callback{training.EarlyStopping(3), {OnCheckpoint: func(r *training.Run) (err error) {
			if r.Steps == step && state == nil {
				if state, err = r.State(); err == nil {
					r.Stop("cut")
				}
			}
			return err
		}}}
		fit(t, cut, data)
		// Through the file's JSON.
		text, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		read := training.State{Params: state.Params, Solver: state.Solver}
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		for i := range read.Callbacks {
			read.Callbacks[i].Tensors = state.Callbacks[i].Tensors
		}
		rest := make()
		rest.Callbacks = []training.Callback{training.EarlyStopping(3)}
		rest.Resume = &read
		got := fit(t, rest, data)
		for _, h := range []*training.History{want, got} {
			h.Time = 0
			for i := range h.Epochs {
				h.Epochs[i].Time = 0
			}
		}
		if !reflect.DeepEqual(got, want) || !slices.Equal(weights(rest.Model), weights(whole.Model)) {
			t.Errorf("cut at step %d: got %+v, want %+v", step, got, want)
		}
		other := make()
		other.Metrics = []metrics.Metric{metrics.R2{}, metrics.MAE{}}
		other.Callbacks, other.Resume = rest.Callbacks, &read
		_, err = other.Fit(t.Context(), data)
		testkit.Rejects(t, err, "Metrics must be R², RMSE, got R², MAE")
	}
}

// By name and direction, an epoch is better by more than MinDelta.
func TestMonitor(t *testing.T) {
	epochs := func(values ...float64) (all []training.Epoch) {
		for _, v := range values {
			all = append(all, training.Epoch{Validation: &training.Metrics{Numeric: true, Scores: training.Scores{
				{Name: "down", Value: v}, {Name: "up", Value: v, Direction: metrics.HigherIsBetter},
			}}})
		}
		return all
	}
	nan := math.NaN()
	for _, tt := range []struct {
		by     training.Monitor
		values []float64
		want   int
	}{
		{training.Monitor{}, []float64{3, 1, 2, 1}, 1},
		{training.Monitor{Metric: "down"}, []float64{3, 1, 2, 0}, 3},
		{training.Monitor{Metric: "up"}, []float64{3, 1, 4, 4}, 2},
		{training.Monitor{Metric: "down", MinDelta: 1}, []float64{3, 2, 1.5, 1}, 2},
		{training.Monitor{Metric: "up", MinDelta: 1}, []float64{1, 2, 2.5, 3}, 2},
		{training.Monitor{}, []float64{nan, 5, nan, 4}, 3},
		{training.Monitor{}, nil, -1},
		{training.Monitor{Metric: "other"}, []float64{3, 1}, 0},
	} {
		if at, _ := tt.by.Best(epochs(tt.values...)); at != tt.want {
			t.Errorf("%+v of %v: want epoch %d, got %d", tt.by, tt.values, tt.want, at)
		}
	}
}

func TestEarlyStoppingByName(t *testing.T) {
	tr := regressor(t)
	tr.Epochs, tr.Metrics = 200, []metrics.Metric{metrics.R2{}}
	tr.Monitor = training.Monitor{Metric: "R²", MinDelta: 0.05}
	tr.Callbacks = []training.Callback{training.EarlyStopping(4)}
	h := fit(t, tr, training.Data{Train: plane(60), Validation: plane(40)})
	at, best := tr.Monitor.Best(h.Epochs)
	if len(h.Epochs) != at+5 || !strings.Contains(h.Stopped, "validation R² has not risen since epoch") {
		t.Errorf("stopped after %d epochs, the best is %d: %q", len(h.Epochs), at+1, h.Stopped)
	}
	if got := h.Validation.Score("R²").Value; got != best.Value {
		t.Errorf("R² of the end must be that of the best epoch, %v, got %v", best.Value, got)
	}
}

func TestScoresInJSON(t *testing.T) {
	want := training.Scores{{Name: "a", Value: 0.1}, {Name: "b", Value: math.Inf(-1), Direction: metrics.HigherIsBetter}, {Name: "c", Value: 5e-324}}
	text, err := json.Marshal(append(want, metrics.Score{Name: "d", Value: math.NaN()}))
	if err != nil {
		t.Fatal(err)
	}
	var got training.Scores
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got[:3], want) || !math.IsNaN(got[3].Value) {
		t.Errorf("got %+v, %v", got, err)
	}
	testkit.Rejects(t, json.Unmarshal([]byte(`[{"name": "a", "value": "much"}]`), &got), `training: Scores: value of "a"`)
}
