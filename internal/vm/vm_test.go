package vm_test

import (
	"errors"
	"fmt"
	"hash"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/internal/vm"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A plan says how a graph is built, so that two machines can have one each.
type plan struct {
	dtype tensor.Dtype
	seed  uint64
	steps []int // which op comes next, and on which nodes
}

// graph builds the graph of a plan: matrices of (3, 4) and what comes of them.
func (p plan) graph() (g *gorgonia.ExprGraph, inputs, results gorgonia.Nodes) {
	g = gorgonia.NewGraph()
	matrix := func(name string, rows, cols int) *gorgonia.Node {
		n := gorgonia.NewMatrix(g, p.dtype, gorgonia.WithShape(rows, cols), gorgonia.WithName(name))
		inputs = append(inputs, n)
		return n
	}
	x, y, w := matrix("x", 3, 4), matrix("y", 3, 4), matrix("w", 4, 4)
	two := gorgonia.NewConstant(2.0)
	if p.dtype == tensor.Float32 {
		two = gorgonia.NewConstant(float32(2))
	}
	nodes := gorgonia.Nodes{x, y}
	r := rand.New(rand.NewPCG(p.seed, 0))
	for _, step := range p.steps {
		a, b := nodes[r.IntN(len(nodes))], nodes[r.IntN(len(nodes))]
		nodes = append(nodes, []func() *gorgonia.Node{
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Add(a, b)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Sub(a, b)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.HadamardProd(a, b)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Mul(a, w)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Mul(two, a)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Sub(two, a)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Tanh(a)) },
			func() *gorgonia.Node { return gorgonia.Must(gorgonia.Neg(a)) },
			func() *gorgonia.Node {
				return gorgonia.Must(gorgonia.Reshape(gorgonia.Must(gorgonia.Reshape(a, tensor.Shape{12})), tensor.Shape{3, 4}))
			},
			func() *gorgonia.Node {
				return gorgonia.Must(gorgonia.Transpose(gorgonia.Must(gorgonia.Mul(w, gorgonia.Must(gorgonia.Transpose(a))))))
			},
			func() *gorgonia.Node {
				rows := gorgonia.Must(gorgonia.Concat(0, gorgonia.Must(gorgonia.Slice(a, gorgonia.S(0, 2))), gorgonia.Must(gorgonia.Slice(b, gorgonia.S(1, 3)))))
				return gorgonia.Must(gorgonia.Slice(rows, gorgonia.S(1, 4)))
			},
			func() *gorgonia.Node { return gorgonia.Must(ops.Dropout(a, 0.5)) },
			func() *gorgonia.Node { return gorgonia.Must(nn.MatMul(a, w)) },
		}[step]())
	}
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Tanh(nodes[len(nodes)-1]))))
	var used gorgonia.Nodes
	for _, in := range inputs {
		if loss.Graph().ExactSubgraphRoots(loss).Has(in.ID()) {
			used = append(used, in)
		}
	}
	grads, err := gorgonia.Grad(loss, used...)
	if err != nil {
		panic(err)
	}
	return g, used, append(gorgonia.Nodes{loss}, grads...)
}

// fill gives the inputs values that are a function of a seed.
func fill(inputs gorgonia.Nodes, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 1))
	for _, in := range inputs {
		n := in.Shape().TotalSize()
		var backing any
		if in.Dtype() == tensor.Float32 {
			values := make([]float32, n)
			for i := range values {
				values[i] = float32(r.NormFloat64())
			}
			backing = values
		} else {
			values := make([]float64, n)
			for i := range values {
				values[i] = r.NormFloat64()
			}
			backing = values
		}
		if err := gorgonia.Let(in, tensor.New(tensor.WithShape(in.Shape()...), tensor.WithBacking(backing))); err != nil {
			return err
		}
	}
	return nil
}

// evaluate computes a node the plain way: each op gets copies of its inputs, and
// nothing is reused.
func evaluate(n *gorgonia.Node, known map[int64]gorgonia.Value) (gorgonia.Value, error) {
	if v, ok := known[n.ID()]; ok {
		return gorgonia.CloneValue(v)
	}
	if n.Op() == nil {
		return gorgonia.CloneValue(n.Value())
	}
	var in []gorgonia.Value
	for _, from := range testkit.InputsOf(n) {
		v, err := evaluate(from, known)
		if err != nil {
			return nil, err
		}
		in = append(in, v)
	}
	v, err := n.Op().Do(in...)
	if err != nil {
		return nil, err
	}
	known[n.ID()] = v
	return gorgonia.CloneValue(v)
}

