package ops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A variant is one dropout of the family, as the rules see it. docs/rules.md
// says which rule has which exception, and why.
type variant struct {
	name  string
	shape []int // of the x that the rules try
	build func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error)

	noise    bool                    // multiplies by noise, and so drops nothing for good
	finite   bool                    // p = 1 is not one of its rates
	dropped  func(p float64) float64 // the dropped constant; nil: +0
	selfNorm bool                    // keeps mean 0 and variance 1, instead of any mean
	average  bool                    // keeps the mean of all elements, not that of each
	logit    bool                    // takes its rate from a parameter
	bias     float64                 // by how much the mean may be off, relatively
}

// variants is the table of all that the rules are tried on.
var variants = []variant{
	{name: "Dropout", shape: []int{9, 7}, build: ops.Dropout},
	{name: "Dropout noise shape", shape: []int{3, 5, 4}, build: with(ops.Dropout, ops.WithNoiseShape(3, 1, -1))},
	{name: "Dropout broadcast", shape: []int{3, 5, 4}, build: with(ops.Dropout, ops.WithBroadcastAxes(1))},
	{name: "Dropout1d", shape: []int{4, 6, 3}, build: ops.Dropout1d},
	{name: "Dropout2d", shape: []int{3, 7, 2, 3}, build: ops.Dropout2d},
	{name: "Dropout3d", shape: []int{3, 5, 2, 2, 2}, build: ops.Dropout3d},
	{name: "AlphaDropout", shape: []int{8, 8}, build: ops.AlphaDropout, dropped: alphaDropped, selfNorm: true},
	{name: "FeatureAlphaDropout", shape: []int{4, 6, 2, 2}, build: ops.FeatureAlphaDropout, dropped: alphaDropped, selfNorm: true},
	{name: "GaussianDropout", shape: []int{9, 7}, build: ops.GaussianDropout, noise: true, finite: true},
	{name: "GaussianDropout broadcast", shape: []int{6, 4, 3}, build: with(ops.GaussianDropout, ops.WithBroadcastAxes(1)), noise: true, finite: true},
	{name: "DropBlock2d", shape: []int{2, 3, 6, 5}, build: dropBlock(3), average: true},
	{name: "DropBlock2d shared", shape: []int{3, 2, 6, 5}, build: with(dropBlock(2), ops.WithBroadcastAxes(1)), average: true},
	{name: "DropPath", shape: []int{12, 3, 2}, build: ops.DropPath},
	{name: "Batchwise", shape: []int{3, 21}, build: ops.Batchwise},
	{name: "ExactK", shape: []int{3, 20}, build: ops.ExactK},
	{name: "ExactK channels", shape: []int{2, 10, 2, 2}, build: with(ops.ExactK, ops.WithBroadcastAxes(2, 3))},
	{name: "DropConnect", shape: []int{7, 9}, build: ops.DropConnect},
	{name: "WeightDrop", shape: []int{7, 9}, build: func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		ws, err := ops.WeightDrop([]*gorgonia.Node{x}, p, opts...)
		if err != nil {
			return nil, err
		}
		return ws[0], nil
	}},
	{name: "Shakeout", shape: []int{9, 7}, build: shakeout, dropped: func(float64) float64 { return -shakeoutC }, noise: true, finite: true},
	{name: "ConcreteDropout", shape: []int{9, 7}, build: concrete, noise: true, finite: true, logit: true, bias: 0.02},
	{name: "LockedDropout", shape: []int{5, 3, 6}, build: locked(1)},
	{name: "LockedDropout time first", shape: []int{3, 5, 6}, build: locked(0)},
	{name: "EmbeddingDropout", shape: []int{30, 3}, build: ops.EmbeddingDropout},
	{name: "TokenDropout", shape: []int{5, 7, 3}, build: ops.TokenDropout},
	{name: "AttentionDropout", shape: []int{2, 2, 3, 5}, build: ops.AttentionDropout},
}

func with(f func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error), more ...ops.Option) func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return f(x, p, append(slices.Clone(opts), more...)...)
	}
}

func dropBlock(side int) func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error) {
	return func(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.DropBlock2d(x, p, side, opts...)
	}
}

func concrete(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
	dt, _ := x.Type().(tensor.Dtype)
	if t, ok := x.Type().(gorgonia.TensorType); ok {
		dt, _ = t.Of.(tensor.Dtype)
	}
	name := gorgonia.WithName(fmt.Sprintf("logit of %v", p))
	value := logitValue(dt, p)
	logit := gorgonia.NewScalar(x.Graph(), dt, name, gorgonia.WithValue(value))
	own := make([]ops.ConcreteOption, len(opts))
	for i, o := range opts {
		own[i] = o.(ops.ConcreteOption) // the rules give it no others
	}
	return ops.ConcreteDropout(x, logit, own...)
}

