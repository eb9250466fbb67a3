package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// twoLayers is a network with exact-k dropout of inputs and hidden units, as a
// whole or thinned, of x, w, b, v and c.
type twoLayers func(in []*gorgonia.Node, opts ...ops.StreamOption) (*gorgonia.Node, error)

const inputRate, hiddenRate = 0.3, 0.5

func wholeLayers(in []*gorgonia.Node, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	layer := func(id uint32) ops.StreamOption {
		return ops.WithStream(append(slices.Clone(opts), ops.WithLayer(id))...)
	}
	x, err := ops.ExactK(in[0], inputRate, layer(1))
	if err != nil {
		return nil, err
	}
	h, err := nn.Dense(x, in[1], in[2], nn.ActivationReLU)
	if err == nil {
		h, err = ops.ExactK(h, hiddenRate, layer(2))
	}
	if err != nil {
		return nil, err
	}
	return nn.Dense(h, in[3], in[4], nn.ActivationNone)
}

func thinnedLayers(in []*gorgonia.Node, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	layer := func(id uint32) ops.StreamOption {
		return ops.WithStream(append(slices.Clone(opts), ops.WithLayer(id))...)
	}
	inputs, err := ops.KeepColumns(in[0], inputRate, layer(1))
	if err != nil {
		return nil, err
	}
	hidden, err := ops.KeepColumns(in[1], hiddenRate, layer(2))
	if err != nil {
		return nil, err
	}
	x, err := inputs.Select(in[0])
	if err != nil {
		return nil, err
	}
	h, err := thinnedDense(x, in[1], in[2], nn.ActivationReLU, inputs, hidden)
	if err != nil {
		return nil, err
	}
	return thinnedDense(h, in[3], in[4], nn.ActivationNone, hidden, nil)
}

// thinnedDense is the layer of the doc comment of ops.Submatrix.
func thinnedDense(x, w, b *gorgonia.Node, act nn.Activation, in, out *ops.Kept) (*gorgonia.Node, error) {
	w, err := ops.Submatrix(w, in, out)
	if err == nil && out != nil {
		b, err = ops.Subvector(b, out)
	}
	if err != nil {
		return nil, err
	}
	y, err := nn.Dense(x, w, b, act)
	if err != nil || out == nil {
		return y, err
	}
	return out.Scale(y)
}

func (f twoLayers) run(t *testing.T, dt tensor.Dtype, rows int, sizes [3]int, step int64, vm func(*gorgonia.ExprGraph) gorgonia.VM, opts ...ops.StreamOption) [][]float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	node := func(name string, shape ...int) *gorgonia.Node {
		v := testkit.Sines(shape...)
		if dt == tensor.Float32 {
			narrow := make([]float32, 0, v.DataSize())
			for _, f := range v.Float64s() {
				narrow = append(narrow, float32(f))
			}
			v = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(narrow))
		}
		return gorgonia.NodeFromAny(g, v, gorgonia.WithName(name))
	}
	in := []*gorgonia.Node{
		node("x", rows, sizes[0]), node("w", sizes[0], sizes[1]), node("b", sizes[1]), node("v", sizes[1], sizes[2]), node("c", sizes[2]),
	}
	y, err := f(in, opts...)
	if err != nil {
		t.Fatal(err)
	}
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, node("weights", rows, sizes[2])))))
	grads, err := gorgonia.Grad(cost, in...)
	if err != nil {
		t.Fatal(err)
	}
	m := vm(g)
	defer m.Close()
	var values [][]float64
	s, _ := ops.FindStep(g)
	for _, at := range []int64{step, step + 1, step} { // what is kept must not show
		m.Reset()
		s.Set(at)
		testkit.Run(t, m)
		values = [][]float64{testkit.Floats(t, y.Value())}
		for _, d := range grads {
			values = append(values, testkit.Floats(t, d.Value()))
		}
	}
	return values
}

func reusing(g *gorgonia.ExprGraph) gorgonia.VM {
	ops.ReuseMemory(g)
	return testkit.Tape(g)
}

func evaluating(g *gorgonia.ExprGraph) gorgonia.VM {
	return gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
}

// Leaving units out is the same as zeroing them, for the gradients of whole
// parameters too.
func TestThinnedLayersAreWholeOnes(t *testing.T) {
	for _, dt := range testkit.Dtypes {
		tol := 1e-12
		if dt == tensor.Float32 {
			tol = 2e-5
		}
		for _, sizes := range [][3]int{{2, 2, 1}, {9, 7, 5}, {33, 130, 10}} {
			for _, step := range []int64{-2, 0, 5} {
				for i, vm := range []func(*gorgonia.ExprGraph) gorgonia.VM{testkit.Tape, reusing, evaluating} {
					for _, mode := range []ops.Mode{ops.Train, ops.Sample, ops.Eval} {
						opts := []ops.StreamOption{ops.WithSeed(4), ops.WithMode(mode)}
						want := twoLayers(wholeLayers).run(t, dt, 6, sizes, step, vm, opts...)
						got := twoLayers(thinnedLayers).run(t, dt, 6, sizes, step, vm, opts...)
						if at := differ(got, want, tol); at != "" {
							t.Fatalf("%v, %v, step %d, machine %d, mode %v: %s", dt, sizes, step, i, mode, at)
						}
					}
				}
			}
		}
	}
}

