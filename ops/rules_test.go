package ops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
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

func TestRuleIdentityAtZero(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			for _, p := range []float64{0, 1e-9} {
				if p > 0 && v.noise {
					continue
				}
				x := odd(dt, v.shape...)
				if got := v.try(t, x, p).at(3, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
					t.Errorf("%v, p=%v: x must pass unchanged, got %v", dt, p, got)
				}
				v.gradient(t, testkit.Ramp(dt, v.shape...), p, []int64{0, 1}, func(_ int64, _, dx []float64) {
					if want := testkit.Floats(t, testkit.Ramp(dt, v.shape...)); !testkit.SameBits(dx, want) {
						t.Errorf("%v, p=%v: gradient must pass unchanged, got %v", dt, p, dx)
					}
				})
			}
		}
	})
}

func TestRuleZeroAtOne(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.finite }, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			for _, p := range []float64{1, 1 - 1e-9} {
				if v.average && p < 1 {
					continue // the corners of blocks are not everywhere
				}
				x := odd(dt, v.shape...)
				zeros := make([]float64, x.DataSize())
				if got := v.try(t, x, p).at(3, x); !testkit.SameBits(got, zeros) {
					t.Errorf("%v, p=%v: everything must be +0, got %v", dt, p, got)
				}
				v.gradient(t, testkit.Ramp(dt, v.shape...), p, []int64{0, 1}, func(_ int64, _, dx []float64) {
					if !testkit.SameBits(dx, zeros) {
						t.Errorf("%v, p=%v: gradient must be +0, got %v", dt, p, dx)
					}
				})
			}
		}
	})
}

func TestRuleInvalidRate(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.logit }, func(t *testing.T, v variant) {
		invalid := []float64{1.5, -0.1, math.NaN(), math.Inf(1), math.Inf(-1)}
		if v.finite {
			invalid = append(invalid, 1)
		}
		name, _, _ := strings.Cut(v.name, " ")
		for _, p := range invalid {
			g := gorgonia.NewGraph()
			x := gorgonia.NewTensor(g, tensor.Float64, len(v.shape), gorgonia.WithShape(v.shape...), gorgonia.WithName("x"))
			want := fmt.Sprintf("ops: %s: p must be in [0, 1", name)
			for _, opts := range [][]ops.Option{nil, {ops.WithMode(ops.Inference)}} {
				if _, err := v.build(x, p, opts...); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), fmt.Sprint("got ", p)) {
					t.Errorf("p=%v: want error %q, got %v", p, want, err)
				}
			}
			if _, err := v.build(x, 0, ops.WithRate(schedule.Constant(p))); err == nil || !strings.HasPrefix(err.Error(), "ops: "+name+": ") {
				t.Errorf("constant rate %v: want an error at construction, got %v", p, err)
			}
			// A rate that goes wrong later is an error of the run.
			late := v.try(t, testkit.Ones(tensor.Float64, v.shape...), 0.5, ops.WithRate(later(p)))
			x64, step := testkit.Ones(tensor.Float64, v.shape...), gorgonia.I64(5)
			if _, err := late.y.Op().Do(x64, &step); err == nil || !strings.HasPrefix(err.Error(), "ops: "+name+": rate at step 5: p must be in [0, 1") {
				t.Errorf("rate %v at step 5: want an error of the run, got %v", p, err)
			}
			if step = -1; true {
				if _, err := late.y.Op().Do(x64, &step); err != nil {
					t.Errorf("the rate must not matter at inference, got %v", err)
				}
			}
		}
	})
}

// later is a rate that is 0 at first.
type later float64

func (l later) At(step int64) float64 {
	if step == 0 {
		return 0
	}
	return float64(l)
}
func (l later) String() string { return fmt.Sprint(float64(l)) }