func logitValue(dt tensor.Dtype, p float64) gorgonia.Value {
	if dt == tensor.Float32 {
		return gorgonia.NewF32(float32(ops.Logit(p)))
	}
	return gorgonia.NewF64(ops.Logit(p))
}

func alphaDropped(p float64) float64 {
	const alpha = -1.7580993408473766
	q := math.Round(p*65536) / 65536
	return alpha * (1 - q) / math.Sqrt((1-q)*(1+q*alpha*alpha))
}

// A reject is a call that a dropout must refuse, and why.
type reject struct {
	name  string // of the op
	build func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)
	shape []int // of x
	opts  []ops.Option
	want  string
}

// checkRejects builds each and wants the error that it names.
func checkRejects(t *testing.T, rejects ...reject) {
	t.Helper()
	for _, r := range rejects {
		t.Run(fmt.Sprintf("%s of %v: %s", r.name, r.shape, r.want), func(t *testing.T) {
			g := gorgonia.NewGraph()
			x := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("scalar"))
			if len(r.shape) > 0 {
				x = gorgonia.NewTensor(g, tensor.Float64, len(r.shape), gorgonia.WithShape(r.shape...), gorgonia.WithName("x"))
			}
			_, err := r.build(x, 0.5, r.opts...)
			if want := "ops: " + r.name + ": " + r.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s of %v: want error %q, got %v", r.name, r.shape, want, err)
			}
		})
	}
}

// eachVariant runs a rule on every variant that it does not skip.
func eachVariant(t *testing.T, skip func(v variant) bool, rule func(t *testing.T, v variant)) {
	t.Helper()
	for _, v := range variants {
		if skip == nil || !skip(v) {
			t.Run(v.name, func(t *testing.T) { rule(t, v) })
		}
	}
}

// trial is a variant's op on x, apart from any machine.
type trial struct {
	t *testing.T
	v variant
	p float64
	y *gorgonia.Node
}

func (v variant) try(t *testing.T, x *tensor.Dense, p float64, opts ...ops.Option) trial {
	t.Helper()
	g := gorgonia.NewGraph()
	in := gorgonia.NewTensor(g, x.Dtype(), x.Dims(), gorgonia.WithShape(x.Shape()...), gorgonia.WithName("x"))
	y, err := v.build(in, p, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return trial{t, v, p, y}
}

func (tr trial) at(step int64, x gorgonia.Value) []float64 {
	tr.t.Helper()
	s := gorgonia.I64(step)
	in := []gorgonia.Value{x, &s}
	if tr.v.logit {
		in = []gorgonia.Value{x, logitValue(x.Dtype(), tr.p), &s}
	}
	y, err := tr.y.Op().Do(in...)
	if err != nil {
		tr.t.Fatal(err)
	}
	return testkit.Floats(tr.t, y)
}

// odd returns a tensor with all that is hard to copy: both zeros, NaN,
// infinities, the smallest and the largest number.
func odd(dt tensor.Dtype, shape ...int) *tensor.Dense {
	x := testkit.Ramp(dt, shape...)
	for i := range x.DataSize() {
		v := []float64{math.Copysign(0, -1), 0, math.NaN(), math.Inf(1), math.Inf(-1), 1e-45, 3e38, 1}[i%8]
		if dt == tensor.Float32 {
			x.Float32s()[i] = float32(v)
		} else {
			x.Float64s()[i] = v
		}
	}
	return x
}

// gradient runs a graph that sums the products of a variant's output with
// weights 1, 2, 3, ... once at each of some steps, and calls f with the output
// and the gradient of x.
func (v variant) gradient(t *testing.T, x *tensor.Dense, p float64, steps []int64, f func(step int64, y, dx []float64), opts ...ops.Option) {
	t.Helper()
	g := gorgonia.NewGraph()
	in := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
	y, err := v.build(in, p, opts...)
	if err != nil {
		t.Fatal(err)
	}
	weights := gorgonia.NewConstant(testkit.Ramp(x.Dtype(), x.Shape()...))
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, weights))))
	grads, err := gorgonia.Grad(cost, in)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	for _, step := range steps {
		ops.StepOf(g).Set(step)
		testkit.Run(t, m)
		f(step, testkit.Floats(t, y.Value()), testkit.Floats(t, grads[0].Value()))
	}
}
