package nn_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// The tests here are about Gorgonia's own ops: those that this module builds on
// are right, and those that it replaces are wrong. docs/gorgonia.md lists them.
// One that fails after an update of Gorgonia says what has been repaired.

// builtin is a built-in op on inputs of given shapes.
type builtin struct {
	name   string
	graph  gradcheck.Graph
	shapes [][]int
}

func one(f func(*gorgonia.Node) (*gorgonia.Node, error)) gradcheck.Graph { return unary(f).graph() }

func two(f func(a, b *gorgonia.Node) (*gorgonia.Node, error)) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return f(in[0], in[1]) }
}

func TestBuiltinsInUse(t *testing.T) {
	matrix, cube := []int{3, 4}, []int{2, 3, 4}
	sum := func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Sum(x) }
	for _, b := range []builtin{
		{"Add", two(gorgonia.Add), [][]int{matrix, matrix}},
		{"Sub", two(gorgonia.Sub), [][]int{matrix, matrix}},
		{"HadamardProd", two(gorgonia.HadamardProd), [][]int{cube, cube}},
		{"Mul", two(gorgonia.Mul), [][]int{matrix, {4, 2}}},
		{"BroadcastAdd", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.BroadcastAdd(in[0], in[1], nil, []byte{0})
		}, [][]int{matrix, {4}}},
		{"Sum", one(sum), [][]int{cube}},
		{"Square", one(gorgonia.Square), [][]int{matrix}},
		{"Exp", one(gorgonia.Exp), [][]int{matrix}},
		{"Sigmoid", one(gorgonia.Sigmoid), [][]int{matrix}},
		{"Tanh", one(gorgonia.Tanh), [][]int{matrix}},
		{"Softplus", one(gorgonia.Softplus), [][]int{matrix}},
		{"Rectify", one(gorgonia.Rectify), [][]int{matrix}},
		{"Transpose", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Transpose(in[0], 0, 2, 1, 3)
		}, [][]int{{2, 3, 2, 4}}},
		{"Transpose of three axes", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Transpose(in[0], 1, 2, 0)
		}, [][]int{cube}},
		{"Reshape", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Reshape(in[0], tensor.Shape{6, 4})
		}, [][]int{cube}},
		{"Conv2d dilated", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.Conv2d(in[0], in[1], tensor.Shape{2, 2}, []int{1, 1}, []int{1, 1}, []int{2, 2})
		}, [][]int{{2, 2, 5, 5}, {3, 2, 2, 2}}},
		{"MaxPool2D padded", func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return gorgonia.MaxPool2D(in[0], tensor.Shape{2, 2}, []int{1, 1}, []int{2, 2})
		}, [][]int{{1, 2, 5, 5}}},
	} {
		t.Run(b.name, func(t *testing.T) {
			inputs := testkit.Varied(tensor.Float64, b.shapes...)
			if err := gradcheck.Check(b.graph, 1e-7, inputs...); err != nil {
				t.Error(err)
			}
			narrow := testkit.Varied(tensor.Float32, b.shapes...)
			testkit.Differentiate(t, false, b.graph, narrow...).Near(t, "float32", testkit.Differentiate(t, false, b.graph, inputs...), 3e-5)
		})
	}
	transpositions(func(ta, tb bool, _ []nn.MatMulOption) {
		t.Run(fmt.Sprint("BatchedMatMul ", ta, tb), func(t *testing.T) {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				return gorgonia.BatchedMatMul(in[0], in[1], ta, tb)
			}, 1e-7, testkit.Varied(tensor.Float64, shaped([]int{2}, 3, 4, ta), shaped([]int{2}, 4, 5, tb))...)
			if err != nil {
				t.Error(err)
			}
		})
	})
}

// Where the built-in functions of one number end.
func TestBuiltinsAtTheEdges(t *testing.T) {
	x := []float64{-1000, 1000, math.Inf(-1), math.Inf(1), math.NaN()}
	for name, c := range map[string]struct {
		f    unary
		want []float64
	}{
		"Sigmoid":  {gorgonia.Sigmoid, []float64{0, 1, 0, 1, math.NaN()}},
		"Tanh":     {gorgonia.Tanh, []float64{-1, 1, -1, 1, math.NaN()}},
		"Softplus": {gorgonia.Softplus, []float64{0, 1000, 0, math.Inf(1), math.NaN()}},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Near(t, name, compute(t, c.f, tensor.New(tensor.WithBacking(x))), c.want, 1e-15)
		})
	}
}

// compute is the forward pass of f alone.
func compute(t testing.TB, f unary, x *tensor.Dense) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	y, err := f(gorgonia.NodeFromAny(g, x, gorgonia.WithName("x")))
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	return testkit.Floats(t, y.Value())
}

// repaired says that a built-in op is not wrong any more.
func repaired(t *testing.T, what string, got any) {
	t.Helper()
	t.Errorf("%s: got %v: the built-in has been repaired, see docs/gorgonia.md", what, got)
}

// gorgonia.Rectify and LeakyRelu multiply by comparisons: infinities become NaN.
func TestBuiltinRectifyAtInfinity(t *testing.T) {
	leaky := func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LeakyRelu(x, 0.1) }
	for name, f := range map[string]unary{"Rectify": gorgonia.Rectify, "LeakyRelu": leaky} {
		t.Run(name, func(t *testing.T) {
			got := compute(t, f, tensor.New(tensor.WithBacking([]float64{math.Inf(-1), 1})))
			if !math.IsNaN(got[0]) {
				repaired(t, name+"(-Inf)", got[0])
			}
		})
	}
}

// gorgonia.Rectify fails for a vector of one element.
func TestBuiltinRectifyOfOneElement(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1})), gorgonia.WithName("x"))
	gorgonia.Must(gorgonia.Rectify(x))
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err == nil {
		repaired(t, "Rectify of one element", "no error")
	}
}

