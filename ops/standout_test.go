package ops_test

import (
	"fmt"
	"log"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/philox"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Units that their input excites are kept more often than others: the first is
// hardly ever kept, the last nearly always.
func ExampleStandout() {
	g := gorgonia.NewGraph()
	z := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{-8, 0, 0, 0, 0, 8})), gorgonia.WithName("z"))
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6})), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Standout(x, z, 1, 0))
	for _, options := range [][]gorgonia.VMOpt{nil, {gorgonia.EvalMode()}} {
		machine := gorgonia.NewTapeMachine(g, options...)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f\n", y.Value().Data())
		machine.Close()
	}
	// Output:
	// [0.000 2.000 3.000 0.000 0.000 6.000]
	// [0.000 1.000 1.500 2.000 2.500 5.998]
}

// standout applies the op to values apart from any machine.
func standout(t testing.TB, x, z *tensor.Dense, alpha, beta float64, step int64, opts ...ops.StreamOption) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	node := func(v *tensor.Dense, name string) *gorgonia.Node {
		return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name))
	}
	y, err := ops.Standout(node(x, "x"), node(z, "z"), alpha, beta, opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := gorgonia.I64(step)
	v, err := y.Op().Do(x, z, &s)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Floats(t, v)
}

// The paper's formula, with the words that docs/contract.md describes, and the
// mean of the mask at inference; both types and several pieces of words.
func TestStandoutFormula(t *testing.T) {
	const seed, layer, step, alpha, beta = 5, 3, 7, 1.5, -0.25
	word := func(i int) uint32 {
		group, e := i/32, i%32
		return philox.Block(philox.Counter{uint32(8*group + e%8), layer, step, 0}, philox.KeyOf(seed))[e/8]
	}
	for _, dt := range testkit.Dtypes {
		t.Run(dt.String(), func(t *testing.T) {
			x, z := testkit.Ramp(dt, 40, 29), testkit.Ramp(dt, 40, 29)
			for i := range z.DataSize() {
				v := 3 * math.Sin(float64(i))
				if dt == tensor.Float32 {
					z.Float32s()[i] = float32(v)
				} else {
					z.Float64s()[i] = v
				}
			}
			at := []ops.StreamOption{ops.WithSeed(seed), ops.WithLayer(layer)}
			train, eval := standout(t, x, z, alpha, beta, step, at...), standout(t, x, z, alpha, beta, step, append(at, ops.WithMode(ops.Eval))...)
			kept := 0
			for i, v := range testkit.Floats(t, x) {
				keep := 1 / (1 + math.Exp(-(alpha*testkit.Floats(t, z)[i] + beta)))
				want := 0.0
				if (float64(word(i))+0.5)/(1<<32) < keep {
					want = v
					kept++
				}
				if train[i] != want {
					t.Fatalf("element %d: want %v, got %v", i, want, train[i])
				}
				if math.Abs(eval[i]-keep*v) > 1e-6*v {
					t.Fatalf("element %d at inference: want %v, got %v", i, keep*v, eval[i])
				}
			}
			if kept < 300 || kept > 860 {
				t.Errorf("want about half of 1160 elements, got %d", kept)
			}
		})
	}
}

// The mean over many steps is what inference computes.
func TestStandoutMean(t *testing.T) {
	x, z := testkit.Waves(5, 8), testkit.Sines(5, 8)
	eval := standout(t, x, z, 2, 0.5, -1)
	element := make([]moments, len(eval))
	for step := range int64(4000) {
		for i, y := range standout(t, x, z, 2, 0.5, step) {
			element[i].add(y)
		}
	}
	for i, want := range eval {
		element[i].check(t, fmt.Sprint("mean of element ", i), want, 5.5, 1e-5)
	}
}

// The gradient of x is that of a product with a mask, or with the probabilities
// at inference; the input has none.
func TestStandoutGradients(t *testing.T) {
	z := testkit.Waves(4, 5)
	for _, mode := range []ops.Mode{ops.Train, ops.Eval} {
		build := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			input := gorgonia.NodeFromAny(in[0].Graph(), z.Clone(), gorgonia.WithName("z"))
			y, err := ops.Standout(in[0], input, 1, 0.5, ops.WithFixedStep(4), ops.WithMode(mode))
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(y)
		}
		if err := gradcheck.Check(build, 1e-6, testkit.Sines(4, 5)); err != nil {
			t.Errorf("%v: %v", mode, err)
		}
	}
	// A path to the input through x alone: without one Gorgonia has no gradient.
	g := gorgonia.NewGraph()
	input := gorgonia.NodeFromAny(g, z.Clone(), gorgonia.WithName("z"))
	y := gorgonia.Must(ops.Standout(gorgonia.Must(gorgonia.Neg(input)), input, 1, 0, ops.WithMode(ops.Eval)))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), input)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	for i, v := range z.Float64s() {
		if got, want := testkit.Floats(t, grads[0].Value())[i], -1/(1+math.Exp(-v)); math.Abs(got-want) > 1e-12 {
			t.Errorf("element %d: the gradient must be %v, got %v", i, want, got)
		}
	}
}

