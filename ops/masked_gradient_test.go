package ops_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestRuleGradients(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		rates := []float64{0, 0.2, 0.5, 0.8, 1}
		if v.finite {
			rates = rates[:4]
		}
		for _, p := range rates {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				y, err := v.build(in[0], p, ops.WithFixedStep(3), ops.WithSeed(2))
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(y)
			}, 1e-6, testkit.Ramp(tensor.Float64, v.shape...))
			if err != nil {
				t.Errorf("p=%v: %v", p, err)
			}
		}
	})
}

// The square of the gradient of Sum(y^3), differentiated again; the first
// gradient is built from SymDiff because Gorgonia keeps one derivative for each
// node. ConcreteDropout has a test of its own, in both inputs.
func TestRuleSecondDerivative(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.logit }, func(t *testing.T, v variant) {
		x := testkit.Ramp(tensor.Float64, v.shape...)
		for i := range x.Float64s() {
			x.Float64s()[i] = math.Sin(float64(i + 1))
		}
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			step := gorgonia.NewConstant(int64(3), gorgonia.WithName("the step"))
			y, err := v.build(in[0], 0.5, ops.WithStep(step), ops.WithSeed(1))
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
		}, 1e-6, x)
		if err != nil {
			t.Error(err)
		}
	})
}

// A plain sum lets the machine run the backward op first; it must draw the mask
// of the forward op all the same.
func TestRuleBackwardSharesTheMask(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ones(tensor.Float64, v.shape...), gorgonia.WithName("x"))
		y := gorgonia.Must(v.build(x, 0.5))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		for range 8 {
			testkit.Run(t, m)
			out, grad := testkit.Floats(t, y.Value()), testkit.Floats(t, grads[0].Value())
			if v.dropped == nil && !testkit.SameBits(out, grad) {
				t.Fatalf("gradient must be %v, got %v", out, grad)
			}
			for i := range out {
				if isDropped := v.dropped != nil && math.Abs(out[i]-v.dropped(0.5)) < 1e-9; isDropped && grad[i] != 0 || v.dropped != nil && !isDropped && grad[i] == 0 {
					t.Fatalf("element %d is %v and its gradient %v", i, out[i], grad[i])
				}
			}
		}
	})
}

func TestRuleLispMachine(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			build := func() (g *gorgonia.ExprGraph, x *gorgonia.Node) {
				g = gorgonia.NewGraph()
				x = gorgonia.NodeFromAny(g, testkit.Ramp(dt, v.shape...), gorgonia.WithName("x"))
				y := gorgonia.Must(v.build(x, 0.5))
				// x is used twice, so that its gradients add up.
				gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Add(y, x))))
				return g, x
			}
			g, x := build()
			grads, err := gorgonia.Grad(g.Roots()[0], x)
			if err != nil {
				t.Fatal(err)
			}
			tape := gorgonia.NewTapeMachine(g)
			testkit.Run(t, tape)
			want := testkit.Floats(t, grads[0].Value())
			tape.Close()
			g, x = build()
			lisp := gorgonia.NewLispMachine(g)
			if err := lisp.RunAll(); err != nil {
				t.Fatal(err)
			}
			grad, err := x.Grad()
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range testkit.Floats(t, grad) {
				if math.Abs(got-want[i]) > 1e-6*max(1, math.Abs(want[i])) {
					t.Errorf("%v, element %d: gradient must be %v, got %v", dt, i, want[i], got)
				}
			}
			lisp.Close()
		}
	})
}