// Kept.Dense is Dense and Scale in one op, to the bit, for machines that thin and
// for those that do not.
func TestKeptDense(t *testing.T) {
	layer := func(fused, bias bool, act nn.Activation) twoLayers {
		return func(in []*gorgonia.Node, opts ...ops.StreamOption) (*gorgonia.Node, error) {
			k, err := ops.KeepColumns(in[1], 0.3, opts...)
			if err != nil {
				return nil, err
			}
			w, err := ops.Submatrix(in[1], nil, k)
			if err != nil {
				return nil, err
			}
			var b *gorgonia.Node
			if bias {
				if b, err = ops.Subvector(in[2], k); err != nil {
					return nil, err
				}
			}
			var y *gorgonia.Node
			if fused {
				y, err = nn.ThinnedDense(in[0], w, b, act, k)
			} else if y, err = nn.Dense(in[0], w, b, act); err == nil {
				y, err = k.Scale(y)
			}
			if err != nil {
				return nil, err
			}
			v, err := ops.Submatrix(in[3], k, nil)
			if err != nil {
				return nil, err
			}
			c := in[4]
			if !bias { // every input is used
				if c, err = gorgonia.Add(c, gorgonia.Must(gorgonia.Sum(in[2]))); err != nil {
					return nil, err
				}
			}
			return nn.Dense(y, v, c, nn.ActivationNone)
		}
	}
	for _, dt := range testkit.Dtypes {
		for _, bias := range []bool{true, false} {
			for _, act := range []nn.Activation{nn.ActivationNone, nn.ActivationReLU} {
				for _, step := range []int64{-2, 5} {
					for i, vm := range []func(*gorgonia.ExprGraph) gorgonia.VM{testkit.Tape, reusing, evaluating} {
						want := layer(false, bias, act).run(t, dt, 6, [3]int{9, 37, 5}, step, vm, ops.WithSeed(4))
						got := layer(true, bias, act).run(t, dt, 6, [3]int{9, 37, 5}, step, vm, ops.WithSeed(4))
						if at := differ(got, want, 0); at != "" {
							t.Fatalf("%v, bias %v, %v, step %d, machine %d: %s", dt, bias, act, step, i, at)
						}
					}
				}
			}
		}
	}
}

func TestKeptDenseGradients(t *testing.T) {
	for _, act := range []nn.Activation{nn.ActivationNone, nn.ActivationReLU} {
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			k, err := ops.KeepColumns(in[1], 0.5, ops.WithFixedStep(3))
			if err != nil {
				return nil, err
			}
			w, err := ops.Submatrix(in[1], nil, k)
			if err != nil {
				return nil, err
			}
			b, err := ops.Subvector(in[2], k)
			if err != nil {
				return nil, err
			}
			return nn.ThinnedDense(in[0], w, b, act, k)
		}, 1e-7, testkit.Sines(4, 6), testkit.Sines(6, 5), testkit.Sines(5))
		if err != nil {
			t.Errorf("%v: %v", act, err)
		}
	}
}

// differ says where got is not want, up to a relative error and an absolute one
// below 1; empty where it is.
func differ(got, want [][]float64, tol float64) string {
	for k := range want {
		if len(got[k]) != len(want[k]) {
			return fmt.Sprintf("value %d has %d elements, want %d", k, len(got[k]), len(want[k]))
		}
		for i, x := range want[k] {
			if !(math.Abs(got[k][i]-x) <= tol*max(1, math.Abs(x))) {
				return fmt.Sprintf("element %d of value %d is %v, want %v", i, k, got[k][i], x)
			}
		}
	}
	return ""
}

func TestThinnedLayersGradients(t *testing.T) {
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return thinnedLayers(in, ops.WithFixedStep(3))
	}, 1e-7, testkit.Sines(4, 6), testkit.Sines(6, 5), testkit.Sines(5), testkit.Sines(5, 3), testkit.Sines(3))
	if err != nil {
		t.Error(err)
	}
}

func TestKeepColumnsAreKeptUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		seed, layer := rapid.Uint64().Draw(t, "seed"), rapid.Uint32().Draw(t, "layer")
		step := rapid.Int64Range(0, 1<<40).Draw(t, "step")
		if ops.KeptCount(n, p) == 0 {
			t.Skip("no units")
		}
		g := gorgonia.NewGraph()
		x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, n), gorgonia.WithName("x"))
		k, err := ops.KeepColumns(x, p, ops.WithSeed(seed), ops.WithLayer(layer))
		if err != nil {
			t.Fatal(err)
		}
		kept, of := k.Len()
		want, err := ops.KeptUnits(seed, layer, step, n, kept)
		if err != nil || of != n || kept != ops.KeptCount(n, p) || !k.Units().Shape().Eq(tensor.Shape{kept}) {
			t.Fatalf("%d of %d, %v, shape %v", kept, of, err, k.Units().Shape())
		}
		at := gorgonia.I64(step)
		v, err := k.Units().Op().Do(&at)
		if err != nil || !slices.Equal(v.Data().([]int), want) {
			t.Fatalf("units %v, %v, want %v", v, err, want)
		}
	})
}

func TestKeptErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(4, 6), gorgonia.WithName("x"))
	b := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(6), gorgonia.WithName("b"))
	ints := gorgonia.NewMatrix(g, tensor.Int, gorgonia.WithShape(4, 6), gorgonia.WithName("ints"))
	keep := func(x *gorgonia.Node, p float64, opts ...ops.StreamOption) error {
		_, err := ops.KeepColumns(x, p, opts...)
		return err
	}
	k, err := ops.KeepColumns(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	node := func(_ *gorgonia.Node, err error) error { return err }
	do := func(n *gorgonia.Node, in ...gorgonia.Value) error {
		_, err := n.Op().Do(in...)
		return err
	}
	step := gorgonia.I64(1)
	square := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(6, 6), gorgonia.WithName("square"))
	part := gorgonia.Must(ops.Subvector(b, k))
	outside := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{1, 6}))
	for _, c := range []struct {
		err  error
		want string
	}{
		{keep(nil, 0.5), "ops: KeepColumns: x must be a node of a graph, got none"},
		{keep(ints, 0.5), "ops: KeepColumns: x must be of float32 or float64, got Matrix int"},
		{keep(x, 1.5), "ops: KeepColumns: p must be in [0, 1], got 1.5"},
		{keep(x, math.NaN()), "ops: KeepColumns: p must be in [0, 1], got NaN"},
		{keep(x, 0.95), "ops: KeepColumns: one unit at least must be kept, got p = 0.95 of 6"},
		{keep(b, 0.5), "ops: KeepColumns: x must have shape (N, n), got (6)"},
		{node(ops.Submatrix(x, k, nil)), "ops: Submatrix: w must have shape (6, 6) for the units it is thinned by, got (4, 6)"},
		{node(ops.Submatrix(b, nil, k)), "ops: Submatrix: w must have rank 2, got shape (6)"},
		{node(ops.Submatrix(nil, nil, k)), "ops: Submatrix: w must be a node of a graph, got none"},
		{node(ops.Subvector(x, k)), "ops: Subvector: b must have rank 1, got shape (4, 6)"},
		{node(k.Scale(x)), "ops: Kept.Scale: y must have shape (N, 3), got (4, 6)"},
		{node(nn.ThinnedDense(x, x, nil, nn.ActivationNone, k)), "nn: ThinnedDense: w must have shape (6, O) for x of shape (4, 6), got (4, 6)"},
		{node(nn.ThinnedDense(x, square, nil, nn.ActivationNone, k)), "nn: ThinnedDense: w must have shape (6, 3), got (6, 6)"},
		{do(k.Units()), "ops: KeepColumns: there must be 1 inputs, got 0"},
		{do(k.Units(), tensor.New(tensor.WithShape(2), tensor.Of(tensor.Int))), "ops: KeepColumns: step must be an int64 scalar, got *tensor.Dense of int (2)"},
		{do(part, testkit.Sines(6), outside), "ops: Subvector: units must be ascending in [0, 6), got 6 after 1"},
		{do(part, testkit.Sines(7), outside), "ops: Subvector: b must have shape (6) for the units it is thinned by, got (7)"},
		{do(k.Units(), &step), ""},
	} {
		t.Run(c.want, func(t *testing.T) {
			if got := fmt.Sprint(c.err); c.err == nil && c.want != "" || c.err != nil && got != c.want {
				t.Errorf("error %v, want %s", got, c.want)
			}
		})
	}
}

// What distinguishes two sets of units is in their hashes.
func TestKeptHashes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(4, 16), gorgonia.WithName("x"))
	hashes := make(map[uint32]string)
	for name, opts := range map[string][]ops.StreamOption{
		"seed 1":   {ops.WithSeed(1), ops.WithLayer(1)},
		"seed 2":   {ops.WithSeed(2), ops.WithLayer(1)},
		"layer":    {ops.WithSeed(1), ops.WithLayer(2)},
		"sampling": {ops.WithSeed(1), ops.WithLayer(1), ops.WithMode(ops.Sample)},
	} {
		for _, p := range []float64{0.25, 0.5} {
			k, err := ops.KeepColumns(x, p, opts...)
			if err != nil {
				t.Fatal(err)
			}
			h := k.Units().Op().Hashcode()
			if other, ok := hashes[h]; ok {
				t.Errorf("%s, p=%v has the hash of %s", name, p, other)
			}
			hashes[h] = fmt.Sprint(name, p)
		}
	}
	first, err := ops.KeepColumns(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ops.KeepColumns(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if first.Units() == second.Units() {
		t.Error("two of default layers are one")
	}
}
