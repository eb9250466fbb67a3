package nn_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// plainLinear is the layer of Gorgonia's ops and Dropout.
func plainLinear(x, w, b *gorgonia.Node, act nn.Activation, p float64, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	y, err := gorgonia.Mul(x, w)
	if err == nil && b != nil {
		y, err = gorgonia.BroadcastAdd(y, b, nil, []byte{0})
	}
	if err == nil && act == nn.ActivationReLU {
		y, err = gorgonia.Rectify(y)
	}
	if err == nil && p >= 0 {
		y, err = ops.Dropout(y, p, ops.WithStream(opts...))
	}
	return y, err
}

func fusedLinear(x, w, b *gorgonia.Node, act nn.Activation, p float64, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	if p < 0 {
		return nn.Dense(x, w, b, act)
	}
	return nn.DenseDropout(x, w, b, act, p, ops.WithStream(opts...))
}

type linearBuilder func(x, w, b *gorgonia.Node, act nn.Activation, p float64, opts ...ops.StreamOption) (*gorgonia.Node, error)

// linearCase is a layer with or without bias, activation and dropout: p is
// negative for none.
type linearCase struct {
	bias bool
	act  nn.Activation
	p    float64
}

func (c linearCase) String() string { return fmt.Sprintf("bias=%v act=%d p=%v", c.bias, c.act, c.p) }

func linearCases() (all []linearCase) {
	for _, bias := range []bool{false, true} {
		for _, act := range []nn.Activation{nn.ActivationNone, nn.ActivationReLU} {
			for _, p := range []float64{-1, 0, 0.5, 1} {
				all = append(all, linearCase{bias, act, p})
			}
		}
	}
	return all
}

// run returns the output and the gradients of the inputs after one run.
func (c linearCase) run(t *testing.T, build linearBuilder, dt tensor.Dtype, rows, in, out int, step int64, vm func(*gorgonia.ExprGraph) gorgonia.VM) [][]float64 {
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
	x, w := node("x", rows, in), node("w", in, out)
	wrt := gorgonia.Nodes{x, w}
	var b *gorgonia.Node
	if c.bias {
		b = node("b", out)
		wrt = append(wrt, b)
	}
	y, err := build(x, w, b, c.act, c.p, ops.WithSeed(4), ops.WithLayer(3))
	if err != nil {
		t.Fatal(err)
	}
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, node("weights", rows, out)))))
	grads, err := gorgonia.Grad(cost, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	m := vm(g)
	defer m.Close()
	if s, ok := ops.FindStep(g); ok {
		s.Set(step)
	}
	testkit.Run(t, m)
	values := [][]float64{testkit.Floats(t, y.Value())}
	for _, d := range grads {
		values = append(values, testkit.Floats(t, d.Value()))
	}
	return values
}

func TestDenseIsThePlainPath(t *testing.T) {
	for _, c := range linearCases() {
		for _, dt := range testkit.Dtypes {
			for _, size := range [][3]int{{1, 1, 1}, {3, 5, 4}, {33, 17, 65}} {
				for _, step := range []int64{-1, 2} {
					want := c.run(t, plainLinear, dt, size[0], size[1], size[2], step, testkit.Tape)
					for _, vm := range []func(*gorgonia.ExprGraph) gorgonia.VM{testkit.Tape, func(g *gorgonia.ExprGraph) gorgonia.VM {
						ops.ReuseMemory(g)
						return testkit.Tape(g)
					}} {
						got := c.run(t, fusedLinear, dt, size[0], size[1], size[2], step, vm)
						for k := range want {
							tol := 1e-12
							if dt == tensor.Float32 {
								tol = 1e-5
							}
							for i := range want[k] {
								if math.Abs(got[k][i]-want[k][i]) > tol*max(1, math.Abs(want[k][i])) {
									t.Fatalf("%v, %v, %v, step %d: element %d of value %d is %v, want %v", c, dt, size, step, i, k, got[k][i], want[k][i])
								}
							}
						}
					}
				}
			}
		}
	}
}

func TestDenseGradients(t *testing.T) {
	for _, c := range linearCases() {
		inputs := []*tensor.Dense{testkit.Sines(4, 5), testkit.Sines(5, 3)}
		if c.bias {
			inputs = append(inputs, testkit.Sines(3))
		}
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			var b *gorgonia.Node
			if c.bias {
				b = in[2]
			}
			return fusedLinear(in[0], in[1], b, c.act, c.p, ops.WithFixedStep(3))
		}, 1e-7, inputs...)
		if err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestDenseLispMachine(t *testing.T) {
	for _, c := range linearCases() {
		build := func(vm func(*gorgonia.ExprGraph, gorgonia.Nodes) gorgonia.VM, lisp bool) [][]float64 {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Sines(4, 5), gorgonia.WithName("x"))
			w := gorgonia.NodeFromAny(g, testkit.Sines(5, 3), gorgonia.WithName("w"))
			wrt := gorgonia.Nodes{x, w}
			var b *gorgonia.Node
			if c.bias {
				b = gorgonia.NodeFromAny(g, testkit.Sines(3), gorgonia.WithName("b"))
				wrt = append(wrt, b)
			}
			y, err := fusedLinear(x, w, b, c.act, c.p, ops.WithFixedStep(3))
			if err != nil {
				t.Fatal(err)
			}
			cost := gorgonia.Must(gorgonia.Sum(y))
			if !lisp {
				if _, err := gorgonia.Grad(cost, wrt...); err != nil {
					t.Fatal(err)
				}
			}
			m := vm(g, wrt)
			defer m.Close()
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
			var values [][]float64
			for _, n := range wrt {
				d, err := n.Grad()
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, testkit.Floats(t, d))
			}
			return values
		}
		want := build(func(g *gorgonia.ExprGraph, wrt gorgonia.Nodes) gorgonia.VM {
			return gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(wrt...))
		}, false)
		got := build(func(g *gorgonia.ExprGraph, _ gorgonia.Nodes) gorgonia.VM { return gorgonia.NewLispMachine(g) }, true)
		for k := range want {
			if !testkit.SameBits(got[k], want[k]) {
				t.Errorf("%v: gradient %d is %v on the LispMachine, want %v", c, k, got[k], want[k])
			}
		}
	}
}

