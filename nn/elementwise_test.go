package nn_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

type unary func(x *gorgonia.Node) (*gorgonia.Node, error)

func (f unary) graph() gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) { return f(in[0]) }
}

func leaky(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.LeakyReLU(x, 0.1) }

func activations() map[string]unary {
	return map[string]unary{
		"ReLU": nn.ReLU, "LeakyReLU": leaky, "GELU": nn.GELU, "GELUTanh": nn.GELUTanh, "SELU": nn.SELU,
		"Sigmoid": nn.Sigmoid,
	}
}

func TestActivations(t *testing.T) {
	for name, f := range activations() {
		t.Run(name, func(t *testing.T) {
			for _, shape := range [][]int{{7}, {1}, {3, 5}, {2, 3, 4}, {2, 1, 2, 3}} {
				x := testkit.Wave(tensor.Float64, 0.1, shape...)
				for i := range x.Float64s() {
					x.Float64s()[i] *= 3
				}
				testkit.CheckFunctionAt(t, f.graph(), x)
			}
		})
	}
}

// More elements than one goroutine takes.
func TestActivationsLarge(t *testing.T) {
	for name, f := range activations() {
		x := testkit.Wave(tensor.Float64, 0, 50001)
		whole := testkit.Differentiate(t, false, f.graph(), x)
		tail := tensor.New(tensor.WithBacking(x.Float64s()[49000:]))
		part := testkit.Differentiate(t, false, f.graph(), tail)
		testkit.Near(t, name, whole.Y[49000:], part.Y, 0)
		testkit.Near(t, name+": gradient", whole.Grads[0][49000:], part.Grads[0], 0)
	}
}

func TestActivationsScalar(t *testing.T) {
	for name, f := range activations() {
		low, high, flat, steep := 1.9, 2.2, 0.9, 1.2
		if name == "Sigmoid" {
			low, high, flat, steep = 0.880797, 0.880798, 0.104993, 0.104994
		}
		for _, v := range []gorgonia.Value{gorgonia.NewF64(2), gorgonia.NewF32(2)} {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, v, gorgonia.WithName("x"))
			y, err := f(x)
			if err != nil {
				t.Fatal(err)
			}
			grads, err := gorgonia.Grad(y, x)
			if err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			testkit.Run(t, m)
			if y := testkit.Floats(t, y.Value())[0]; y < low || y > high {
				t.Errorf("%s(2) = %v", name, y)
			}
			if dx := testkit.Floats(t, grads[0].Value())[0]; dx < flat || dx > steep {
				t.Errorf("%s'(2) = %v", name, dx)
			}
			m.Close()
		}
	}
}

// Values and slopes at the ends, at 0 and at NaN. Gradients come from the square,
// so that they are 2*y times the slope.
func TestActivationsAtTheEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	low := -1.7580993408473766
	x := []float64{0, -inf, inf, nan, -1000, 1000}
	for name, want := range map[string][]float64{
		"ReLU":      {0, 0, inf, nan, 0, 1000},
		"LeakyReLU": {0, -inf, inf, nan, -100, 1000},
		"GELU":      {0, 0, inf, nan, 0, 1000},
		"GELUTanh":  {0, 0, inf, nan, 0, 1000},
		"SELU":      {0, low, inf, nan, low, 1050.7009873554805},
		"Sigmoid":   {0.5, 0, 1, nan, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := testkit.Differentiate(t, false, activations()[name].graph(), tensor.New(tensor.WithBacking(x)))
			testkit.Near(t, name, got.Y, want, 1e-15)
			for i, dx := range got.Grads[0] {
				if math.IsNaN(dx) && !math.IsNaN(x[i]) {
					t.Errorf("%s: gradient at %v is NaN", name, x[i])
				}
			}
		})
	}
}

func TestActivationsReject(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("x"))
	ids := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(3), gorgonia.WithName("ids"))
	for name, f := range activations() {
		_, err := f(nil)
		testkit.Rejects(t, err, "nn: "+name+": x must be a node of a graph, got none")
		_, err = f(ids)
		testkit.Rejects(t, err, "nn: "+name+": x must be of float32 or float64, got int")
		if op := gorgonia.Must(f(x)).Op(); !strings.HasPrefix(op.String(), name) {
			t.Errorf("the op of %s is called %v", name, op)
		}
	}
	_, err := nn.LeakyReLU(x, math.Inf(1))
	testkit.Rejects(t, err, "nn: LeakyReLU: slope must be finite, got +Inf")
	a, b := gorgonia.Must(nn.LeakyReLU(x, 0.1)), gorgonia.Must(nn.LeakyReLU(x, 0.12))
	if a == b {
		t.Error("two slopes are one node")
	}
}