// What is dropped is the dropped constant, whatever it was; what is kept stays
// what it was, scaled.
func TestRuleNonFinite(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			kept, lost := 0, 0
			for _, step := range []int64{0, 1, 2, 3, 4, 5} {
				constant := 0.0
				if v.dropped != nil {
					constant = v.dropped(0.4)
					if dt == tensor.Float32 {
						constant = float64(float32(constant))
					}
				}
				reference := v.try(t, testkit.Ramp(dt, v.shape...), 0.4).at(step, testkit.Ramp(dt, v.shape...))
				x := odd(dt, v.shape...)
				before := testkit.Floats(t, x)
				for i, y := range v.try(t, x, 0.4).at(step, x) {
					switch isDropped := math.Abs(reference[i]-constant) < 1e-6; {
					case isDropped && !v.noise:
						lost++
						if math.Abs(y-constant) > 1e-12 || constant == 0 && math.Float64bits(y) != 0 {
							t.Errorf("%v, element %d, %v: dropped must be %v, got %v", dt, i, before[i], constant, y)
						}
					case math.IsNaN(before[i]):
						kept++
						if !math.IsNaN(y) {
							t.Errorf("%v, element %d: kept NaN must stay, got %v", dt, i, y)
						}
					case math.IsInf(before[i], 0) && !(v.noise && reference[i] < 1e-3):
						kept++
						if y != before[i] {
							t.Errorf("%v, element %d: kept %v must stay, got %v", dt, i, before[i], y)
						}
					}
				}
			}
			if kept == 0 || lost == 0 && !v.noise {
				t.Errorf("%v: %d kept and %d lost elements tested, want both", dt, kept, lost)
			}
		}
	})
}

func TestRuleEvalIsIdentity(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			x := odd(dt, v.shape...)
			if got := v.try(t, x, 0.5).at(-1, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
				t.Errorf("%v: a negative step must pass x unchanged, got %v", dt, got)
			}
			if got := v.try(t, x, 0.5, ops.WithMode(ops.Inference)).at(3, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
				t.Errorf("%v: Inference must pass x unchanged, got %v", dt, got)
			}
			x = testkit.Ramp(dt, v.shape...)
			if v.try(t, x, 0.5, ops.WithMode(ops.Sampling)).at(-1, x); testkit.SameBits(v.try(t, x, 0.5, ops.WithMode(ops.Sampling)).at(-1, x), testkit.Floats(t, x)) {
				t.Errorf("%v: Sampling must drop at any step", dt)
			}
			v.gradient(t, x, 0.5, []int64{-1, -7}, func(_ int64, _, dx []float64) {
				if !testkit.SameBits(dx, testkit.Floats(t, testkit.Ramp(dt, v.shape...))) {
					t.Errorf("%v: gradient must pass unchanged at a negative step, got %v", dt, dx)
				}
			})
		}
	})
}

// One graph under a machine that trains and one that evaluates, in turn: output
// and gradient switch together.
func TestRuleTrainEvalSwitch(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, v.shape...), gorgonia.WithName("x"))
		y := gorgonia.Must(v.build(x, 0.5))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			t.Fatal(err)
		}
		flat := testkit.Floats(t, testkit.Ones(tensor.Float64, v.shape...))
		for i := range 6 {
			eval := i%2 == 1
			var m gorgonia.VM
			if eval {
				m = gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
			} else {
				m = gorgonia.NewTapeMachine(g)
			}
			ops.StepOf(g).Set(int64(i))
			testkit.Run(t, m)
			if got := testkit.SameBits(testkit.Floats(t, y.Value()), testkit.Floats(t, x.Value())); got != eval {
				t.Errorf("machine %d: output is x: %v, want %v", i, got, eval)
			}
			if got := testkit.SameBits(testkit.Floats(t, grads[0].Value()), flat); got != eval {
				t.Errorf("machine %d: gradient passes unchanged: %v, want %v", i, got, eval)
			}
			m.Close()
		}
	})
}