// The derivative of the gradient: the op is linear in x.
func TestStandoutSecondDerivative(t *testing.T) {
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		input := gorgonia.NodeFromAny(in[0].Graph(), testkit.Waves(4, 3), gorgonia.WithName("z"))
		y, err := ops.Standout(in[0], input, 1, 0, ops.WithFixedStep(4))
		if err != nil {
			return nil, err
		}
		dy, err := gorgonia.Square(in[0])
		if err != nil {
			return nil, err
		}
		grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], input, y.Graph().ByName("step 4")[0]}, y, dy)
		if err != nil {
			return nil, err
		}
		return gorgonia.Square(grads[0])
	}, 1e-6, testkit.Sines(4, 3))
	if err != nil {
		t.Error(err)
	}
}

// Certain probabilities keep or drop whatever x is; a NaN among the inputs is
// one of the output.
func TestStandoutNonFinite(t *testing.T) {
	inf := math.Inf(1)
	for _, dt := range testkit.Dtypes {
		x := odd(dt, 4, 8)
		all := func(v float64) *tensor.Dense {
			z := testkit.Ramp(dt, 4, 8)
			for i := range z.DataSize() {
				if dt == tensor.Float32 {
					z.Float32s()[i] = float32(v)
				} else {
					z.Float64s()[i] = v
				}
			}
			return z
		}
		for _, step := range []int64{2, -1} {
			for _, z := range []float64{inf, 1e30} {
				if got := standout(t, x, all(z), 1, 0, step); !testkit.SameBits(got, testkit.Floats(t, x)) {
					t.Errorf("%v, z %v, step %d: x must pass unchanged, got %v", dt, z, step, got)
				}
				if got := standout(t, x, all(z), -1, 0, step); !testkit.SameBits(got, make([]float64, 32)) {
					t.Errorf("%v, z %v, step %d: everything must be +0, got %v", dt, -z, step, got)
				}
			}
			for _, y := range standout(t, testkit.Ramp(dt, 4, 8), all(math.NaN()), 1, 0, step) {
				if !math.IsNaN(y) {
					t.Errorf("%v, step %d: NaN must stay NaN, got %v", dt, step, y)
				}
			}
			// Without a weight the input does not matter.
			if got, want := standout(t, x, all(math.NaN()), 0, 1, step), standout(t, x, all(0), 0, 1, step); !testkit.SameBits(got, want) {
				t.Errorf("%v, step %d, alpha 0: want %v, got %v", dt, step, want, got)
			}
		}
	}
}

// With alpha = 0 it is WeightScalingDropout in distribution, and at inference in
// value.
func TestStandoutIsWeightScaling(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Waves(60, 60), gorgonia.WithName("x"))
	at := ops.WithMode(ops.Eval)
	a := gorgonia.Must(ops.Standout(x, x, 0, math.Log(3), at))
	b := gorgonia.Must(ops.WeightScalingDropout(x, 0.25, at))
	drawn := gorgonia.Must(ops.Standout(x, x, 0, math.Log(3)))
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	got, want := testkit.Floats(t, a.Value()), testkit.Floats(t, b.Value())
	kept := 0
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Fatalf("element %d: want %v, got %v", i, want[i], got[i])
		}
		if testkit.Floats(t, drawn.Value())[i] != 0 {
			kept++
		}
	}
	// 3600 draws of probability 3/4: a standard deviation of 26.
	if kept < 2700-140 || kept > 2700+140 {
		t.Errorf("want about 2700 of 3600 kept, got %d", kept)
	}
}

func TestStandoutRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	for _, tt := range []struct {
		x, z        *gorgonia.Node
		alpha, beta float64
		want        string
	}{
		{nil, x, 1, 0, "x must be a node of a graph, got none"},
		{x, nil, 1, 0, "input must be a node of x's graph"},
		{x, gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithShape(2, 3)), 1, 0, "input must be a node of x's graph"},
		{x, gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(3, 2), gorgonia.WithName("turned")), 1, 0, "input must be of x's type and shape, float64 (2, 3), got float64 (3, 2)"},
		{x, gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("narrow")), 1, 0, "input must be of x's type and shape, float64 (2, 3), got float32 (2, 3)"},
		{x, x, math.NaN(), 0, "alpha and beta must be finite, got NaN and 0"},
		{x, x, 1, math.Inf(-1), "alpha and beta must be finite, got 1 and -Inf"},
	} {
		if _, err := ops.Standout(tt.x, tt.z, tt.alpha, tt.beta); err == nil || !strings.HasPrefix(err.Error(), "ops: Standout: "+tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
	y := gorgonia.Must(ops.Standout(x, x, 1, 0))
	step := gorgonia.I64(0)
	if _, err := y.Op().Do(testkit.Sines(2, 3), testkit.Sines(3, 2), &step); err == nil || !strings.Contains(err.Error(), "x and input must be of one shape, got (2, 3) and (3, 2)") {
		t.Errorf("want an error about shapes, got %v", err)
	}
}