// Whatever the graph, all nodes have the bits of the plain way, in every run.
func TestRunAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan{
			dtype: rapid.SampledFrom([]tensor.Dtype{tensor.Float32, tensor.Float64}).Draw(t, "dtype"),
			seed:  rapid.Uint64().Draw(t, "seed"),
			steps: rapid.SliceOfN(rapid.IntRange(0, 12), 1, 12).Draw(t, "steps"),
		}
		g, inputs, results := p.graph()
		g = g.ExactSubgraphRoots(results...)
		if rapid.Bool().Draw(t, "reuse") {
			ops.ReuseMemory(g)
		}
		m, err := vm.New(g)
		if err != nil {
			t.Fatal(err)
		}
		reference, referenceInputs, want := p.graph()
		reference = reference.ExactSubgraphRoots(want...)
		for run := range uint64(3) {
			if err := errors.Join(fill(inputs, p.seed+run), fill(referenceInputs, p.seed+run)); err != nil {
				t.Fatal(err)
			}
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
			known := make(map[int64]gorgonia.Value)
			for _, n := range reference.AllNodes() {
				want, err := evaluate(n, known)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := fmt.Sprintf("%x", bits(g.Node(n.ID()).(*gorgonia.Node).Value())), fmt.Sprintf("%x", bits(want)); got != want {
					t.Fatalf("run %d, %v: want %s, got %s", run, n, want, got)
				}
			}
		}
	})
}

// A reshaped node shares the memory of the first gradient, into which Gorgonia's
// tape machine computes the second: TestBuiltinTapeMachine in nn.
func TestGradientsDoNotShareMemory(t *testing.T) {
	g, grads := testkit.SharedGradients(t)
	m, err := vm.New(g)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		testkit.Run(t, m)
		testkit.Near(t, "gradient of x", testkit.Floats(t, grads[0].Value()), []float64{14, 24}, 0)
		testkit.Near(t, "gradient of y", testkit.Floats(t, grads[1].Value()), []float64{28, 48}, 0)
	}
}

func TestMissingValue(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Neg(x))
	m, err := vm.New(g)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Rejects(t, m.RunAll(), "vm: RunAll: x :: Vector float64 must have a value, got none")
	if err := gorgonia.Let(x, tensor.New(tensor.WithBacking([]float64{1, 2}))); err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, m)
	testkit.Near(t, "y", testkit.Floats(t, y.Value()), []float64{-1, -2}, 0)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// The error of an op names its node, and the next run goes on.
func TestOpError(t *testing.T) {
	g := gorgonia.NewGraph()
	ids := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(2), gorgonia.WithName("ids"))
	table := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 2), gorgonia.WithName("table"), gorgonia.WithInit(gorgonia.Ones()))
	y := gorgonia.Must(nn.Embedding(table, ids))
	if err := gorgonia.Let(ids, tensor.New(tensor.WithBacking([]int{0, 3}))); err != nil {
		t.Fatal(err)
	}
	m, err := vm.New(g)
	if err != nil {
		t.Fatal(err)
	}
	err = m.RunAll()
	var failed *vm.Error
	if !errors.As(err, &failed) || failed.Node() != y {
		t.Errorf("want the error of %v, got %v", y, err)
	}
	var example *nn.ExampleError
	if !errors.As(err, &example) || example.Example != 1 {
		t.Errorf("want an error of example 1, got %v", err)
	}
	if err := gorgonia.Let(ids, tensor.New(tensor.WithBacking([]int{0, 2}))); err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, m)
}

// Where dropout rests, a node that keeps some units has the value of all.
func TestOtherShapes(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 4), gorgonia.WithName("x"), gorgonia.WithInit(gorgonia.Ones()))
	kept, err := ops.KeepColumns(x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	y, err := kept.Select(x)
	if err != nil {
		t.Fatal(err)
	}
	doubled := gorgonia.Must(gorgonia.Add(y, y))
	m, err := vm.New(g)
	if err != nil {
		t.Fatal(err)
	}
	step := ops.StepOf(g)
	for _, at := range []int64{0, -1, 1, -1} {
		step.Set(at)
		testkit.Run(t, m)
		want := tensor.Shape{2, 2}
		if at < 0 {
			want = tensor.Shape{2, 4}
		}
		if got := doubled.Value().Shape(); !got.Eq(want) {
			t.Errorf("step %d: want shape %v, got %v", at, want, got)
		}
	}
}

