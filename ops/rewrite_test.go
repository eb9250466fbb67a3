package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// finished is a network as other code builds it: a layer, a rectifier, a
// gorgonia.Dropout and another layer with a softmax.
func finished(t *testing.T) (out *gorgonia.Node) {
	t.Helper()
	g := gorgonia.NewGraph()
	node := func(name string, rows, cols int) *gorgonia.Node {
		backing := make([]float64, rows*cols)
		for i := range backing {
			backing[i] = float64(i%7)/7 - 0.3
		}
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(backing)), gorgonia.WithName(name))
	}
	must := gorgonia.Must
	h := must(gorgonia.Rectify(must(gorgonia.Mul(node("x", 4, 6), node("w", 6, 8)))))
	h = must(gorgonia.Dropout(h, 0.25))
	return must(gorgonia.SoftMax(must(gorgonia.Mul(h, node("v", 8, 3)))))
}

func copyOf(t *testing.T, out *gorgonia.Node, rewrite func(c *ops.Copy) (*gorgonia.Node, error)) *gorgonia.Node {
	t.Helper()
	outs, err := ops.Rewrite(gorgonia.Nodes{out}, rewrite)
	if err != nil {
		t.Fatal(err)
	}
	if len(outs) != 1 || outs[0].Graph() == out.Graph() {
		t.Fatalf("there must be one output in a new graph, got %v", outs)
	}
	return outs[0]
}

func evaluated(t *testing.T, n *gorgonia.Node, opts ...gorgonia.VMOpt) []float64 {
	t.Helper()
	m := gorgonia.NewTapeMachine(n.Graph(), opts...)
	defer m.Close()
	return ran(t, m, n)
}

// A copy computes what the original computes, with the same names and memory.
func TestRewriteCopies(t *testing.T) {
	out := finished(t)
	copied := copyOf(t, out, nil)
	want := evaluated(t, out, gorgonia.EvalMode())
	if got := evaluated(t, copied, gorgonia.EvalMode()); !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	if a, b := len(out.Graph().AllNodes()), len(copied.Graph().AllNodes()); a != b {
		t.Errorf("the copy must have %d nodes, got %d", a, b)
	}
	for _, name := range []string{"x", "w", "v"} {
		a, b := out.Graph().ByName(name)[0].Value().(*tensor.Dense), copied.Graph().ByName(name)
		if len(b) != 1 || &a.Float64s()[0] != &b[0].Value().(*tensor.Dense).Float64s()[0] || b[0].Value() == gorgonia.Value(a) {
			t.Errorf("%s must share its memory and not its header", name)
		}
	}
	// Training switches are apart: the machine of the copy leaves the original on.
	m := gorgonia.NewTapeMachine(out.Graph())
	defer m.Close()
	evaluated(t, copied, gorgonia.EvalMode())
	if got := ran(t, m, out); slices.Equal(got, want) {
		t.Error("the original must still drop")
	}
}

// The built-in dropout becomes ours, with its rate and a right gradient.
func TestReplaceBuiltin(t *testing.T) {
	out := copyOf(t, finished(t), ops.ReplaceBuiltin(ops.WithSeed(3)))
	g := out.Graph()
	var found []string
	for _, n := range g.AllNodes() {
		if s := fmt.Sprint(n.Op()); strings.Contains(s, "Dropout") {
			found = append(found, s)
		}
	}
	if want := []string{"Dropout{p=0.25 seed=3 layer=1 mode=train}"}; !slices.Equal(found, want) {
		t.Errorf("dropouts must be %v, got %v", want, found)
	}
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(out)), g.ByName("w")[0]); err != nil {
		t.Errorf("the copy must be differentiable, got %v", err)
	}
	if err := ops.Inference(g, func() error { return nil }); err != nil {
		t.Error(err)
	}
}

// InsertAfter makes a finished network one for Monte Carlo dropout.
func TestInsertAfter(t *testing.T) {
	isProduct := func(n *gorgonia.Node) bool { return strings.HasPrefix(fmt.Sprint(n.Op()), "A × B") }
	out := copyOf(t, finished(t), ops.InsertAfter(isProduct, func(x *gorgonia.Node) (*gorgonia.Node, error) {
		return ops.Dropout(x, 0.5, ops.WithMode(ops.Sample))
	}))
	if n := ops.Seed(out.Graph(), 1); n != 2 {
		t.Errorf("there must be a dropout after both products, got %d", n)
	}
	m := gorgonia.NewTapeMachine(out.Graph(), gorgonia.EvalMode())
	defer m.Close()
	if slices.Equal(ran(t, m, out), ran(t, m, out)) {
		t.Error("predictions must be samples")
	}
}

