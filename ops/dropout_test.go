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

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// apply runs Dropout on x once at step 0 and returns the output.
func apply(t testing.TB, x gorgonia.Value, p float64, opts ...ops.Option) gorgonia.Value {
	t.Helper()
	g := gorgonia.NewGraph()
	in := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
	y, err := ops.Dropout(in, p, opts...)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	return y.Value()
}

func TestDropoutRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 2), gorgonia.WithName("x"))
	ints := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(2), gorgonia.WithName("i"))
	other := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Int64, gorgonia.WithName("s"))
	real := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("r"))
	tests := []struct {
		x    *gorgonia.Node
		p    float64
		opts []ops.Option
		want string
	}{
		{x, 1.5, nil, "ops: Dropout: p must be in [0, 1], got 1.5"},
		{x, -0.1, nil, "ops: Dropout: p must be in [0, 1], got -0.1"},
		{x, math.NaN(), nil, "ops: Dropout: p must be in [0, 1], got NaN"},
		{x, math.Inf(1), []ops.Option{ops.WithMode(ops.Eval)}, "ops: Dropout: p must be in [0, 1], got +Inf"},
		{nil, 0.5, nil, "ops: Dropout: x must be a node of a graph, got none"},
		{ints, 0.5, nil, "ops: Dropout: x must be of float32 or float64, got"},
		{x, 0.5, []ops.Option{ops.WithStep(other)}, "ops: Dropout: step must be a node of x's graph"},
		{x, 0.5, []ops.Option{ops.WithStep(real)}, "ops: Dropout: step must be an int64 scalar, got float64"},
		{x, 0.5, []ops.Option{ops.WithMode(7)}, "ops: Dropout: mode must be Train, Eval or Sample, got 7"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := ops.Dropout(tt.x, tt.p, tt.opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Dropout(%v, %v): want error %q, got %v", tt.x, tt.p, tt.want, err)
			}
		})
	}
}

// Every rank, both types and any strides give the same mask: that of the
// contract over row-major logical order.
func TestDropoutRanksTypesAndStrides(t *testing.T) {
	shapes := [][]int{{1}, {7}, {3, 5}, {5, 1}, {1, 5}, {2, 3, 5}, {2, 1, 3, 5}, {2, 3, 1, 5, 4}}
	for _, shape := range shapes {
		want := testkit.Floats(t, apply(t, testkit.Ramp(tensor.Float64, shape...), 0.4, ops.WithSeed(5)))
		got := testkit.Floats(t, apply(t, testkit.Ramp(tensor.Float32, shape...), 0.4, ops.WithSeed(5)))
		for i := range want {
			if float64(float32(want[i])) != got[i] && math.Abs(want[i]-got[i]) > 1e-6*want[i] {
				t.Errorf("shape %v, element %d: float64 gives %v, float32 %v", shape, i, want[i], got[i])
			}
			if scaled := float64(i+1) / (1 - 26214.0/65536); want[i] != 0 && math.Abs(want[i]-scaled) > 1e-12*scaled {
				t.Errorf("shape %v, element %d: want 0 or %v, got %v", shape, i, scaled, want[i])
			}
		}
	}
	flat := testkit.Floats(t, apply(t, testkit.Ramp(tensor.Float64, 120), 0.4))
	deep := testkit.Floats(t, apply(t, testkit.Ramp(tensor.Float64, 2, 3, 1, 5, 4), 0.4))
	if !slices.Equal(flat, deep) {
		t.Error("the mask of 120 elements depends on their shape")
	}
}

func TestDropoutScalar(t *testing.T) {
	kept := 0
	for seed := range uint64(64) {
		for _, x := range []gorgonia.Value{gorgonia.NewF64(3), gorgonia.NewF32(3)} {
			switch y := testkit.Floats(t, apply(t, x, 0.5, ops.WithSeed(seed)))[0]; y {
			case 6:
				kept++
			case 0:
			default:
				t.Fatalf("Dropout(3, 0.5) = %v, want 0 or 6", y)
			}
		}
	}
	if kept < 2*16 || kept > 2*48 {
		t.Errorf("%d of 128 scalars were kept at p = 0.5", kept)
	}
}

func TestDropoutNonContiguous(t *testing.T) {
	base := testkit.Ramp(tensor.Float64, 6, 8)
	transposed := testkit.Ramp(tensor.Float64, 6, 8)
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	slice := func(s ...tensor.Slice) *tensor.Dense {
		v, err := base.Slice(s...)
		if err != nil {
			t.Fatal(err)
		}
		return v.(*tensor.Dense)
	}
	colMajor := tensor.New(tensor.WithShape(6, 8), tensor.AsFortran(testkit.Ramp(tensor.Float64, 48).Float64s()))
	cube := testkit.Ramp(tensor.Float64, 3, 4, 5)
	if err := cube.T(2, 0, 1); err != nil {
		t.Fatal(err)
	}
	tests := map[string]*tensor.Dense{
		"transposed":    transposed,
		"transposed 3d": cube,
		"rows":          slice(gorgonia.S(1, 4)),
		"columns":       slice(nil, gorgonia.S(2, 5)),
		"one column":    slice(nil, gorgonia.S(2)),
		"one row":       slice(gorgonia.S(2)),
		"every other":   slice(gorgonia.S(0, 6, 2), gorgonia.S(1, 8, 3)),
		"column major":  colMajor,
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			plain := make([]float64, 0, x.Shape().TotalSize())
			for it := x.Iterator(); ; {
				at, err := it.Next()
				if err != nil {
					break
				}
				plain = append(plain, x.Float64s()[at])
			}
			if name == "column major" {
				plain = testkit.Ramp(tensor.Float64, 48).Float64s() // AsFortran reorders what it is given
			}
			want := testkit.Floats(t, apply(t, tensor.New(tensor.WithShape(x.Shape()...), tensor.WithBacking(plain)), 0.5))
			got := testkit.Floats(t, apply(t, x, 0.5))
			if !slices.Equal(want, got) {
				t.Errorf("%s: want %v, got %v", name, want, got)
			}
		})
	}
}

