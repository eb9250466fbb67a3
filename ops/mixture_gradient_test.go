package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestChoiceGradients(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range []float64{0, 0.2, 0.5, 0.8, 1} {
				for _, step := range []int64{3, -1} {
					err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
						y, err := c.build(in, p, ops.WithFixedStep(step), ops.WithSeed(2))
						if err != nil {
							return nil, err
						}
						return gorgonia.Tanh(y)
					}, 1e-7, []*tensor.Dense{testkit.Waves(4, 5), testkit.Waves(4, 5)}[:c.tensors]...)
					if err != nil {
						t.Errorf("%s, p=%v, step %d: %v", c.name, p, step, err)
					}
				}
			}
		})
	}
}

func TestChoiceLispMachine(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			build := func() (g *gorgonia.ExprGraph, nodes []*gorgonia.Node) {
				g = gorgonia.NewGraph()
				for i := range c.tensors {
					nodes = append(nodes, gorgonia.NodeFromAny(g, testkit.Waves(3, 4), gorgonia.WithName(fmt.Sprint("x", i))))
				}
				y, err := c.build(nodes, 0.5)
				if err != nil {
					t.Fatal(err)
				}
				gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y))))
				return g, nodes
			}
			g, nodes := build()
			grads, err := gorgonia.Grad(g.Roots()[0], nodes...)
			if err != nil {
				t.Fatal(err)
			}
			tape := gorgonia.NewTapeMachine(g)
			testkit.Run(t, tape)
			want := make([][]float64, len(grads))
			for i, n := range grads {
				want[i] = testkit.Floats(t, n.Value())
			}
			tape.Close()
			g, nodes = build()
			lisp := gorgonia.NewLispMachine(g)
			if err := lisp.RunAll(); err != nil {
				t.Fatal(err)
			}
			for i, n := range nodes {
				grad, err := n.Grad()
				if err != nil {
					t.Fatal(err)
				}
				if got := testkit.Floats(t, grad); !slices.EqualFunc(got, want[i], func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
					t.Errorf("%s: gradient %d must be %v, got %v", c.name, i, want[i], got)
				}
			}
			lisp.Close()
		})
	}
}

// The square of the gradient, differentiated again, in training and at inference;
// the first gradient is built from SymDiff because Gorgonia keeps one derivative
// for each node.
func TestChoiceSecondDerivative(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			for _, at := range []int64{3, -1} {
				err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
					step := gorgonia.NewConstant(at, gorgonia.WithName("the step"))
					y, err := c.build(in, 0.3, ops.WithStep(step), ops.WithSeed(1))
					if err != nil {
						return nil, err
					}
					dy := gorgonia.Must(gorgonia.Cube(y))
					dx, err := y.Op().(gorgonia.SDOp).SymDiff(append(slices.Clone(in), step), y, dy)
					if err != nil {
						return nil, err
					}
					out, err := gorgonia.Square(dx[0])
					if err == nil && c.tensors == 2 {
						out, err = gorgonia.Add(out, dx[1])
					}
					return out, err
				}, 1e-6, []*tensor.Dense{testkit.ScaledWaves(1, 0, 4, 5), testkit.ScaledWaves(1, 2, 4, 5)}[:c.tensors]...)
				if err != nil {
					t.Errorf("%s, step %d: %v", c.name, at, err)
				}
			}
		})
	}
}
