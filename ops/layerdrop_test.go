package ops_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// In training a block is skipped for the whole batch or not at all; at inference,
// here at step -1, it never is.
func ExampleLayerDrop() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	block := gorgonia.Must(gorgonia.Add(x, gorgonia.Must(gorgonia.Square(x)))) // x + f(x)
	y := gorgonia.Must(ops.LayerDrop(x, block, 0.5, ops.WithSeed(2)))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for _, step := range []int64{0, 1, 2, 3, -1} {
		ops.StepOf(g).Set(step)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(step, y.Value().Data())
		machine.Reset()
	}
	// Output:
	// 0 [1 2 3 4]
	// 1 [1 2 3 4]
	// 2 [2 6 12 20]
	// 3 [2 6 12 20]
	// -1 [2 6 12 20]
}

// layerDrop applies the op to values apart from any machine.
func layerDrop(t testing.TB, x, y *tensor.Dense, p float64, step int64, opts ...ops.FusedOption) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	node := func(v *tensor.Dense, name string) *gorgonia.Node {
		return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name))
	}
	n, err := ops.LayerDrop(node(x, "x"), node(y, "y"), p, opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := gorgonia.I64(step)
	v, err := n.Op().Do(x, y, &s)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Floats(t, v)
}

// All is x where the mask drops and y elsewhere, bit for bit, whatever the other
// holds; at inference y.
func TestLayerDropIsTheMask(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(rt, "shape")
		p, seed, step := rapid.Float64Range(0, 1).Draw(rt, "p"), rapid.Uint64().Draw(rt, "seed"), rapid.Int64Range(-3, 1<<40).Draw(rt, "step")
		dt := rapid.SampledFrom(testkit.Dtypes).Draw(rt, "type")
		x, y := odd(dt, shape...), testkit.Ramp(dt, shape...)
		if rapid.Bool().Draw(rt, "turned") {
			x, y = y, x
		}
		want := y
		if step >= 0 {
			kept, err := ops.MaskAt(seed, 3, step, []int{1}, p)
			if err != nil {
				rt.Fatal(err)
			}
			if !kept[0] {
				want = x
			}
		}
		at := ops.WithStream(ops.WithSeed(seed), ops.WithLayer(3))
		if got := layerDrop(t, x, y, p, step, at); !testkit.SameBits(got, testkit.Floats(t, want)) {
			rt.Fatalf("want %v, got %v", want.Data(), got)
		}
		if got := layerDrop(t, x, y, p, step, at, ops.WithMode(ops.Eval)); !testkit.SameBits(got, testkit.Floats(t, y)) {
			rt.Fatalf("Eval: want %v, got %v", y.Data(), got)
		}
	})
}

func TestLayerDropStatistics(t *testing.T) {
	zero, one := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(3, 2)), testkit.Ones(tensor.Float64, 3, 2)
	var rate, both moments
	for step := range int64(4000) {
		a := layerDrop(t, one, zero, 0.2, step)
		b := layerDrop(t, one, zero, 0.2, step, ops.WithLayer(2))
		if slices.Min(a) != slices.Max(a) {
			t.Fatalf("step %d: want one draw for the batch, got %v", step, a)
		}
		rate.add(a[0])
		both.add(a[0] * b[0])
	}
	rate.check(t, "rate of a block", 0.2, 5.5, 0)
	both.check(t, "rate of two blocks at once", 0.04, 5.5, 0)
	for p, want := range map[float64]float64{0: 0, 1e-9: 0, 1: 1, 1 - 1e-9: 1} {
		if got := layerDrop(t, one, zero, p, 3); got[0] != want {
			t.Errorf("p = %v: want %v, got %v", p, want, got[0])
		}
	}
}