// The mask depends on neither the type nor the strides of x.
func TestRuleTypeAndStrides(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		x32, x64 := testkit.Ramp(tensor.Float32, v.shape...), testkit.Ramp(tensor.Float64, v.shape...)
		y64 := v.try(t, x64, 0.5).at(2, x64)
		for i, y := range v.try(t, x32, 0.5).at(2, x32) {
			if math.Abs(y-y64[i]) > 4e-7*max(1, math.Abs(y64[i])) {
				t.Errorf("element %d: float64 gives %v, float32 %v", i, y64[i], y)
			}
		}
		// The same logical tensor, laid out backwards.
		reversed, axes := slices.Clone(v.shape), make([]int, len(v.shape))
		slices.Reverse(reversed)
		for i := range axes {
			axes[i] = len(axes) - 1 - i
		}
		strided := testkit.Ramp(tensor.Float64, reversed...)
		if err := strided.T(axes...); err != nil {
			t.Fatal(err)
		}
		flat := tensor.New(tensor.WithShape(v.shape...), tensor.WithBacking(testkit.Floats(t, strided)))
		if got, want := v.try(t, x64, 0.5).at(2, strided), v.try(t, x64, 0.5).at(2, flat); !testkit.SameBits(got, want) {
			t.Errorf("strided: want %v, got %v", want, got)
		}
	})
}

// The mean of what is x = 1 everywhere stays 1, for each element and over all,
// within five standard errors of 2000 steps; alpha dropout keeps mean 0 and
// variance 1.
func TestRuleExpectation(t *testing.T) {
	const steps = 2000
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, p := range []float64{0.1, 0.5, 0.75} {
			x := testkit.Ones(tensor.Float64, v.shape...)
			n := x.DataSize()
			if v.selfNorm {
				for i := range n {
					x.Float64s()[i] = float64(i%2*2 - 1)
				}
			}
			tr := v.try(t, x, p)
			var mean, variance moments
			element := make([]moments, n)
			for step := range int64(steps) {
				var sum, squares float64
				for i, y := range tr.at(step, x) {
					sum += y
					squares += y * y
					element[i].add(y)
				}
				mean.add(sum / float64(n))
				variance.add(squares / float64(n))
			}
			switch {
			case v.selfNorm:
				mean.check(t, fmt.Sprintf("p=%v: mean", p), 0, 5, 1e-9)
				variance.check(t, fmt.Sprintf("p=%v: variance", p), 1, 5, 1e-9)
			default:
				mean.check(t, fmt.Sprintf("p=%v: mean", p), 1, 5, 1e-9+v.bias)
				for i := range element {
					if !v.average {
						element[i].check(t, fmt.Sprintf("p=%v: mean of element %d", p, i), 1, 5.5, 1e-9+v.bias)
					}
				}
			}
		}
	})
}

// moments gathers a mean and its standard error.
type moments struct{ n, sum, squares float64 }

func (m *moments) add(x float64) { m.n++; m.sum += x; m.squares += x * x }

// check reports a mean that is not within errs standard errors, plus slack, of
// want.
func (m *moments) check(t *testing.T, what string, want, errs, slack float64) {
	t.Helper()
	mean := m.sum / m.n
	se := math.Sqrt(max(m.squares/m.n-mean*mean, 0) / m.n)
	if !(math.Abs(mean-want) <= errs*se+slack) {
		t.Errorf("%s must be %v within %v, got %v", what, want, errs*se+slack, mean)
	}
}

func TestRuleGradients(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		rates := []float64{0, 0.2, 0.5, 0.8, 1}
		if v.finite {
			rates = rates[:4]
		}
		for _, p := range rates {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				y, err := v.build(in[0], p, ops.WithFixedStep(3), ops.WithSeed(2))
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(y)
			}, 1e-6, testkit.Ramp(tensor.Float64, v.shape...))
			if err != nil {
				t.Errorf("p=%v: %v", p, err)
			}
		}
	})
}

