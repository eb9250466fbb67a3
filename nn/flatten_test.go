package nn_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestFlatten(t *testing.T) {
	for _, shape := range [][]int{{2, 3, 4}, {2, 3, 2, 2}, {1, 1, 1}, {3, 1, 2}} {
		testkit.CheckFunction(t, unary(nn.Flatten).graph(), shape)
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(2, 3, 4, 5), gorgonia.WithName("x"))
	y, err := nn.Flatten(x)
	if err != nil {
		t.Fatal(err)
	}
	if !y.Shape().Eq(tensor.Shape{2, 60}) {
		t.Errorf("shape is %v, want (2, 60)", y.Shape())
	}
	if again, err := nn.Flatten(y); again != y || err != nil {
		t.Errorf("a matrix became %v, %v", again, err)
	}
	v := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("v"))
	for _, bad := range []*gorgonia.Node{nil, v} {
		_, err := nn.Flatten(bad)
		testkit.Rejects(t, err, "nn: Flatten: x must be a node of shape (N, ...)")
	}
}

func TestUnflatten(t *testing.T) {
	graph := func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.Unflatten(in[0], 3, 2) }
	for _, shape := range [][]int{{2, 6}, {1, 6}, {2, 2, 3}, {2, 3, 2}} {
		testkit.CheckFunction(t, graph, shape)
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 6), gorgonia.WithName("x"))
	for want, f := range map[string]func() (*gorgonia.Node, error){
		"nn: Unflatten: x must be a node of shape (N, ...)":                     func() (*gorgonia.Node, error) { return nn.Unflatten(nil, 6) },
		"nn: Unflatten: shape must be positive, got []":                         func() (*gorgonia.Node, error) { return nn.Unflatten(x) },
		"nn: Unflatten: shape must be positive, got [6 0]":                      func() (*gorgonia.Node, error) { return nn.Unflatten(x, 6, 0) },
		"nn: Unflatten: x must have 4 elements to an example, got shape (2, 6)": func() (*gorgonia.Node, error) { return nn.Unflatten(x, 4) },
	} {
		t.Run(want, func(t *testing.T) {
			_, err := f()
			testkit.Rejects(t, err, want)
		})
	}
}
