package nn_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// At 0 the slope is 0 for ReLU and the given one for LeakyReLU, as in PyTorch.
func TestReLUGradientAtZero(t *testing.T) {
	for name, want := range map[string]float64{"ReLU": 0, "LeakyReLU": 0.1} {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{0, math.Copysign(0, -1)})), gorgonia.WithName("x"))
		y, err := activations()[name](x)
		if err != nil {
			t.Fatal(err)
		}
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		testkit.Run(t, m)
		testkit.Near(t, name, testkit.Floats(t, grads[0].Value()), []float64{want, want}, 0)
		m.Close()
	}
}

func BenchmarkReLU(b *testing.B) {
	for name, f := range map[string]unary{"ours": nn.ReLU, "gorgonia": gorgonia.Rectify, "GELU": nn.GELU} {
		b.Run(name, func(b *testing.B) {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 0, 128, 8192), gorgonia.WithName("x"))
			y, err := f(x)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x); err != nil {
				b.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			b.ReportAllocs()
			for b.Loop() {
				testkit.Run(b, m)
			}
		})
	}
}