// The square of the gradient of Sum(y^3), differentiated again; the first
// gradient is built from SymDiff because Gorgonia keeps one derivative for each
// node. ConcreteDropout has a test of its own, in both inputs.
func TestRuleSecondDerivative(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.logit }, func(t *testing.T, v variant) {
		x := testkit.Ramp(tensor.Float64, v.shape...)
		for i := range x.Float64s() {
			x.Float64s()[i] = math.Sin(float64(i + 1))
		}
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			step := gorgonia.NewConstant(int64(3), gorgonia.WithName("the step"))
			y, err := v.build(in[0], 0.5, ops.WithStep(step), ops.WithSeed(1))
			if err != nil {
				return nil, err
			}
			three := gorgonia.NewConstant(3.0)
			dy := gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Square(y)), three))
			dx, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], step}, y, dy)
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(dx[0])
		}, 1e-6, x)
		if err != nil {
			t.Error(err)
		}
	})
}

// A plain sum lets the machine run the backward op first; it must draw the mask
// of the forward op all the same.
func TestRuleBackwardSharesTheMask(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ones(tensor.Float64, v.shape...), gorgonia.WithName("x"))
		y := gorgonia.Must(v.build(x, 0.5))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		for range 8 {
			testkit.Run(t, m)
			out, grad := testkit.Floats(t, y.Value()), testkit.Floats(t, grads[0].Value())
			if v.dropped == nil && !testkit.SameBits(out, grad) {
				t.Fatalf("gradient must be %v, got %v", out, grad)
			}
			for i := range out {
				if isDropped := v.dropped != nil && math.Abs(out[i]-v.dropped(0.5)) < 1e-9; isDropped && grad[i] != 0 || v.dropped != nil && !isDropped && grad[i] == 0 {
					t.Fatalf("element %d is %v and its gradient %v", i, out[i], grad[i])
				}
			}
		}
	})
}

func TestRuleLispMachine(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			build := func() (g *gorgonia.ExprGraph, x *gorgonia.Node) {
				g = gorgonia.NewGraph()
				x = gorgonia.NodeFromAny(g, testkit.Ramp(dt, v.shape...), gorgonia.WithName("x"))
				y := gorgonia.Must(v.build(x, 0.5))
				// x is used twice, so that its gradients add up.
				gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Add(y, x))))
				return g, x
			}
			g, x := build()
			grads, err := gorgonia.Grad(g.Roots()[0], x)
			if err != nil {
				t.Fatal(err)
			}
			tape := gorgonia.NewTapeMachine(g)
			testkit.Run(t, tape)
			want := testkit.Floats(t, grads[0].Value())
			tape.Close()
			g, x = build()
			lisp := gorgonia.NewLispMachine(g)
			if err := lisp.RunAll(); err != nil {
				t.Fatal(err)
			}
			grad, err := x.Grad()
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range testkit.Floats(t, grad) {
				if math.Abs(got-want[i]) > 1e-6*max(1, math.Abs(want[i])) {
					t.Errorf("%v, element %d: gradient must be %v, got %v", dt, i, want[i], got)
				}
			}
			lisp.Close()
		}
	})
}

// Everything that distinguishes two dropouts is in their hash.
func TestRuleHashes(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		g := gorgonia.NewGraph()
		x := gorgonia.NewTensor(g, tensor.Float64, len(v.shape), gorgonia.WithShape(v.shape...), gorgonia.WithName("x"))
		seen := make(map[uint32]string)
		count := 0
		add := func(p float64, opts ...ops.Option) {
			n := gorgonia.Must(v.build(x, p, opts...))
			if before, ok := seen[n.Hashcode()]; ok {
				t.Errorf("%s and %s have one hash", before, n.Op())
			}
			seen[n.Hashcode()] = n.Op().String()
			count++
		}
		for _, p := range []float64{0.2, 0.5} {
			add(p)
			add(p)
			add(p, ops.WithLayer(70))
			add(p, ops.WithLayer(70), ops.WithSeed(1))
			add(p, ops.WithLayer(70), ops.WithMode(ops.Sampling))
			add(p, ops.WithLayer(70), ops.WithMode(ops.Inference))
		}
		if !v.logit {
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Early{P: 0.2, Cutoff: 10}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Late{P: 0.2, Cutoff: 10}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Late{P: 0.2, Cutoff: 11}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Linear{From: 0.2, End: 10}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Curriculum{P: 0.2, Gamma: 10}))
			rate := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("rate"))
			add(0, ops.WithLayer(70), ops.WithRateNode(rate))
		}
		if len(seen) != count {
			t.Errorf("%d dropouts became %d", count, len(seen))
		}
	})
	// And one variant is never another.
	seen := make(map[string]string)
	for _, v := range variants {
		g := gorgonia.NewGraph()
		x := gorgonia.NewTensor(g, tensor.Float64, len(v.shape), gorgonia.WithShape(v.shape...), gorgonia.WithName("x"))
		op := gorgonia.Must(v.build(x, 0.5)).Op().String()
		if before, ok := seen[op]; ok && !strings.HasPrefix(v.name, strings.Fields(before)[0]) {
			t.Errorf("%s and %s are both %s", before, v.name, op)
		}
		seen[op] = v.name
	}
}

