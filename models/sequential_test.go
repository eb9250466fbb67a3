package models_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Layers joined to one op give the numbers of the plain ones, masks and gradients
// included.
func TestFusedIsPlain(t *testing.T) {
	nets := map[string]models.Layer{
		"MLP":           models.MLP{Inputs: 6, Hidden: []int{9, 7}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5},
		"batch norm":    models.MLP{Inputs: 6, Hidden: []int{9, 7}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5, BatchNorm: true},
		"no bias":       models.Sequential{models.LinearLayer{In: 6, Out: 9, NoBias: true}, models.ReLU(), models.Dropout(0.5), models.Linear(9, 3)},
		"no activation": models.Sequential{models.Linear(6, 9), models.Dropout(0.5), models.Linear(9, 3), models.ReLU()},
		"p = 0 and 1":   models.Sequential{models.Linear(6, 9), models.ReLU(), models.Dropout(0), models.Linear(9, 3), models.Dropout(1)},
		"options":       models.Sequential{models.Linear(6, 9), models.ReLU(), models.Dropout(0.5, ops.WithBroadcastAxes(0)), models.Linear(9, 3)},
		"tanh":          models.Sequential{models.Linear(6, 9), models.Tanh(), models.Dropout(0.5), models.Linear(9, 3), models.Dropout(0.5)},
	}
	for name, net := range nets {
		for _, mode := range []models.Mode{models.Eval, models.Train, models.Sample} {
			values := func(opts ...models.Option) (out [][]float64) {
				m, err := models.New(net, []int{6}, append(opts, models.WithSeed(3), models.WithDtype(tensor.Float64))...)
				if err != nil {
					t.Fatal(err)
				}
				g, err := m.Build(mode, 5)
				if err != nil {
					t.Fatal(err)
				}
				x := make([]float64, 30)
				for i := range x {
					x[i] = math.Sin(float64(i))
				}
				if err := gorgonia.Let(g.Input, tensor.New(tensor.WithShape(5, 6), tensor.WithBacking(x))); err != nil {
					t.Fatal(err)
				}
				labels := gorgonia.NodeFromAny(g.ExprGraph, tensor.New(tensor.WithBacking([]int{0, 1, 2, 0, 1})), gorgonia.WithName("labels"))
				grads, err := gorgonia.Grad(gorgonia.Must(nn.SoftmaxCrossEntropy(g.Output, labels)), g.Params()...)
				if err != nil {
					t.Fatal(err)
				}
				machine := gorgonia.NewTapeMachine(g.ExprGraph)
				defer machine.Close()
				g.SetStep(4)
				if err := machine.RunAll(); err != nil {
					t.Fatal(err)
				}
				for _, n := range append(gorgonia.Nodes{g.Output}, grads...) {
					out = append(out, n.Value().Data().([]float64))
				}
				return out
			}
			want, got := values(models.WithoutFusion()), values()
			for k := range want {
				for i := range want[k] {
					if math.Abs(got[k][i]-want[k][i]) > 1e-12*max(1, math.Abs(want[k][i])) {
						t.Fatalf("%s, %v: value %d, element %d is %v, want %v", name, mode, k, i, got[k][i], want[k][i])
					}
				}
			}
		}
	}
}
