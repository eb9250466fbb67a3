package op_test

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// A fake is a function of parts.
type fake struct {
	inputs []op.Input
	rank   int
	shape  func(in []tensor.Shape) (tensor.Shape, error) // nil: that of the first input
	loops  op.Loops
	derive func(c *op.Calculus, x []op.Operand, dy op.Operand) []op.Operand // nil: none
	id     string
}

func (f fake) Name() string       { return "fake" }
func (f fake) String() string     { return "fake " + f.id }
func (f fake) Inputs() []op.Input { return f.inputs }
func (f fake) Rank() int          { return f.rank }
func (f fake) Loops() op.Loops    { return f.loops }

func (f fake) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if f.shape == nil {
		return in[0].Clone(), nil
	}
	return f.shape(in)
}

func (f fake) Derive(c *op.Calculus, x []op.Operand, y, dy op.Operand) []op.Operand {
	if f.derive == nil {
		return op.NotDifferentiable{}.Derive(c, x, y, dy)
	}
	return f.derive(c, x, dy)
}

// sum is the sum of its inputs of floats and the scalar and step, element by element.
func sum(inputs ...op.Input) fake {
	return fake{inputs: inputs, rank: op.AnyRank, loops: op.LoopsOf(add[float32], add[float64])}
}

func add[F op.Float](y []F, in op.Args[F]) error {
	for i := range y {
		y[i] = F(in.Scalar) + F(in.Step)
		for _, x := range in.Floats {
			if x != nil {
				y[i] += x[i]
			}
		}
	}
	return nil
}

// doubled is 2x, and its derivative the same of dy.
func doubled(rank int) fake {
	f := fake{inputs: []op.Input{{Name: "x", Rank: rank}}, rank: rank, id: "doubled", loops: op.LoopsOf(double[float32], double[float64])}
	f.derive = func(c *op.Calculus, _ []op.Operand, dy op.Operand) []op.Operand { return []op.Operand{c.Of(f, dy)} }
	return f
}

func double[F op.Float](y []F, in op.Args[F]) error {
	for i, x := range in.Floats[0] {
		y[i] = 2 * x
	}
	return nil
}

func of(rank int) op.Input { return op.Input{Name: "x", Rank: rank} }

// matrix is a new node of shape (2, 3) in g.
func matrix(g *gorgonia.ExprGraph, dt tensor.Dtype, name string) *gorgonia.Node {
	return gorgonia.NewMatrix(g, dt, gorgonia.WithShape(2, 3), gorgonia.WithName(name))
}

func apply(t *testing.T, f op.Function, in ...*gorgonia.Node) *gorgonia.Node {
	t.Helper()
	y, err := op.Apply("test", f, in...)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// The type of an op follows the ranks of its inputs and of its output, and what they
// hold.
func TestType(t *testing.T) {
	for want, f := range map[string]fake{
		"a → a":                     doubled(op.AnyRank),
		"Matrix a → Matrix a":       doubled(2),
		"Vector int → Vector int":   {inputs: []op.Input{{Name: "ids", Rank: 1, Of: op.IDs}}, rank: 1, loops: op.Loops{IDs: func([]int, op.Args[float32]) error { return nil }}},
		"int64":                     {loops: op.Loops{Step: func() (int64, error) { return 0, nil }}},
		"a → int64 → a":             sum(of(op.AnyRank), op.Input{Name: "step", Of: op.Step}),
		"Matrix float32 → Matrix a": {inputs: []op.Input{{Name: "x", Rank: 2, Dtype: tensor.Float32}}, rank: 2},
	} {
		t.Run(want, func(t *testing.T) {
			if got := op.New("test", f).Type().String(); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Gorgonia makes one node of ops with equal hashes, so that these differ where the
// ops do.
func TestHash(t *testing.T) {
	other := doubled(2)
	other.id = "other"
	base := op.New("test", doubled(2)).Hashcode()
	if base != op.New("test", doubled(2)).Hashcode() {
		t.Error("two of one function must have one hash")
	}
	outer := doubled(2)
	outer.rank = 3
	inner := doubled(2)
	inner.inputs = []op.Input{of(3)}
	for name, f := range map[string]fake{"string": other, "rank of the output": outer, "rank of the input": inner, "both ranks": doubled(3)} {
		if op.New("test", f).Hashcode() == base {
			t.Errorf("another %s must have another hash", name)
		}
	}
}

func TestInferShape(t *testing.T) {
	o := op.New("test", doubled(2))
	if got, err := o.InferShape(tensor.Shape{2, 3}); err != nil || !got.Eq(tensor.Shape{2, 3}) {
		t.Errorf("got %v, %v", got, err)
	}
	_, err := o.InferShape()
	testkit.Rejects(t, err, "test: fake: there must be 1 inputs, got 0")
	_, err = o.InferShape(tensor.Shape{2})
	testkit.Rejects(t, err, "test: fake: x must have a shape of rank 2, got (2)")
	refusing := doubled(2)
	refusing.shape = func([]tensor.Shape) (tensor.Shape, error) { return nil, errors.New("x must be square") }
	_, err = op.New("test", refusing).InferShape(tensor.Shape{2, 3})
	testkit.Rejects(t, err, "test: fake: x must be square")
}

// Outputs are memory of their own, whatever the op is.
func TestPromises(t *testing.T) {
	o := op.New("test", sum(of(2), op.Input{Name: "c", Rank: 2, Of: op.Constants}, op.Input{Name: "step", Of: op.Step}))
	if o.ReturnsPtr() || o.OverwritesInput() != -1 || o.CallsExtern() || o.Arity() != 3 {
		t.Error("an op must return new memory of Go's, of all its inputs")
	}
	if wrt := o.DiffWRT(3); !wrt[0] || wrt[1] || wrt[2] {
		t.Errorf("an op must be differentiable in its floats alone, got %v", wrt)
	}
}

type switched struct {
	fake
	training *bool
}

func (s switched) SetTraining(training bool) { *s.training = training }

func TestSetTraining(t *testing.T) {
	s := switched{doubled(2), new(bool)}
	if err := op.New("test", s).SetTraining(true); err != nil || !*s.training {
		t.Errorf("the function must be told that the machine trains, got %v, %v", *s.training, err)
	}
	if err := op.New("test", doubled(2)).SetTraining(true); err != nil {
		t.Error(err)
	}
}

type roled struct{ fake }

func (roled) Role() op.Role   { return op.RolePool }
func (roled) Activated() bool { return true }

// A node has the role that its function says, and none without one.
func TestRoles(t *testing.T) {
	g := gorgonia.NewGraph()
	x := matrix(g, tensor.Float64, "x")
	said, unsaid := apply(t, roled{doubled(op.AnyRank)}, x), apply(t, doubled(2), x)
	if op.RoleOf(said) != op.RolePool || !op.Activated(said) {
		t.Error("want the function's role")
	}
	for _, n := range []*gorgonia.Node{unsaid, x} {
		if op.RoleOf(n) != op.RoleOther || op.Activated(n) {
			t.Errorf("want no role of %v", n)
		}
	}
	if op.FunctionOf(x) != nil || op.FunctionOf(unsaid) == nil {
		t.Error("nodes of the frame alone have functions")
	}
}