// Machines over graphs of their own run side by side, and the same graph built
// again draws the same masks.
func TestRuleConcurrentMachines(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		x := testkit.Ramp(tensor.Float64, v.shape...)
		type model struct {
			m       gorgonia.VM
			y, grad *gorgonia.Node
		}
		build := func() model {
			g := gorgonia.NewGraph()
			in := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
			y := gorgonia.Must(v.build(in, 0.5, ops.WithSeed(3)))
			grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), in)
			if err != nil {
				t.Fatal(err)
			}
			return model{gorgonia.NewTapeMachine(g), y, grads[0]}
		}
		const machines, steps = 3, 6
		var want [steps][2][]float64
		alone := build()
		for i := range want {
			testkit.Run(t, alone.m)
			want[i] = [2][]float64{testkit.Floats(t, alone.y.Value()), testkit.Floats(t, alone.grad.Value())}
		}
		var wg sync.WaitGroup
		errs := make(chan error, machines)
		for range machines {
			mo := build()
			wg.Go(func() {
				for i := range want {
					mo.m.Reset()
					if err := mo.m.RunAll(); err != nil {
						errs <- err
						return
					}
					if !testkit.SameBits(mo.y.Value().(*tensor.Dense).Float64s(), want[i][0]) ||
						!testkit.SameBits(mo.grad.Value().(*tensor.Dense).Float64s(), want[i][1]) {
						errs <- fmt.Errorf("step %d differs from the machine alone", i)
						return
					}
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
	})
}

// The masks of the next layer, the next seed and the next step are uncorrelated
// with a layer's own, within five standard errors of 2000 steps.
func TestRuleIndependence(t *testing.T) {
	const steps = 2000
	eachVariant(t, nil, func(t *testing.T, v variant) {
		x := testkit.Ones(tensor.Float64, v.shape...)
		draw := func(first int64, opts ...ops.Option) [][]float64 {
			tr := v.try(t, x, 0.5, opts...)
			masks := make([][]float64, steps)
			mean := make([]float64, x.DataSize())
			for s := range masks {
				masks[s] = tr.at(first+int64(s), x)
				for i, y := range masks[s] {
					mean[i] += y / steps
				}
			}
			for _, m := range masks {
				for i := range m {
					m[i] -= mean[i]
				}
			}
			return masks
		}
		base := draw(0, ops.WithLayer(1))
		for name, other := range map[string][][]float64{
			"the next layer": draw(0, ops.WithLayer(2)),
			"the next seed":  draw(0, ops.WithLayer(1), ops.WithSeed(1)),
			"the next step":  draw(1, ops.WithLayer(1)),
		} {
			var product moments
			for s, m := range base {
				var sum float64
				for i := range m {
					sum += m[i] * other[s][i]
				}
				product.add(sum)
			}
			product.check(t, "covariance with "+name, 0, 5, 1e-9)
		}
	})
}

// A rate may change from step to step, by schedule or by a node, and nothing is
// rebuilt: each step is what a dropout of that constant rate does.
func TestRuleRates(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.logit }, func(t *testing.T, v variant) {
		schedule := schedule.Linear{From: 0, To: 0.75, Start: 1, End: 4}
		want := func(step int64) []float64 {
			x := testkit.Ramp(tensor.Float64, v.shape...)
			return v.try(t, x, schedule.At(step)).at(step, x)
		}
		steps := []int64{0, 1, 2, 3, 4, 5, 2, -1}
		v.gradient(t, testkit.Ramp(tensor.Float64, v.shape...), 0, steps, func(step int64, y, _ []float64) {
			if !testkit.SameBits(y, want(step)) {
				t.Errorf("schedule, step %d: want %v, got %v", step, want(step), y)
			}
		}, ops.WithRate(schedule))

		for _, dt := range testkit.Dtypes {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, v.shape...), gorgonia.WithName("x"))
			rate := gorgonia.NewScalar(g, dt, gorgonia.WithName("rate"))
			y := gorgonia.Must(v.build(x, 0, ops.WithRateNode(rate)))
			grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
			if err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			for _, step := range steps {
				if step == 0 {
					continue
				}
				// The rates of the schedule are exact in float32 too.
				if dt == tensor.Float32 {
					err = gorgonia.Let(rate, float32(schedule.At(step)))
				} else {
					err = gorgonia.Let(rate, schedule.At(step))
				}
				if err != nil {
					t.Fatal(err)
				}
				ops.StepOf(g).Set(step)
				testkit.Run(t, m)
				if got := testkit.Floats(t, y.Value()); !testkit.SameBits(got, want(step)) {
					t.Errorf("%v node, step %d: want %v, got %v", dt, step, want(step), got)
				}
				in := testkit.Ones(tensor.Float64, v.shape...)
				if got := testkit.Floats(t, grads[0].Value()); v.dropped == nil && !testkit.SameBits(got, v.try(t, in, schedule.At(step)).at(step, in)) {
					t.Errorf("%v node, step %d: gradient is %v", dt, step, got)
				}
			}
			name, _, _ := strings.Cut(v.name, " ")
			if dt == tensor.Float64 {
				if err := gorgonia.Let(rate, 1.5); err != nil {
					t.Fatal(err)
				}
				ops.StepOf(g).Set(9)
				m.Reset()
				if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "ops: "+name+": rate at step 9: p must be in [0, 1") {
					t.Errorf("rate 1.5: want an error of the run, got %v", err)
				}
			}
			m.Close()
		}
	})
}

