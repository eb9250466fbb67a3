package models_test

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

func mustModel(t testing.TB, net models.Layer, input []int, opts ...models.Option) *models.Model {
	t.Helper()
	m, err := models.New(net, input, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// batch is a float32 tensor of the given shape with varied values.
func batch(shape ...int) *tensor.Dense {
	n := 1
	for _, d := range shape {
		n *= d
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(math.Sin(float64(i)))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// forward runs a graph of the model once at a step and returns the output.
func forward(t testing.TB, m *models.Model, mode models.Mode, x *tensor.Dense, step int64) []float32 {
	t.Helper()
	g, err := m.Build(mode, x.Shape()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := gorgonia.Let(g.Input, x); err != nil {
		t.Fatal(err)
	}
	g.SetStep(step)
	machine := gorgonia.NewTapeMachine(g.ExprGraph)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(g.Output.Value().(*tensor.Dense).Float32s())
}

func classic() models.Layer {
	return models.Sequential{models.Linear(128, 64), models.ReLU(), models.Dropout(0.5), models.Linear(64, 10)}
}

func TestSequentialHasPyTorchNames(t *testing.T) {
	m := mustModel(t, classic(), []int{128})
	var names []string
	for _, p := range m.Params() {
		names = append(names, p.Name())
	}
	if want := []string{"0.weight", "0.bias", "3.weight", "3.bias"}; !slices.Equal(names, want) {
		t.Errorf("parameters are %v, want %v", names, want)
	}
	if got, want := m.NumParams(), 128*64+64+64*10+10; got != want {
		t.Errorf("model has %d parameters, want %d", got, want)
	}
	if got := m.OutputShape(); !slices.Equal(got, []int{10}) {
		t.Errorf("output shape is %v, want [10]", got)
	}
}

// The forward pass agrees with a plain loop.
func TestLinearForward(t *testing.T) {
	m := mustModel(t, models.Linear(3, 2), []int{3}, models.WithSeed(4))
	bias := m.Params()[1].Value().Float32s()
	bias[0], bias[1] = 0.5, -0.25
	w := m.Params()[0].Value().Float32s()
	x := batch(4, 3)
	got := forward(t, m, models.Eval, x, 0)
	for i := range 4 {
		for j := range 2 {
			want := bias[j]
			for k := range 3 {
				want += x.Float32s()[i*3+k] * w[k*2+j]
			}
			if math.Abs(float64(got[i*2+j]-want)) > 1e-6 {
				t.Errorf("output (%d, %d) is %v, want %v", i, j, got[i*2+j], want)
			}
		}
	}
}

func TestModes(t *testing.T) {
	m := mustModel(t, classic(), []int{128}, models.WithSeed(1))
	x := batch(5, 128)
	eval := forward(t, m, models.Eval, x, 0)
	train := forward(t, m, models.Train, x, 7)
	if slices.Equal(eval, train) {
		t.Error("training does not drop")
	}
	if !slices.Equal(train, forward(t, m, models.Train, x, 7)) {
		t.Error("one step gives two masks")
	}
	if slices.Equal(train, forward(t, m, models.Train, x, 8)) {
		t.Error("two steps give one mask")
	}
	if !slices.Equal(train, forward(t, m, models.Sample, x, 7)) {
		t.Error("sampling draws other masks than training")
	}
	g, err := m.Build(models.Eval, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range g.AllNodes() {
		if op := n.Op(); op != nil && strings.HasPrefix(op.String(), "Dropout") {
			t.Errorf("the evaluation graph holds %v", op)
		}
	}
}

func TestSeeds(t *testing.T) {
	a := mustModel(t, classic(), []int{128}, models.WithSeed(1))
	b := mustModel(t, classic(), []int{128}, models.WithSeed(1))
	c := mustModel(t, classic(), []int{128}, models.WithSeed(2))
	for i := range a.Params() {
		x, y, z := a.Params()[i], b.Params()[i], c.Params()[i]
		if !slices.Equal(x.Value().Float32s(), y.Value().Float32s()) {
			t.Errorf("%s differs between two models of one seed", x.Name())
		}
		if strings.HasSuffix(x.Name(), "weight") && slices.Equal(x.Value().Float32s(), z.Value().Float32s()) {
			t.Errorf("%s is the same under two seeds", x.Name())
		}
	}
}

// Dropout does not change how a network starts: arms of an experiment are paired.
func TestMLPStartsAlikeWithAndWithoutDropout(t *testing.T) {
	plain := models.MLP{Inputs: 12, Hidden: []int{8, 6}, Outputs: 3}
	dropped := plain
	dropped.InputDropout, dropped.HiddenDropout = 0.2, 0.5
	a, b := mustModel(t, plain, []int{12}), mustModel(t, dropped, []int{12})
	x := batch(4, 12)
	if !slices.Equal(forward(t, a, models.Eval, x, 0), forward(t, b, models.Eval, x, 0)) {
		t.Error("the networks start differently")
	}
	if !slices.Equal(forward(t, a, models.Eval, x, 0), forward(t, a, models.Train, x, 0)) {
		t.Error("a network without dropout drops in training")
	}
}

func TestInitScale(t *testing.T) {
	tests := []struct {
		name string
		init models.Init
		want float64 // variance for 400 inputs and 100 outputs
	}{
		{"HeNormal", models.HeNormal, 2.0 / 400}, {"HeUniform", models.HeUniform, 2.0 / 400}, {"FanInUniform", models.FanInUniform, 1.0 / 1200},
		{"GlorotNormal", models.GlorotNormal, 2.0 / 500}, {"GlorotUniform", models.GlorotUniform, 2.0 / 500},
		{"LecunNormal", models.LecunNormal, 1.0 / 400}, {"Normal", models.Normal(0.1), 0.01},
		{"Zeros", models.Zeros, 0},
	}
	for _, tt := range tests {
		m := mustModel(t, models.LinearLayer{In: 400, Out: 100, Init: tt.init, NoBias: true}, []int{400})
		var mean, square float64
		w := m.Params()[0].Value().Float32s()
		for _, x := range w {
			mean += float64(x)
			square += float64(x) * float64(x)
		}
		n := float64(len(w))
		mean, square = mean/n, square/n
		if math.Abs(mean) > 5*math.Sqrt(tt.want/n) || math.Abs(square-tt.want) > 0.04*tt.want {
			t.Errorf("%s: mean %v and variance %v, want 0 and %v", tt.name, mean, square, tt.want)
		}
	}
}

func TestRejects(t *testing.T) {
	tests := []struct {
		net   models.Layer
		input []int
		opts  []models.Option
		want  string
	}{
		{nil, []int{3}, nil, "net must be a layer, got nil"},
		{classic(), []int{100}, nil, "models: 0: Linear: input must have shape (batch, 128), got (1, 100)"},
		{models.Sequential{models.Linear(3, 4), models.Linear(5, 6)}, []int{3}, nil, "models: 1: Linear: input must have shape (batch, 5), got (1, 4)"},
		{models.Linear(3, 0), []int{3}, nil, "models: Linear: sizes must be positive, got 3 and 0"},
		{models.Sequential{models.Dropout(1.5)}, []int{3}, nil, "models: 0: Dropout: p must be in [0, 1], got 1.5"},
		{models.Sequential{nil}, []int{3}, nil, "models: Sequential: layer 0 must be a layer, got nil"},
		{models.ReLU(), []int{0}, nil, "input shape must be positive, got [0]"},
		{models.ReLU(), []int{3}, []models.Option{models.WithDtype(tensor.Int)}, "dtype must be float32 or float64, got int"},
	}
	for _, tt := range tests {
		if _, err := models.New(tt.net, tt.input, tt.opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
	m := mustModel(t, classic(), []int{128})
	if _, err := m.Build(models.Train, 0); err == nil || !strings.Contains(err.Error(), "batch must be positive, got 0") {
		t.Errorf("want an error about the batch, got %v", err)
	}
	if _, err := m.Build(9, 1); err == nil || !strings.Contains(err.Error(), "got Mode(9)") {
		t.Errorf("want an error about the mode, got %v", err)
	}
}

// Gradients of all parameters agree between a batch and the mean of its halves.
func TestGradientsOverBatchSizes(t *testing.T) {
	m := mustModel(t, models.MLP{Inputs: 6, Hidden: []int{5}, Outputs: 3}, []int{6}, models.WithDtype(tensor.Float64))
	x := make([]float64, 24)
	for i := range x {
		x[i] = math.Cos(float64(i))
	}
	grads := func(x []float64, y []int) [][]float64 {
		g, err := m.Build(models.Train, len(y))
		if err != nil {
			t.Fatal(err)
		}
		labels := gorgonia.NodeFromAny(g.ExprGraph, tensor.New(tensor.WithBacking(y)), gorgonia.WithName("labels"))
		loss, err := nn.SoftmaxCrossEntropy(g.Output, labels)
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := gorgonia.Grad(loss, g.Params()...)
		if err != nil {
			t.Fatal(err)
		}
		if err := gorgonia.Let(g.Input, tensor.New(tensor.WithShape(len(y), 6), tensor.WithBacking(x))); err != nil {
			t.Fatal(err)
		}
		machine := gorgonia.NewTapeMachine(g.ExprGraph)
		defer machine.Close()
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		var all [][]float64
		for _, n := range nodes {
			all = append(all, slices.Clone(n.Value().(*tensor.Dense).Float64s()))
		}
		return all
	}
	whole := grads(x, []int{0, 1, 2, 0})
	a, b := grads(x[:12], []int{0, 1}), grads(x[12:], []int{2, 0})
	for i := range whole {
		for j := range whole[i] {
			if want := (a[i][j] + b[i][j]) / 2; math.Abs(whole[i][j]-want) > 1e-12 {
				t.Fatalf("parameter %d, element %d: gradient of the batch is %v, mean of its halves %v", i, j, whole[i][j], want)
			}
		}
	}
}

// Training, evaluation and sampling graphs of one model run at the same time.
func TestConcurrentGraphs(t *testing.T) {
	m := mustModel(t, classic(), []int{128})
	x := batch(5, 128)
	modes := []models.Mode{models.Eval, models.Train, models.Sample}
	want := make([][]float32, len(modes))
	for i, mode := range modes {
		want[i] = forward(t, m, mode, x, 3)
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			mode := worker % len(modes)
			own := batch(5, 128)
			if got := forward(t, m, modes[mode], own, 3); !slices.Equal(got, want[mode]) {
				t.Errorf("%v gives other outputs in company than alone", modes[mode])
			}
		})
	}
	wg.Wait()
}
