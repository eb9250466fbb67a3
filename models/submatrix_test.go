package models_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
)

// outputs runs a graph of the model at a step and returns its output, and in
// training the gradients of its parameters.
func outputs(t *testing.T, net models.Layer, mode models.Mode, step int64, opts ...models.Option) (values [][]float64, g *models.Graph) {
	t.Helper()
	m, err := models.New(net, []int{6}, append(opts, models.WithSeed(3), models.WithDtype(tensor.Float64))...)
	if err != nil {
		t.Fatal(err)
	}
	if g, err = m.Build(mode, 5); err != nil {
		t.Fatal(err)
	}
	x := make([]float64, 5*6)
	for i := range x {
		x[i] = math.Sin(float64(3*i + 1))
	}
	if err := gorgonia.Let(g.Input, tensor.New(tensor.WithShape(5, 6), tensor.WithBacking(x))); err != nil {
		t.Fatal(err)
	}
	nodes := gorgonia.Nodes{g.Output}
	if mode == models.Train {
		shape := g.Output.Shape()
		weights := make([]float64, shape.TotalSize())
		for i := range weights {
			weights[i] = math.Cos(float64(i))
		}
		by := gorgonia.NodeFromAny(g.ExprGraph, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(weights)), gorgonia.WithName("weights"))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(g.Output, by)))), g.Params()...)
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, grads...)
	}
	machine := gorgonia.NewTapeMachine(g.ExprGraph)
	defer machine.Close()
	g.SetStep(step)
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		values = append(values, n.Value().Data().([]float64))
	}
	return values, g
}

// Submatrix gives what ExactK gives, wherever it is, and thins the layers around it
// where it can.
func TestSubmatrixIsExactK(t *testing.T) {
	shared := models.Linear(8, 8)
	twice := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		same := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
			return models.Sequential{shared, models.ReLU(), models.Submatrix(0.5), models.Linear(8, 4)}.Apply(s.Child("same"), x)
		})
		y, err := same.Apply(s, x)
		if err != nil {
			return nil, err
		}
		z, err := same.Apply(s, x)
		if err != nil {
			return nil, err
		}
		return gorgonia.Add(y, z)
	})
	for _, c := range []struct {
		name string
		net  models.Layer
		thin int // parameters of which the training graph uses blocks
	}{
		{"MLP", models.MLP{Inputs: 6, Hidden: []int{8, 7}, Outputs: 3, InputDropout: 0.3, HiddenDropout: 0.5, Submatrix: true}, 5},
		{"no input dropout", models.MLP{Inputs: 6, Hidden: []int{8}, Outputs: 3, HiddenDropout: 0.5, Submatrix: true}, 3},
		{"input dropout alone", models.MLP{Inputs: 6, Outputs: 3, InputDropout: 0.5, Submatrix: true}, 1},
		{"no dropout", models.MLP{Inputs: 6, Hidden: []int{8}, Outputs: 3, Submatrix: true}, 0},
		{"another activation", models.MLP{Inputs: 6, Hidden: []int{8, 7}, Outputs: 3, HiddenDropout: 0.25, Submatrix: true, Activation: models.Tanh()}, 5},
		{"batch norm", models.MLP{Inputs: 6, Hidden: []int{8, 7}, Outputs: 3, HiddenDropout: 0.5, Submatrix: true, BatchNorm: true}, 2},
		{"no bias and no activation", models.Sequential{models.LinearLayer{In: 6, Out: 8, NoBias: true}, models.Submatrix(0.5), models.Linear(8, 3)}, 2},
		{"two in a row", models.Sequential{models.Linear(6, 8), models.ReLU(), models.Submatrix(0.5), models.Submatrix(0.5), models.Linear(8, 3)}, 1},
		{"at the end", models.Sequential{models.Linear(6, 8), models.ReLU(), models.Submatrix(0.5)}, 0},
		{"before an activation", models.Sequential{models.Linear(6, 8), models.Submatrix(0.5), models.ReLU(), models.Linear(8, 3)}, 0},
		{"behind a softmax", models.Sequential{models.Linear(6, 8), models.Softmax(), models.Submatrix(0.5), models.Linear(8, 3)}, 1},
		{"p = 0 and 0.5", models.Sequential{models.Linear(6, 8), models.Submatrix(0), models.Linear(8, 7), models.Submatrix(0.5), models.Linear(7, 3)}, 3},
		{"all dropped", models.Sequential{models.Linear(6, 8), models.ReLU(), models.Submatrix(1), models.Linear(8, 3)}, 0},
		{"with Dropout", models.Sequential{models.Dropout(0.2), models.Linear(6, 8), models.Submatrix(0.5), models.Linear(8, 7), models.ReLU(), models.Dropout(0.5), models.Linear(7, 3)}, 3},
		{"layers used twice", models.Sequential{models.Linear(6, 8), twice}, 0},
	} {
		for _, mode := range []models.Mode{models.Train, models.Eval, models.Sample} {
			for _, step := range []int64{0, 4} {
				want, _ := outputs(t, c.net, mode, step, models.WithoutFusion())
				got, g := outputs(t, c.net, mode, step)
				for k := range want {
					for i, x := range want[k] {
						if !(math.Abs(got[k][i]-x) <= 1e-12*max(1, math.Abs(x))) {
							t.Fatalf("%s, %v, step %d: element %d of value %d is %v, want %v", c.name, mode, step, i, k, got[k][i], x)
						}
					}
				}
				thin := 0
				for i, b := range g.Blocks() {
					if b.Node != g.Params()[i] {
						thin++
					}
				}
				if want := c.thin; mode == models.Train && thin != want || mode == models.Eval && thin > 0 {
					t.Errorf("%s, %v: %d parameters have blocks, want %d", c.name, mode, thin, want)
				}
				if _, ok := ops.FindStep(g.ExprGraph); ok && mode == models.Eval {
					t.Errorf("%s: the graph for evaluation has dropout", c.name)
				}
			}
		}
	}
}

func TestSubmatrixRejects(t *testing.T) {
	for _, c := range []struct {
		net  models.Layer
		want string
	}{
		{models.Sequential{models.Linear(6, 8), models.Submatrix(1.5), models.Linear(8, 3)}, "models: 1: Submatrix: p must be in [0, 1], got 1.5"},
		{models.Sequential{models.Linear(6, 8), models.Submatrix(0.5), models.Linear(7, 3)}, "models: 2: Linear: input must have shape (batch, 7), got (1, 8)"},
		{models.Sequential{models.Linear(5, 8), models.Submatrix(0.5), models.Linear(8, 3)}, "models: 0: Linear: input must have shape (batch, 5), got (1, 6)"},
		{models.Sequential{models.Submatrix(0.5), models.Linear(6, -8)}, "models: 1: Linear: sizes must be positive, got 6 and -8"},
	} {
		if _, err := models.New(c.net, []int{6}); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