// A slice of one element is a scalar where its node is a vector.
func TestVectorOfOne(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(1, 3), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Slice(x, nil, gorgonia.S(1)))
	z := gorgonia.Must(gorgonia.Neg(y))
	m, err := vm.New(g)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []float32{2, 5} {
		if err := gorgonia.Let(x, tensor.New(tensor.WithShape(1, 3), tensor.WithBacking([]float32{1, v, 3}))); err != nil {
			t.Fatal(err)
		}
		testkit.Run(t, m)
		testkit.Near(t, "slice", testkit.Floats(t, y.Value()), []float64{float64(v)}, 0)
		testkit.Near(t, "after it", testkit.Floats(t, z.Value()), []float64{-float64(v)}, 0)
	}
}

func TestStatements(t *testing.T) {
	g := gorgonia.NewGraph()
	var value gorgonia.Value
	gorgonia.Read(gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("x")), &value)
	_, err := vm.New(g)
	testkit.Rejects(t, err, "vm: New: statements cannot run, got print")
}

// An op that may return its input computes nothing into the input's memory.
func TestReturnedInput(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Neg(x))
	same := gorgonia.Must(gorgonia.ApplyOp(firstOf{gorgonia.Must(gorgonia.Add(y, y)).Op()}, y, y))
	after := gorgonia.Must(gorgonia.Mul(gorgonia.NewConstant(3.0), y))
	m, err := vm.New(g.ExactSubgraphRoots(same, after))
	if err != nil {
		t.Fatal(err)
	}
	if err := gorgonia.Let(x, tensor.New(tensor.WithBacking([]float64{1, 2}))); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		testkit.Run(t, m)
		testkit.Near(t, "the input", testkit.Floats(t, same.Value()), []float64{-1, -2}, 0)
		testkit.Near(t, "what comes after", testkit.Floats(t, after.Value()), []float64{-3, -6}, 0)
	}
}

// firstOf returns its first input, or spoils the memory that it is offered.
type firstOf struct{ gorgonia.Op }

func (firstOf) IsBinary() bool                                  { return true }
func (firstOf) Do(in ...gorgonia.Value) (gorgonia.Value, error) { return in[0], nil }
func (firstOf) WriteHash(h hash.Hash)                           { h.Write([]byte("first of")) }
func (f firstOf) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	clear(prealloc.Data().([]float64))
	return prealloc, nil
}

// An op that cannot train is an error of New; one that computes nothing, of RunAll.
func TestOddOps(t *testing.T) {
	graph := func(f func(gorgonia.Op) gorgonia.Op) *gorgonia.ExprGraph {
		other := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("x"))
		g := gorgonia.NewGraph()
		x := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("x"))
		gorgonia.Must(gorgonia.ApplyOp(f(gorgonia.Must(gorgonia.Neg(other)).Op()), x))
		if err := gorgonia.Let(x, 1.0); err != nil {
			t.Fatal(err)
		}
		return g
	}
	_, err := vm.New(graph(func(op gorgonia.Op) gorgonia.Op { return untrainable{op} }))
	testkit.Rejects(t, err, "vm: New: neg: it cannot train")
	m, err := vm.New(graph(func(op gorgonia.Op) gorgonia.Op { return idle{op} }))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Rejects(t, m.RunAll(), "neg must return a value, got none")
}

type untrainable struct{ gorgonia.Op }

func (untrainable) SetTraining(bool) error { return errors.New("it cannot train") }

type idle struct{ gorgonia.Op }

func (idle) Do(...gorgonia.Value) (gorgonia.Value, error) { return nil, nil }

// bits returns the bits of a value, row by row.
func bits(value gorgonia.Value) (all []uint64) {
	v, ok := value.(*tensor.Dense)
	if !ok {
		return []uint64{math.Float64bits(scalar(value))}
	}
	it := v.Iterator()
	for i, err := it.Start(); err == nil; i, err = it.Next() {
		switch data := v.Data().(type) {
		case []float32:
			all = append(all, uint64(math.Float32bits(data[i])))
		case []float64:
			all = append(all, math.Float64bits(data[i]))
		}
	}
	return all
}

func scalar(v gorgonia.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case int64:
		return float64(x)
	}
	return v.Data().(float64)
}