// gorgonia.SoftMax and LogSoftMax take the maximum of one row out of others: where
// rows lie far apart the sum underflows to 0.
func TestBuiltinSoftMaxUnderflows(t *testing.T) {
	for name, f := range map[string]unary{
		"SoftMax":    func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.SoftMax(x) },
		"LogSoftMax": func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.LogSoftMax(x) },
	} {
		t.Run(name, func(t *testing.T) {
			x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1000, 999, 998, -1000, -999, -998}))
			if got := compute(t, f, x); !math.IsNaN(got[3]) && !math.IsInf(got[3], 0) {
				repaired(t, name, got)
			}
		})
	}
}

// gorgonia.BatchNorm rounds its options to one digit in its hash, forgets its
// statistics whenever a machine is made, and panics in a LispMachine.
func TestBuiltinBatchNorm(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float64, 0, 4, 3), gorgonia.WithName("x"))
	scale := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 4, 3), gorgonia.WithName("scale"))
	a, _, _, op, err := gorgonia.BatchNorm(x, scale, scale, 0.1, 1e-5)
	if err != nil {
		t.Fatal(err)
	}
	b, _, _, _, err := gorgonia.BatchNorm(x, scale, scale, 0.12, 1e-2)
	if err != nil {
		t.Fatal(err)
	}
	if a != b {
		repaired(t, "BatchNorm of other momentum and epsilon", "another node")
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	mean, _ := op.Stats()
	if mean.Data().([]float64)[0] == 0 {
		t.Error("the run left no statistics")
	}
	other := gorgonia.NewTapeMachine(g)
	defer other.Close()
	if mean, _ := op.Stats(); mean.Data().([]float64)[0] != 0 {
		repaired(t, "statistics of BatchNorm after another machine was made", mean)
	}
	defer func() {
		if recover() == nil {
			repaired(t, "BatchNorm's DoDiff", "no panic")
		}
	}()
	_ = op.DoDiff(gorgonia.ExecutionContext{}, gorgonia.Nodes{x}, a)
}

// gorgonia.AveragePool2D spreads its gradient wrongly.
func TestBuiltinAveragePool2D(t *testing.T) {
	err := gradcheck.Check(one(func(x *gorgonia.Node) (*gorgonia.Node, error) {
		return gorgonia.AveragePool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	}), 1e-3, testkit.Wave(tensor.Float64, 0, 1, 2, 4, 4))
	if err == nil {
		repaired(t, "AveragePool2D", "the right gradient")
	}
}

// gorgonia.GlobalAveragePool2D has no gradient: asking for it panics.
func TestBuiltinGlobalAveragePool2D(t *testing.T) {
	defer func() {
		if recover() == nil {
			repaired(t, "gradient of GlobalAveragePool2D", "no panic")
		}
	}()
	_ = gradcheck.Check(one(gorgonia.GlobalAveragePool2D), 1e-3, testkit.Wave(tensor.Float64, 0, 1, 2, 4, 4))
}

// gorgonia.ByIndices takes an index that does not exist without an error.
func TestBuiltinByIndices(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.WithName("x"))
	i := gorgonia.NodeFromAny(g, testkit.Labels([]int{2}, 0, 7), gorgonia.WithName("i"))
	y := gorgonia.Must(gorgonia.ByIndices(x, i, 0))
	if got, err := y.Op().Do(x.Value(), i.Value()); err != nil {
		repaired(t, "ByIndices of an index that does not exist", got)
	}
}

// gorgonia.Reshape shares its input's memory, and in a LispMachine its gradient
// replaces what other ops have added.
func TestBuiltinReshape(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Reshape(x, tensor.Shape{6}))
	v, err := y.Op().Do(x.Value())
	if err != nil {
		t.Fatal(err)
	}
	v.(*tensor.Dense).Float64s()[0] = 99
	if first := testkit.Floats(t, x.Value())[0]; first != 99 {
		repaired(t, "input after the output of Reshape was written to", first)
	}

	twice := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		flat, err := gorgonia.Reshape(in[0], tensor.Shape{6})
		if err != nil {
			return nil, err
		}
		return gorgonia.Add(gorgonia.Must(gorgonia.Sum(flat)), gorgonia.Must(gorgonia.Sum(in[0])))
	}
	tape, lisp := testkit.Differentiate(t, false, twice, testkit.Wave(tensor.Float64, 0, 2, 3)), testkit.Differentiate(t, true, twice, testkit.Wave(tensor.Float64, 0, 2, 3))
	if fmt.Sprint(tape.Grads) == fmt.Sprint(lisp.Grads) {
		repaired(t, "gradient of Reshape in a LispMachine", lisp.Grads)
	}
}

// gorgonia.Dropout divides the gradient by p instead of 1-p.
func TestBuiltinDropout(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1000), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Dropout(x, 0.2))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	var largest float64
	for _, d := range testkit.Floats(t, grads[0].Value()) {
		largest = max(largest, d)
	}
	if math.Abs(largest-5) > 1e-9 {
		repaired(t, "gradient of Dropout at p = 0.2, where 1.25 is right and 5 was known", largest)
	}
	if z := gorgonia.Must(gorgonia.Dropout(x, 0.5)); z != y {
		repaired(t, "two Dropouts of one node and different p", "two nodes")
	}
}

// A TapeMachine computes a sum into the memory of another gradient.
func TestBuiltinTapeMachine(t *testing.T) {
	g, grads := testkit.SharedGradients(t)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	if got := testkit.Floats(t, grads[0].Value()); got[0] == 14 && got[1] == 24 {
		repaired(t, "gradient that shares memory", got)
	}
}