// The gradient goes to what was taken; some of the steps skip the block.
func TestLayerDropGradients(t *testing.T) {
	taken := make(map[float64]bool)
	for _, mode := range []ops.Mode{ops.Train, ops.Sample, ops.Eval} {
		for step := range int64(4) {
			build := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				y, err := ops.LayerDrop(in[0], in[1], 0.5, ops.WithSeed(2), ops.WithFixedStep(step), ops.WithMode(mode))
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(y)
			}
			if err := gradcheck.Check(build, 1e-6, testkit.Sines(3, 4), testkit.Waves(3, 4)); err != nil {
				t.Errorf("%v, step %d: %v", mode, step, err)
			}
			grads, err := gradcheck.Compute(build, testkit.Sines(3, 4), testkit.Waves(3, 4))
			if err != nil {
				t.Fatal(err)
			}
			x, y := slices.Max(grads.Symbolic[0]), slices.Max(grads.Symbolic[1])
			if (x == 0) == (y == 0) || mode == ops.Eval && x != 0 {
				t.Errorf("%v, step %d: one of the gradients must be 0, at inference the first, got %v", mode, step, grads.Symbolic)
			}
			taken[x] = true
		}
	}
	if len(taken) != 2 {
		t.Errorf("want steps with and without the block, got %v", taken)
	}
	// What is skipped has no part in the gradient, even if it is NaN.
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Sines(2, 2), gorgonia.WithName("x"))
	nan := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{math.NaN(), 1, 2, 3})), gorgonia.WithName("nan"))
	y := gorgonia.Must(ops.LayerDrop(x, nan, 1))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x, nan)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	if a, b := testkit.Floats(t, grads[0].Value()), testkit.Floats(t, grads[1].Value()); !testkit.SameBits(a, []float64{1, 1, 1, 1}) || !testkit.SameBits(b, make([]float64, 4)) {
		t.Errorf("want gradients of 1 and +0, got %v and %v", a, b)
	}
}

// The derivative of both gradients.
func TestLayerDropSecondDerivative(t *testing.T) {
	for step := range int64(3) {
		for which := range 2 {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				y, err := ops.LayerDrop(in[0], in[1], 0.5, ops.WithSeed(2), ops.WithFixedStep(step))
				if err != nil {
					return nil, err
				}
				dy, err := gorgonia.HadamardProd(in[0], in[1])
				if err != nil {
					return nil, err
				}
				grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], in[1], y.Graph().ByName(fmt.Sprint("step ", step))[0]}, y, dy)
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(grads[which])
			}, 1e-6, testkit.Waves(4, 3), testkit.Sines(4, 3))
			if err != nil {
				t.Errorf("step %d, gradient %d: %v", step, which, err)
			}
		}
	}
}

// p changes by step, and is not asked for at inference.
func TestLayerDropRates(t *testing.T) {
	one, zero := testkit.Ones(tensor.Float64, 2), tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2))
	for step, want := range map[int64]float64{0: 0, 9: 0, 10: 1, 11: 1, -1: 0} {
		if got := layerDrop(t, one, zero, 0, step, ops.WithRate(schedule.Late{P: 1, Cutoff: 10})); got[0] != want {
			t.Errorf("step %d: want %v, got %v", step, want, got[0])
		}
	}
	if got := layerDrop(t, one, zero, 0, 5, ops.WithRate(late{}), ops.WithMode(ops.Eval)); got[0] != 0 {
		t.Errorf("want inference whatever the rate, got %v", got)
	}
}

func TestLayerDropRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	for _, tt := range []struct {
		x, y *gorgonia.Node
		p    float64
		want string
	}{
		{nil, x, 0.5, "x must be a node of a graph, got none"},
		{x, nil, 0.5, "y must be a node of x's graph"},
		{x, gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithShape(2, 3)), 0.5, "y must be a node of x's graph"},
		{x, gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(3, 2), gorgonia.WithName("turned")), 0.5, "y must be of x's type and shape, float64 (2, 3), got float64 (3, 2)"},
		{x, gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("narrow")), 0.5, "y must be of x's type and shape, float64 (2, 3), got float32 (2, 3)"},
		{x, x, 1.5, "p must be in [0, 1], got 1.5"},
		{x, x, math.NaN(), "p must be in [0, 1], got NaN"},
	} {
		if _, err := ops.LayerDrop(tt.x, tt.y, tt.p); err == nil || !strings.HasPrefix(err.Error(), "ops: LayerDrop: "+tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
