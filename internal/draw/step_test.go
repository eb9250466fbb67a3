package draw_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// run returns the step that a run of n has.
func run(t *testing.T, n *gorgonia.Node) int64 {
	t.Helper()
	v, err := n.Op().(op.Op).Do()
	if err != nil {
		t.Fatal(err)
	}
	step, err := op.StepIn(v)
	if err != nil {
		t.Fatal(err)
	}
	return step
}

// The step counts runs, from what was set; a negative one stays.
func TestStepCounts(t *testing.T) {
	g := gorgonia.NewGraph()
	if _, ok := draw.FindStep(g); ok {
		t.Error("a graph without dropout must have no step")
	}
	s := draw.StepOf(g)
	if again := draw.StepOf(g); again.Node() != s.Node() || len(g.AllNodes()) != 1 {
		t.Error("a graph must have one step")
	}
	if found, ok := draw.FindStep(g); !ok || found.Node() != s.Node() {
		t.Error("the step must be found")
	}
	for want := range int64(3) {
		if got := run(t, s.Node()); got != want || s.Next() != want+1 {
			t.Errorf("run %d must have that step, got %d, next %d", want, got, s.Next())
		}
	}
	s.Set(41)
	if got := run(t, s.Node()); got != 41 || s.Next() != 42 {
		t.Errorf("the step that is set, 41, must be the next, got %d", got)
	}
	s.Set(-2)
	if first, second := run(t, s.Node()), run(t, s.Node()); first != -2 || second != -3 {
		t.Errorf("after -2 is set steps must be -2 and -3, got %d and %d", first, second)
	}
	s.Set(math.MaxInt64)
	_, err := s.Node().Op().(op.Op).Do()
	testkit.Rejects(t, err, "ops: Step: step must be below 9223372036854775807, for another to follow")
}

// Counters of two graphs are two, also by their hashes.
func TestStepsDiffer(t *testing.T) {
	a, b := draw.StepOf(gorgonia.NewGraph()), draw.StepOf(gorgonia.NewGraph())
	if a.Node().Op().Hashcode() == b.Node().Op().Hashcode() {
		t.Error("the steps of two graphs must have two hashes")
	}
}

func TestStepFor(t *testing.T) {
	x := input()
	g := x.Graph()
	own := gorgonia.NewScalar(g, tensor.Int64, gorgonia.WithName("own"))
	if n, err := draw.StepFor(x, own); n != own || err != nil {
		t.Errorf("want the node that is given, got %v, %v", n, err)
	}
	if n, err := draw.StepFor(x, nil); err != nil || n != draw.StepOf(g).Node() {
		t.Errorf("want the step of the graph, got %v, %v", n, err)
	}
	five, err := draw.StepFor(x, gorgonia.NewConstant(int64(5)))
	if err != nil || five.Graph() != g {
		t.Fatalf("want a node of the graph, got %v, %v", five, err)
	}
	if first, second := run(t, five), run(t, five); first != 5 || second != 5 {
		t.Errorf("a fixed step must stay 5, got %d and %d", first, second)
	}
	if n, err := draw.StepFor(x, gorgonia.NewConstant(int64(5))); n != five || err != nil {
		t.Errorf("want one node for one step, got %v, %v", n, err)
	}
	if n, err := draw.StepFor(x, gorgonia.NewConstant(int64(6))); n == five || err != nil {
		t.Errorf("want two nodes for two steps, got %v", err)
	}
	if found, ok := draw.FindStep(g); !ok || found.Node() == five {
		t.Error("a step that is fixed must not be the step that counts")
	}
	for want, n := range map[string]*gorgonia.Node{
		"step must be a node of x's graph, got one of another graph": gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Int64, gorgonia.WithName("s")),
		"step must be an int64 scalar, got float64":                  gorgonia.NewConstant(1.5),
		"step must be an int64 scalar, got Matrix float64":           x,
	} {
		t.Run(want, func(t *testing.T) {
			_, err := draw.StepFor(x, n)
			testkit.Rejects(t, err, want)
		})
	}
}

func TestWithFixedStep(t *testing.T) {
	if got := run(t, source(t, input(), draw.WithFixedStep(9)).Step()); got != 9 {
		t.Errorf("the fixed step must be 9, got %d", got)
	}
}

// Steps have the shapes of scalars, and gradients of nothing.
func TestStepIsAScalar(t *testing.T) {
	x := input()
	for _, s := range []*gorgonia.Node{draw.StepOf(x.Graph()).Node(), source(t, x, draw.WithFixedStep(1)).Step()} {
		o := s.Op().(op.Op)
		if shape, err := o.InferShape(); err != nil || shape.Dims() != 0 || o.Arity() != 0 || !s.IsScalar() {
			t.Errorf("a step must be a scalar of no inputs, got shape %v, %v", shape, err)
		}
		if d, err := o.SymDiff(nil, s, s); len(d) != 0 || err != nil {
			t.Errorf("a step must have no gradients, got %v, %v", d, err)
		}
	}
}