func TestDropoutGradients(t *testing.T) {
	for _, p := range []float64{0, 0.2, 0.5, 0.8, 1} {
		for _, shape := range [][]int{{6}, {3, 5}, {2, 3, 4}} {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				y, err := ops.Dropout(in[0], p, ops.WithFixedStep(3), ops.WithSeed(2))
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(y)
			}, 1e-6, testkit.Ramp(tensor.Float64, shape...))
			if err != nil {
				t.Errorf("p=%v, shape %v: %v", p, shape, err)
			}
		}
	}
}

// The square of the gradient of Sum(Dropout(x)^3), differentiated again. Gorgonia
// keeps one derivative for each node, so a second Grad over one path would stop
// at the first; the first gradient is therefore built from SymDiff.
func TestDropoutSecondDerivative(t *testing.T) {
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		step := gorgonia.NewConstant(int64(3), gorgonia.WithName("the step"))
		y, err := ops.Dropout(in[0], 0.5, ops.WithStep(step), ops.WithSeed(1))
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
	}, 1e-6, testkit.Ramp(tensor.Float64, 4, 3))
	if err != nil {
		t.Error(err)
	}
}

func TestDropoutNonFinite(t *testing.T) {
	x := testkit.Ramp(tensor.Float32, 100)
	ones := testkit.Floats(t, apply(t, testkit.Ramp(tensor.Float32, 100), 0.5))
	data := x.Float32s()
	for i := range data {
		data[i] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}[i%3]
	}
	for i, y := range testkit.Floats(t, apply(t, x, 0.5)) {
		if ones[i] == 0 && math.Float64bits(y) != 0 {
			t.Errorf("element %d: dropped must be +0, got %v", i, y)
		}
		if ones[i] != 0 && !math.IsNaN(y) && !math.IsInf(y, 0) {
			t.Errorf("element %d: kept must stay %v, got %v", i, data[i], y)
		}
	}
}

func TestDropoutEmpty(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(x, 0.5))
	op := y.Op()
	step := gorgonia.I64(0)
	// Gorgonia graphs have no empty nodes, but the op may be called by others.
	empty := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(0, 3))
	v, err := op.Do(empty, &step)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Shape(); !got.Eq(tensor.Shape{0, 3}) {
		t.Errorf("shape is %v, want (0, 3)", got)
	}
}

// Values that do not belong are errors, not panics.
func TestDropoutBadValues(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	op := gorgonia.Must(ops.Dropout(x, 0.5)).Op()
	step := gorgonia.I64(0)
	ints := tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2))
	for _, in := range [][]gorgonia.Value{
		nil, {testkit.Ramp(tensor.Float64, 2)}, {ints, &step}, {nil, &step}, {testkit.Ramp(tensor.Float64, 2), nil},
		{testkit.Ramp(tensor.Float64, 2), gorgonia.NewF64(1)}, {gorgonia.NewI(1), &step},
		{testkit.Ramp(tensor.Float64, 2), &step, &step},
	} {
		if _, err := op.Do(in...); err == nil || !strings.HasPrefix(err.Error(), "ops: Dropout: ") {
			t.Errorf("Do(%v): want an error of ops: Dropout, got %v", in, err)
		}
	}
}

func TestDropoutHashes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	seen := make(map[uint32]string)
	for _, opts := range [][]ops.Option{
		nil, nil, {ops.WithLayer(7)}, {ops.WithLayer(7), ops.WithSeed(1)},
		{ops.WithLayer(7), ops.WithMode(ops.Sample)}, {ops.WithLayer(7), ops.WithMode(ops.Eval)},
	} {
		for _, p := range []float64{0.2, 0.5} {
			n := gorgonia.Must(ops.Dropout(x, p, opts...))
			name := n.Op().String()
			if before, ok := seen[n.Hashcode()]; ok {
				t.Errorf("%s and %s have one hash", before, name)
			}
			seen[n.Hashcode()] = name
		}
	}
	if len(seen) != 12 {
		t.Errorf("12 dropouts became %d", len(seen))
	}
}

// Two dropouts on one node draw two masks, and the same graph built again draws
// the same two.
func TestTwoDropoutsOnOneNode(t *testing.T) {
	build := func() (a, b []float64) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 100), gorgonia.WithName("x"))
		first, second := gorgonia.Must(ops.Dropout(x, 0.5)), gorgonia.Must(ops.Dropout(x, 0.5))
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		testkit.Run(t, m)
		return testkit.Floats(t, first.Value()), testkit.Floats(t, second.Value())
	}
	a, b := build()
	if slices.Equal(a, b) {
		t.Error("two dropouts on one node have one mask")
	}
	if c, d := build(); !slices.Equal(a, c) || !slices.Equal(b, d) {
		t.Error("the same graph built again has other masks")
	}
}

// Dropout takes the place of gorgonia.Dropout. Gradients pass the mask of the
// forward pass: the gradient of a sum is 1/(1-p) where x was kept, 0 elsewhere.
func ExampleDropout() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), gorgonia.WithName("x"))
	y, err := ops.Dropout(x, 0.5, ops.WithSeed(42))
	if err != nil {
		log.Fatal(err)
	}
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for range 3 {
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(y.Value(), grads[0].Value())
		machine.Reset()
	}
	// Output:
	// [2  4  0  0] [2  2  0  0]
	// [0  0  0  8] [0  0  0  2]
	// [2  4  0  0] [2  2  0  0]
}
