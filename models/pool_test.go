package models_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// Activation layers are listed, and nothing else that has no parameters.
func TestActivationsAreActivations(t *testing.T) {
	net := models.Sequential{
		models.Unflatten(2, 8, 8), models.Conv2d(3, 3), models.Sigmoid(), models.AvgPool2d(2), models.MaxPool2d(1), models.ReLU(),
		models.MaxPool2d(3, nn.WithStride(1)), models.ReLU(), models.Flatten(), models.Linear(3, 3), models.Unflatten(3, 1, 1),
		models.GlobalAvgPool2d(), models.LeakyReLU(0.1), models.Linear(3, 3), models.SELU(), models.GELU(), models.Tanh(), models.Softmax(), models.LogSoftmax(),
	}
	for _, mode := range []models.Mode{models.Eval, models.Train} {
		g, err := mustModel(t, net, []int{128}).Build(mode, 2)
		if err != nil {
			t.Fatal(err)
		}
		var layers []string
		for _, a := range g.Activations() {
			layers = append(layers, a.Layer)
		}
		if want := []string{"2", "5", "7", "12", "14", "15", "16", "17", "18"}; !slices.Equal(layers, want) {
			t.Errorf("%v: activations are of layers %v, want %v", mode, layers, want)
		}
	}
}

// A ReLU that is computed behind the max pooling, or in one op with a convolution,
// gives the numbers of one by itself, gradients and ties included, and the activations
// have their places.
func TestReLUOfConvolutions(t *testing.T) {
	nets := map[string]models.Layer{
		"ConvNet":     models.ConvNet{Channels: []int{3, 4}, Hidden: []int{5}, Outputs: 3, ChannelDropout: 0.3, HiddenDropout: 0.5},
		"overlapping": models.Sequential{models.Conv2d(3, 3), models.ReLU(), models.MaxPool2d(3, nn.WithStride(2), nn.WithPadding(1)), models.Flatten(), models.Linear(27, 3)},
		"no pooling":  models.Sequential{models.Conv2d(3, 3, nn.WithStride(2)), models.ReLU(), models.Conv2d(2, 2), models.ReLU(), models.Flatten(), models.Linear(8, 3)},
		"first":       models.Sequential{models.ReLU(), models.MaxPool2d(2), models.Conv2d(2, 1), models.ReLU(), models.Flatten(), models.Linear(32, 3)},
	}
	for name, net := range nets {
		for _, mode := range []models.Mode{models.Eval, models.Train, models.Sample} {
			values := func(opts ...models.Option) (out [][]float64, layers []string) {
				m, err := models.New(net, []int{2, 8, 8}, append(opts, models.WithSeed(3), models.WithDtype(tensor.Float64))...)
				if err != nil {
					t.Fatal(err)
				}
				g, err := m.Build(mode, 4)
				if err != nil {
					t.Fatal(err)
				}
				r := rand.New(rand.NewPCG(1, 2))
				x := make([]float64, 4*2*8*8)
				for i := range x {
					x[i] = float64(r.IntN(5) - 2) // with ties
				}
				if err := gorgonia.Let(g.Input, tensor.New(tensor.WithShape(4, 2, 8, 8), tensor.WithBacking(x))); err != nil {
					t.Fatal(err)
				}
				labels := gorgonia.NodeFromAny(g.ExprGraph, tensor.New(tensor.WithBacking([]int{0, 1, 2, 0})), gorgonia.WithName("labels"))
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
				for _, a := range g.Activations() {
					layers = append(layers, a.Layer)
				}
				return out, layers
			}
			want, wantLayers := values(models.WithoutFusion())
			got, layers := values()
			if len(layers) != len(wantLayers) {
				t.Errorf("%s, %v: activations of %v, want %v", name, mode, layers, wantLayers)
			}
			for i := range layers {
				if layers[i] != wantLayers[i] {
					t.Errorf("%s, %v: activations of %v, want %v", name, mode, layers, wantLayers)
				}
			}
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
