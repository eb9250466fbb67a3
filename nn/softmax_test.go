package nn_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestSoftmax(t *testing.T) {
	for name, f := range map[string]unary{"Softmax": nn.Softmax, "LogSoftmax": nn.LogSoftmax} {
		t.Run(name, func(t *testing.T) {
			for _, shape := range [][]int{{5}, {3, 4}, {2, 3, 5}, {3, 1}, {2, 2, 2, 3}, {2, 150}} {
				testkit.CheckFunction(t, f.graph(), shape)
			}
		})
	}
}

// Large logits neither overflow nor vanish, and a shift changes nothing.
func TestSoftmaxIsStable(t *testing.T) {
	for _, shift := range []float64{0, 1e4, -1e4} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			x := testkit.Ramp(dt, 2, 3)
			if dt == tensor.Float32 {
				for i := range x.Float32s() {
					x.Float32s()[i] += float32(shift)
				}
			} else {
				for i := range x.Float64s() {
					x.Float64s()[i] += shift
				}
			}
			want := []float64{0.09003057, 0.24472847, 0.66524096, 0.09003057, 0.24472847, 0.66524096}
			what := fmt.Sprint(shift, dt)
			testkit.Near(t, what, testkit.Differentiate(t, false, unary(nn.Softmax).graph(), x).Y, want, 1e-7)
			for i := range want {
				want[i] = math.Log(want[i])
			}
			testkit.Near(t, what, testkit.Differentiate(t, false, unary(nn.LogSoftmax).graph(), x).Y, want, 1e-6)
		}
	}
	x := tensor.New(tensor.WithShape(1, 3), tensor.WithBacking([]float64{math.Inf(-1), 0, math.Inf(-1)}))
	testkit.Near(t, "masked", testkit.Differentiate(t, false, unary(nn.Softmax).graph(), x).Y, []float64{0, 1, 0}, 0)
}

func TestSoftmaxRejects(t *testing.T) {
	x := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("x"))
	_, err := nn.Softmax(x)
	testkit.Rejects(t, err, "nn: Softmax: x must have rank 1 or more, got shape ()")
	_, err = nn.LogSoftmax(nil)
	testkit.Rejects(t, err, "nn: LogSoftmax: x must be a node of a graph, got none")
}