// The identity must copy: a later op may overwrite what it is given. Memory that
// fits is used, whatever it held.
func TestRuleMemory(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, opts := range [][]ops.Option{nil, {ops.WithMode(ops.Inference)}} {
			x := testkit.Ramp(tensor.Float64, v.shape...)
			tr := v.try(t, x, 0.5, opts...)
			want := tr.at(0, x)
			step := gorgonia.I64(0)
			in := []gorgonia.Value{x, &step}
			if v.logit {
				in = []gorgonia.Value{x, gorgonia.NewF64(ops.Logit(0.5)), &step}
			}
			fits := odd(tensor.Float64, v.shape...)
			got, err := tr.y.Op().(gorgonia.UsePreallocDoer).UsePreallocDo(fits, in...)
			if err != nil {
				t.Fatal(err)
			}
			if got != gorgonia.Value(fits) || !testkit.SameBits(testkit.Floats(t, got), want) {
				t.Errorf("want %v in the memory given, got %v", want, got)
			}
			y, err := tr.y.Op().Do(in...)
			if err != nil {
				t.Fatal(err)
			}
			y.(*tensor.Dense).Float64s()[0] = 99
			if x.Float64s()[0] != 1 {
				t.Error("writing to the output changed the input")
			}
			for _, bad := range [][]gorgonia.Value{
				nil, {x}, {nil, in[1]}, append(slices.Clone(in), &step), {gorgonia.NewI(1), in[1]},
				append(slices.Clone(in[:len(in)-1]), gorgonia.NewF64(1)),
			} {
				if _, err := tr.y.Op().Do(bad...); err == nil || !strings.HasPrefix(err.Error(), "ops: ") {
					t.Errorf("Do(%v): want an error, got %v", bad, err)
				}
			}
		}
	})
}
