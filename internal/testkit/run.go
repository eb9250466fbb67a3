package testkit

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Run resets the machine and runs it, and fails the test on an error.
func Run(t testing.TB, m gorgonia.VM) {
	t.Helper()
	m.Reset()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// Outcome is the output of a graph and the gradients of its inputs, where the
// cost is the sum of the squares of the output.
type Outcome struct {
	Y     []float64
	Grads [][]float64
}

// Differentiate runs f on a TapeMachine or, if lisp, on a LispMachine.
func Differentiate(t testing.TB, lisp bool, f gradcheck.Graph, inputs ...*tensor.Dense) Outcome {
	t.Helper()
	g := gorgonia.NewGraph()
	nodes := make(gorgonia.Nodes, len(inputs))
	for i, in := range inputs {
		nodes[i] = gorgonia.NodeFromAny(g, in.Clone(), gorgonia.WithName(fmt.Sprintf("input %d", i)))
	}
	y, err := f(nodes)
	if err != nil {
		t.Fatal(err)
	}
	cost := y
	if cost, err = gorgonia.Square(y); err == nil && !y.IsScalar() {
		cost, err = gorgonia.Sum(cost)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out Outcome
	// Machines overwrite what no later op reads.
	var value gorgonia.Value
	gorgonia.Read(y, &value)
	if lisp {
		m := gorgonia.NewLispMachine(g)
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		out.Y = Floats(t, value)
		for _, n := range nodes {
			d, err := n.Grad()
			if err != nil {
				t.Fatal(err)
			}
			out.Grads = append(out.Grads, Floats(t, d))
		}
		return out
	}
	grads, err := gorgonia.Grad(cost, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	Run(t, m)
	out.Y = Floats(t, value)
	for _, d := range grads {
		out.Grads = append(out.Grads, Floats(t, d.Value()))
	}
	return out
}

// ForwardOnly returns the output of f without gradients. Property tests over
// random shapes use it because the gradient of the cost fails, in about one of
// a thousand graphs, in the Repeat op of Gorgonia's Sum.
func ForwardOnly(t testing.TB, f gradcheck.Graph, inputs ...*tensor.Dense) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	for i, in := range inputs {
		nodes = append(nodes, gorgonia.NodeFromAny(g, in, gorgonia.WithName(fmt.Sprintf("input %d", i))))
	}
	y, err := f(nodes)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	Run(t, m)
	return Floats(t, y.Value())
}

// Near fails the test unless o and want agree as [Near] demands; what names them.
func (o Outcome) Near(t testing.TB, what string, want Outcome, tol float64) {
	t.Helper()
	Near(t, what+": output", o.Y, want.Y, tol)
	for i := range want.Grads {
		Near(t, fmt.Sprintf("%s: gradient of input %d", what, i), o.Grads[i], want.Grads[i], tol)
	}
}

// Near fails the test unless a and b differ by at most tol, relative to the
// larger of 1 and b.
func Near(t testing.TB, what string, a, b []float64, tol float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Errorf("%s: got %d elements, want %d", what, len(a), len(b))
		return
	}
	for i := range a {
		if a[i] == b[i] || math.IsNaN(a[i]) && math.IsNaN(b[i]) {
			continue
		}
		if e := math.Abs(a[i] - b[i]); !(e <= tol*max(1, math.Abs(b[i]))) {
			t.Errorf("%s: element %d is %v, want %v", what, i, a[i], b[i])
			return
		}
	}
}

// Tape returns a TapeMachine as a gorgonia.VM, for tables of machines.
func Tape(g *gorgonia.ExprGraph) gorgonia.VM { return gorgonia.NewTapeMachine(g) }

// InputsOf returns the inputs of a node's op, in order.
func InputsOf(n *gorgonia.Node) gorgonia.Nodes {
	var in gorgonia.Nodes
	for it := n.Graph().From(n.ID()); it.Next(); {
		in = append(in, it.Node().(*gorgonia.Node))
	}
	return in
}
