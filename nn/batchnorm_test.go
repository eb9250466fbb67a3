package nn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func running(t testing.TB, dt tensor.Dtype, channels int) *nn.RunningStats {
	t.Helper()
	r, err := nn.NewRunningStats(dt, channels)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// batchNorm is BatchNorm with statistics of its own, of the type of x.
func batchNorm(t testing.TB, opts ...nn.BatchNormOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		dt := tensor.Float64
		if in[1].Dtype() == tensor.Float32 {
			dt = tensor.Float32
		}
		r := running(t, dt, in[1].Shape()[0])
		if dt == tensor.Float64 {
			copy(r.Mean.Float64s(), []float64{0.3, -0.2})
			copy(r.Variance.Float64s(), []float64{2, 0.5})
		} else {
			copy(r.Mean.Float32s(), []float32{0.3, -0.2})
			copy(r.Variance.Float32s(), []float32{2, 0.5})
		}
		return nn.BatchNorm(in[0], in[1], in[2], r, opts...)
	}
}

func TestBatchNorm(t *testing.T) {
	for name, opts := range map[string][]nn.BatchNormOption{
		"train": nil, "eval": {nn.WithRunningStatistics()}, "options": {nn.WithMomentum(0.5), nn.WithEpsilon(1e-2)},
		"negative step": {nn.WithBatchNormStep(gorgonia.NewConstant(int64(-1), gorgonia.WithName("step -1")))},
	} {
		for _, shape := range [][]int{{5, 2}, {3, 2, 4}, {2, 3, 3, 2}, {1, 2, 2, 2}} {
			t.Run(fmt.Sprint(name, shape), func(t *testing.T) {
				testkit.CheckFunction(t, batchNorm(t, opts...), shape, shape[1:2], shape[1:2])
			})
		}
	}
}

// trained is BatchNorm on a graph of its own, fed by the test.
type trained struct {
	machine gorgonia.VM
	x, y    *gorgonia.Node
	step    *ops.Step
}

func newTrained(t *testing.T, r *nn.RunningStats, shape []int, opts []nn.BatchNormOption, vm ...gorgonia.VMOpt) trained {
	t.Helper()
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("x"))
	gamma := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, shape[1]), gorgonia.WithName("gamma"))
	beta := gorgonia.NodeFromAny(g, tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(shape[1])), gorgonia.WithName("beta"))
	y, err := nn.BatchNorm(x, gamma, beta, r, opts...)
	if err != nil {
		t.Fatal(err)
	}
	step, _ := ops.FindStep(g)
	m := gorgonia.NewTapeMachine(g, vm...)
	t.Cleanup(func() { m.Close() })
	return trained{m, x, y, step}
}

func (b trained) feed(t *testing.T, x *tensor.Dense) []float64 {
	t.Helper()
	if err := gorgonia.Let(b.x, x); err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, b.machine)
	return testkit.Floats(t, b.y.Value())
}

// The running statistics follow the batches in training and are what counts in
// inference, in its three ways, which leave them alone.
func TestBatchNormRunningStatistics(t *testing.T) {
	r := running(t, tensor.Float64, 2)
	train := newTrained(t, r, []int{4, 2}, []nn.BatchNormOption{nn.WithMomentum(0.25)})
	mean, variance := []float64{0, 0}, []float64{1, 1}
	for i := range 3 {
		x := testkit.Wave(tensor.Float64, float64(i), 4, 2)
		train.feed(t, x)
		for c := range 2 {
			var m, v float64
			for n := range 4 {
				m += x.Float64s()[n*2+c] / 4
			}
			for n := range 4 {
				d := x.Float64s()[n*2+c] - m
				v += d * d / 3
			}
			mean[c] = 0.75*mean[c] + 0.25*m
			variance[c] = 0.75*variance[c] + 0.25*v
		}
		testkit.Near(t, "running mean", r.Mean.Float64s(), mean, 1e-12)
		testkit.Near(t, "running variance", r.Variance.Float64s(), variance, 1e-12)
	}

	x := testkit.Wave(tensor.Float64, 9, 4, 2)
	want := make([]float64, 8)
	for i, v := range x.Float64s() {
		want[i] = (v - mean[i%2]) / math.Sqrt(variance[i%2]+1e-5)
	}
	testkit.Near(t, "statistics of inference", newTrained(t, r, []int{4, 2}, []nn.BatchNormOption{nn.WithRunningStatistics()}).feed(t, x), want, 1e-12)
	testkit.Near(t, "EvalMode", newTrained(t, r, []int{4, 2}, nil, gorgonia.EvalMode()).feed(t, x), want, 1e-12)
	train.step.Set(-1)
	testkit.Near(t, "negative step", train.feed(t, x), want, 1e-12)
	// One example is enough for inference.
	testkit.Near(t, "one example", newTrained(t, r, []int{1, 2}, []nn.BatchNormOption{nn.WithRunningStatistics()}).feed(t, testkit.Wave(tensor.Float64, 9, 1, 2)), want[:2], 1e-12)
	testkit.Near(t, "running mean after inference", r.Mean.Float64s(), mean, 1e-12)
	testkit.Near(t, "running variance after inference", r.Variance.Float64s(), variance, 1e-12)

	// The machine that trains goes on with the statistics as they are, also when a
	// new one is made; the built-in starts from the beginning.
	train.step.Set(5)
	if slices.Equal(train.feed(t, x), want) {
		t.Error("training uses the running statistics")
	}
	newTrained(t, r, []int{4, 2}, nil)
	if r.Mean.Float64s()[0] == 0 {
		t.Error("a new machine forgets the running statistics")
	}
}

func TestBatchNormRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	three := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("three"))
	two := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("two"))
	good := running(t, tensor.Float64, 3)
	for _, tt := range []struct {
		x, gamma, beta *gorgonia.Node
		r              *nn.RunningStats
		opts           []nn.BatchNormOption
		want           string
	}{
		{nil, three, three, good, nil, "nn: BatchNorm: x must be a node of a graph, got none"},
		{three, three, three, good, nil, "nn: BatchNorm: x must have shape (N, C, ...), got (3)"},
		{x, two, three, good, nil, "nn: BatchNorm: gamma must have shape (3), one for each channel, got (2)"},
		{x, three, two, good, nil, "nn: BatchNorm: beta must have shape (3), one for each channel, got (2)"},
		{x, nil, three, good, nil, "nn: BatchNorm: gamma must be a node of a graph, got none"},
		{x, three, three, nil, nil, "nn: BatchNorm: running statistics must be there, got none"},
		{x, three, three, running(t, tensor.Float64, 2), nil, "nn: BatchNorm: running statistics must be of float64 and shape (3), got *tensor.Dense of float64 (2)"},
		{x, three, three, running(t, tensor.Float32, 3), nil, "nn: BatchNorm: running statistics must be of float64 and shape (3), got *tensor.Dense of float32 (3)"},
		{x, three, three, good, []nn.BatchNormOption{nn.WithMomentum(0)}, "nn: BatchNorm: momentum must be in (0, 1], got 0"},
		{x, three, three, good, []nn.BatchNormOption{nn.WithEpsilon(-1)}, "nn: BatchNorm: eps must be positive, got -1"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := nn.BatchNorm(tt.x, tt.gamma, tt.beta, tt.r, tt.opts...)
			testkit.Rejects(t, err, tt.want)
		})
	}
	_, err := nn.NewRunningStats(tensor.Float32, 0)
	testkit.Rejects(t, err, "nn: NewRunningStats: channels must be in [1, 2147483647], got 0")
	_, err = nn.NewRunningStats(tensor.Float32, math.MaxInt)
	testkit.Rejects(t, err, "nn: NewRunningStats: channels must be in [1, 2147483647]")
	_, err = nn.NewRunningStats(tensor.Int, 1)
	testkit.Rejects(t, err, "nn: NewRunningStats: dtype must be float32 or float64, got int")

	one := newTrained(t, running(t, tensor.Float64, 2), []int{1, 2}, nil)
	if err := gorgonia.Let(one.x, testkit.Wave(tensor.Float64, 0, 1, 2)); err != nil {
		t.Fatal(err)
	}
	testkit.Rejects(t, one.machine.RunAll(), "nn: BatchNorm: x must have more than one value for each channel to train, got shape (1, 2)")
}

// Two layers on one node are two, whatever they have in common.
func TestBatchNormHashes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	gamma := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("gamma"))
	a := gorgonia.Must(nn.BatchNorm(x, gamma, gamma, running(t, tensor.Float64, 3)))
	b := gorgonia.Must(nn.BatchNorm(x, gamma, gamma, running(t, tensor.Float64, 3)))
	if a == b {
		t.Error("two batch normalizations are one node")
	}
	a = gorgonia.Must(nn.LayerNorm(x, gamma, gamma, 1e-5))
	b = gorgonia.Must(nn.LayerNorm(x, gamma, gamma, 1e-6))
	if a == b {
		t.Error("two layer normalizations are one node")
	}
}

func BenchmarkBatchNorm(b *testing.B) {
	for _, shape := range []tensor.Shape{{128, 1024}, {128, 32, 14, 14}} {
		b.Run(fmt.Sprint(shape), func(b *testing.B) {
			g := gorgonia.NewGraph()
			node := func(name string, v *tensor.Dense) *gorgonia.Node {
				return gorgonia.NodeFromAny(g, v, gorgonia.WithName(name))
			}
			channels := shape[1]
			x := node("x", testkit.Wave(tensor.Float32, 0, shape...))
			gamma, beta := node("gamma", tensor.Ones(tensor.Float32, channels)), node("beta", testkit.Wave(tensor.Float32, 1, channels))
			y, err := nn.BatchNorm(x, gamma, beta, running(b, tensor.Float32, channels))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x, gamma, beta); err != nil {
				b.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			defer m.Close()
			b.ReportAllocs()
			for b.Loop() {
				testkit.Run(b, m)
			}
		})
	}
}