// Fused layers take the next free layer as Dropout does, and are never one where
// they differ.
func TestDenseLayersAndHashes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Sines(4, 3), gorgonia.WithName("x"))
	w := gorgonia.NodeFromAny(g, testkit.Sines(3, 3), gorgonia.WithName("w"))
	b := gorgonia.NodeFromAny(g, testkit.Sines(3), gorgonia.WithName("b"))
	var nodes gorgonia.Nodes
	add := func(y *gorgonia.Node, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, y)
	}
	add(nn.Dense(x, w, nil, nn.ActivationNone))
	add(nn.Dense(x, w, nil, nn.ActivationReLU))
	add(nn.Dense(x, w, b, nn.ActivationNone))
	add(nn.Dense(x, w, b, nn.ActivationReLU))
	for _, opts := range [][]ops.FusedOption{nil, nil, {ops.WithLayer(9)}, {ops.WithLayer(9), ops.WithSeed(2)}, {ops.WithLayer(9), ops.WithMode(ops.Sample)}} {
		add(nn.DenseDropout(x, w, b, nn.ActivationReLU, 0.5, opts...))
	}
	add(nn.DenseDropout(x, w, b, nn.ActivationReLU, 0.25, ops.WithLayer(9)))
	add(ops.Dropout(x, 0.5))
	if s := nodes[len(nodes)-1].Op().(fmt.Stringer).String(); !strings.Contains(s, "layer=10") {
		t.Errorf("the next dropout must have layer 10, got %s", s)
	}
	seen := map[int64]int{}
	for i, n := range nodes {
		if j, ok := seen[n.ID()]; ok {
			t.Errorf("layers %d and %d are one node", i, j)
		}
		seen[n.ID()] = i
	}
}

func TestDenseRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	matrix := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	x, w, b := matrix("x", 2, 3), matrix("w", 3, 4), matrix("b", 4)
	for _, tt := range []struct {
		build func() (*gorgonia.Node, error)
		want  string
	}{
		{func() (*gorgonia.Node, error) { return nn.Dense(nil, w, b, nn.ActivationReLU) }, "nn: Dense: x must be a node of a graph, got none"},
		{func() (*gorgonia.Node, error) { return nn.Dense(x, x, b, nn.ActivationReLU) }, "nn: Dense: w must have shape (3, O)"},
		{func() (*gorgonia.Node, error) { return nn.Dense(x, w, w, nn.ActivationReLU) }, "nn: Dense: b must have rank 1"},
		{func() (*gorgonia.Node, error) { return nn.Dense(x, w, matrix("short", 3), nn.ActivationReLU) }, "nn: Dense: b must have shape (4)"},
		{func() (*gorgonia.Node, error) { return nn.Dense(x, w, b, 7) }, "nn: Dense: activation must be ActivationNone or ActivationReLU, got 7"},
		{func() (*gorgonia.Node, error) { return nn.DenseDropout(x, w, b, nn.ActivationReLU, 1.5) }, "nn: DenseDropout: p must be in [0, 1], got 1.5"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := tt.build(); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
}

// Memory that is kept holds the next run's results, and runs agree with those of
// a graph that allocates.
func TestReuseMemory(t *testing.T) {
	build := func() (*gorgonia.ExprGraph, *gorgonia.Node, gorgonia.Nodes) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Sines(8, 6), gorgonia.WithName("x"))
		w := gorgonia.NodeFromAny(g, testkit.Sines(6, 5), gorgonia.WithName("w"))
		labels := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]int{0, 1, 2, 3, 4, 0, 1, 2})), gorgonia.WithName("labels"))
		dropped := gorgonia.Must(ops.Dropout(x, 0.25))
		y := gorgonia.Must(nn.DenseDropout(dropped, w, nil, nn.ActivationReLU, 0.5))
		loss := gorgonia.Must(nn.SoftmaxCrossEntropy(y, labels))
		grads, err := gorgonia.Grad(loss, w)
		if err != nil {
			t.Fatal(err)
		}
		return g, loss, grads
	}
	g, loss, grads := build()
	fresh, wantLoss, wantGrads := build()
	ops.ReuseMemory(g)
	m, ref := gorgonia.NewTapeMachine(g), gorgonia.NewTapeMachine(fresh)
	defer m.Close()
	defer ref.Close()
	var first gorgonia.Value
	for step := range 5 {
		testkit.Run(t, m)
		testkit.Run(t, ref)
		if !testkit.SameBits(testkit.Floats(t, loss.Value()), testkit.Floats(t, wantLoss.Value())) || !testkit.SameBits(testkit.Floats(t, grads[0].Value()), testkit.Floats(t, wantGrads[0].Value())) {
			t.Fatalf("step %d: loss %v and gradient %v, want %v and %v", step, loss.Value(), grads[0].Value(), wantLoss.Value(), wantGrads[0].Value())
		}
		if step == 0 {
			first = grads[0].Value()
		} else if grads[0].Value() != first {
			t.Errorf("step %d: the gradient has new memory", step)
		}
	}
}
