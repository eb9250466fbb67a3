package training_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// scripted is a metric with the value that it is told.
type scripted struct {
	value     *float64
	direction metrics.Direction
}

func (s scripted) Name() string                        { return "scripted" }
func (s scripted) Direction() metrics.Direction        { return s.direction }
func (s scripted) Start() (metrics.Accumulator, error) { return s, nil }
func (s scripted) Add(metrics.Batch) error             { return nil }
func (s scripted) Merge(metrics.Accumulator) error     { return nil }
func (s scripted) Value() float64                      { return *s.value }

func TestPlateauAgreesWithPyTorch(t *testing.T) {
	type testCase struct {
		LR       float64   `json:"lr"`
		Mode     string    `json:"mode"`
		Factor   float64   `json:"factor"`
		Patience int       `json:"patience"`
		MinDelta float64   `json:"min_delta"`
		Cooldown int       `json:"cooldown"`
		MinLR    float64   `json:"min_lr"`
		Metric   []float64 `json:"metric"`
	}
	r := rand.New(rand.NewPCG(1, 2))
	var cases []testCase
	for i := range 12 {
		c := testCase{LR: 0.5, Mode: []string{"min", "max"}[i%2], Factor: 0.5, Patience: 1 + i%3, MinDelta: []float64{0, 0.05}[i/2%2], Cooldown: i % 4, MinLR: []float64{0, 0.01}[i/3%2]}
		for range 40 {
			c.Metric = append(c.Metric, r.Float64())
		}
		cases = append(cases, c)
	}
	var want [][]float64
	pytorch.Run(t, "testdata/plateau.py", cases, &want)
	for i, c := range cases {
		var now float64
		direction := metrics.LowerIsBetter
		if c.Mode == "max" {
			direction = metrics.HigherIsBetter
		}
		tr := newTrainer(t, 0)
		solver := &optim.SGD{LR: c.LR}
		tr.Solver, tr.Epochs = solver, len(c.Metric)
		tr.Metrics = []metrics.Metric{scripted{&now, direction}}
		tr.Monitor = training.Monitor{Metric: "scripted", MinDelta: c.MinDelta} // which is the callback's by default
		tr.Callbacks = []training.Callback{
			{OnStep: func(r *training.Run) error { now = c.Metric[r.Epoch]; return nil }},
			training.ReduceLROnPlateau(training.Plateau{Factor: c.Factor, Patience: c.Patience, Cooldown: c.Cooldown, MinLR: c.MinLR}),
		}
		h := fit(t, tr, training.Data{Train: blobs(4, 1), Validation: blobs(4, 2)})
		for epoch, e := range h.Epochs {
			if e.LR == nil || !(math.Abs(*e.LR-want[i][epoch]) < 1e-15) {
				t.Fatalf("case %d, epoch %d: learning rate must be %v, got %v", i, epoch, want[i][epoch], e.LR)
			}
		}
		if *h.Epochs[39].LR == c.LR || solver.LR != c.LR {
			t.Errorf("case %d: learning rate fell to %v, and is %v after the run", i, *h.Epochs[39].LR, solver.LR)
		}
	}
}

// The rate that falls is that of a schedule too, and a run goes on with it.
func TestResumeOfPlateau(t *testing.T) {
	data := training.Data{Train: blobs(70, 1), Validation: blobs(40, 2)}
	for _, lr := range []schedule.Schedule{nil, schedule.Exponential{Initial: 0.5, Gamma: 0.99}} {
		trainer := func() *training.Trainer {
			tr := newTrainer(t, 0.5)
			tr.LR, tr.Epochs, tr.Monitor = lr, 12, training.Monitor{MinDelta: 1}
			tr.Callbacks = []training.Callback{training.ReduceLROnPlateau(training.Plateau{Factor: 0.5, Patience: 1})}
			return tr
		}
		var states []*training.State
		whole := trainer()
		whole.Callbacks = append(whole.Callbacks, training.Callback{OnCheckpoint: func(r *training.Run) error {
			s, err := r.State()
			states = append(states, s)
			return err
		}})
		want := timeless(fit(t, whole, data))
		first, last := *want.Epochs[0].LR, *want.Epochs[11].LR
		if lr != nil {
			first, last = first/lr.At(2), last/lr.At(35)
		}
		if !(last < 0.6*first) {
			t.Fatalf("the rate must have fallen, got %v and %v", first, last)
		}
		for _, s := range states {
			again := trainer()
			again.Resume = s
			if got := timeless(fit(t, again, data)); !reflect.DeepEqual(got, want) || !slices.Equal(weights(again.Model), weights(whole.Model)) {
				t.Errorf("from step %d the run ends otherwise", s.Steps)
			}
		}
		again := trainer()
		again.Resume = states[20]
		again.Callbacks = []training.Callback{training.ReduceLROnPlateau(training.Plateau{Factor: 0.5, Patience: 2})}
		again.Monitor = training.Monitor{MinDelta: 1}
		_, err := again.Fit(t.Context(), data)
		testkit.Rejects(t, err, "training: ReduceLROnPlateau: settings must be {Factor:0.5 Patience:1 Cooldown:0 MinLR:0 Monitor:{Metric: MinDelta:1}} as in the state, got {Factor:0.5 Patience:2")
	}
}

func TestPlateauRejects(t *testing.T) {
	data := training.Data{Train: blobs(9, 1), Validation: blobs(9, 2)}
	for _, tt := range []struct {
		plateau training.Plateau
		solver  gorgonia.Solver
		want    string
	}{
		{training.Plateau{Factor: 1}, nil, "Factor must be in (0, 1), got 1"},
		{training.Plateau{Patience: -1}, nil, "Patience must be at least 1, got -1"},
		{training.Plateau{Cooldown: -1}, nil, "Cooldown must not be negative, got -1"},
		{training.Plateau{MinLR: math.Inf(1)}, nil, "MinLR must be finite and not negative, got +Inf"},
		{training.Plateau{}, gorgonia.NewVanillaSolver(), "solver must have LearningRate and SetLR, got *gorgonia.VanillaSolver"},
		{training.Plateau{Monitor: training.Monitor{Metric: "F1"}}, nil, `Metric must be one of ["NLL" "error" "accuracy"], which the trainer measures, got "F1"`},
	} {
		tr := newTrainer(t, 0)
		if tt.solver != nil {
			tr.Solver = tt.solver
		}
		tr.Callbacks = []training.Callback{training.ReduceLROnPlateau(tt.plateau)}
		_, err := tr.Fit(t.Context(), data)
		testkit.Rejects(t, err, "training: ReduceLROnPlateau: "+tt.want)
	}
	tr := newTrainer(t, 0)
	tr.Callbacks = []training.Callback{training.ReduceLROnPlateau(training.Plateau{})}
	_, err := tr.Fit(t.Context(), training.Data{Train: data.Train})
	testkit.Rejects(t, err, "training: ReduceLROnPlateau: data must have a validation set, got none")
}