// Copies of our dropouts draw what the originals draw, with steps of their own,
// which those of Clone do not have.
func TestRewriteOwnSteps(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 4, 4), gorgonia.WithName("x"))
	logit := gorgonia.NodeFromAny(g, 0.5, gorgonia.WithName("logit"))
	ids := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(4), tensor.WithBacking([]int{1, 2, 3, 1})), gorgonia.WithName("ids"))
	must := gorgonia.Must
	h := must(ops.Dropout(must(ops.Zoneout(x, x, 0.5)), 0.3, ops.WithFixedStep(4)))
	h = must(ops.ConcreteDropout(h, logit))
	h = must(gorgonia.HadamardProd(h, must(nn.Embedding(x, must(ops.WordDropout(ids, 0.5, 0))))))
	copied := copyOf(t, h, nil)
	clone, _ := g.Clone().(*gorgonia.ExprGraph)
	a, b := gorgonia.NewTapeMachine(g), gorgonia.NewTapeMachine(copied.Graph())
	defer a.Close()
	defer b.Close()
	for range 3 {
		if !slices.Equal(ran(t, a, h), ran(t, b, copied)) {
			t.Error("the copy must draw the same masks")
		}
	}
	ops.StepOf(g).Set(10)
	if next := ops.StepOf(copied.Graph()).Next(); next != 3 {
		t.Errorf("the copy must be at its own step 3, got %d", next)
	}
	if next := ops.StepOf(clone).Next(); next != 10 {
		t.Errorf("a clone shares the step, 10, as documented, got %d", next)
	}
	ops.Seed(g, 5)
	if slices.Equal(ran(t, a, h), ran(t, b, copied)) {
		t.Error("the copy must keep its seed")
	}
}

// Several outputs share their nodes; a dropout may be left out.
func TestRewriteOutputs(t *testing.T) {
	g, y, _ := chained(t)
	sum := gorgonia.Must(gorgonia.Sum(y))
	outs, err := ops.Rewrite(gorgonia.Nodes{sum, y}, func(c *ops.Copy) (*gorgonia.Node, error) {
		if strings.HasPrefix(fmt.Sprint(c.Old.Op()), "Dropout") {
			return c.Input(0)
		}
		return c.Node()
	})
	if err != nil {
		t.Fatal(err)
	}
	to := outs[0].Graph()
	if outs[1] != to.ByName("x")[0] || len(to.AllNodes()) != 2 {
		t.Errorf("x and its sum must be all there is, got %v", to.AllNodes())
	}
	if _, err := gorgonia.Grad(outs[0], outs[1]); err != nil {
		t.Errorf("nothing may be in the way of gradients, got %v", err)
	}
	if outs, err := ops.Rewrite(nil, nil); len(outs) != 0 || err != nil {
		t.Errorf("no outputs must have no copies, got %v, %v", outs, err)
	}
	_ = g
}

func TestRewriteErrors(t *testing.T) {
	out := finished(t)
	_, err := ops.Rewrite(gorgonia.Nodes{nil}, nil)
	testkit.Rejects(t, err, "ops: Rewrite: outputs must be nodes of a graph, got none")
	_, err = ops.Rewrite(gorgonia.Nodes{out, finished(t)}, nil)
	testkit.Rejects(t, err, "ops: Rewrite: outputs must be nodes of one graph, got two")
	for want, rewrite := range map[string]func(c *ops.Copy) (*gorgonia.Node, error){
		"ops: Rewrite: wrong":                              func(*ops.Copy) (*gorgonia.Node, error) { return nil, errors.New("wrong") },
		"must be a node of the new graph, got":             func(*ops.Copy) (*gorgonia.Node, error) { return nil, nil },
		"ops: Rewrite: what takes the place of node":       func(c *ops.Copy) (*gorgonia.Node, error) { return c.Old, nil },
		"of shape (4, 3), got":                             func(c *ops.Copy) (*gorgonia.Node, error) { return c.Input(0) },
		"ops: Rewrite: input must be in [0, 1), got 1":     func(c *ops.Copy) (*gorgonia.Node, error) { return c.Input(1) },
		"ops: Rewrite: ops: Dropout: p must be in [0, 1],": ops.InsertAfter(func(n *gorgonia.Node) bool { return n == out }, func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.Dropout(x, 2) }),
	} {
		if want == "of shape (4, 3), got" {
			product := rewrite
			rewrite = func(c *ops.Copy) (*gorgonia.Node, error) {
				if n := c.Old; n.Graph().To(n.ID()).Len() == 1 && n.Shape().Eq(tensor.Shape{4, 3}) {
					return product(c)
				}
				return c.Node()
			}
		}
		_, err := ops.Rewrite(gorgonia.Nodes{out}, rewrite)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 4, 4), gorgonia.WithName("x"))
	fused := gorgonia.Must(nn.DenseDropout(x, x, nil, nn.ActivationReLU, 0.5))
	_, err = ops.Rewrite(gorgonia.Nodes{fused}, nil)
	if err == nil || !strings.Contains(err.Error(), "draws with seed 0, layer 1 and cannot be copied") {
		t.Errorf("a fused dropout must be an error, got %v", err)
	}
}
