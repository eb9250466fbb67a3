package ops_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/ops"
)

func TestFlatten(t *testing.T) {
	for _, shape := range [][]int{{2, 3, 4}, {2, 3, 2, 2}, {1, 1, 1}, {3, 1, 2}} {
		checkFunction(t, unary(ops.Flatten).graph(), shape)
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(2, 3, 4, 5), gorgonia.WithName("x"))
	y, err := ops.Flatten(x)
	if err != nil {
		t.Fatal(err)
	}
	if !y.Shape().Eq(tensor.Shape{2, 60}) {
		t.Errorf("shape is %v, want (2, 60)", y.Shape())
	}
	if again, err := ops.Flatten(y); again != y || err != nil {
		t.Errorf("a matrix became %v, %v", again, err)
	}
	v := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("v"))
	for _, bad := range []*gorgonia.Node{nil, v} {
		_, err := ops.Flatten(bad)
		rejects(t, err, "ops: Flatten: x must be a node of shape (N, ...)")
	}
}

func TestUnflatten(t *testing.T) {
	graph := func(in []*gorgonia.Node) (*gorgonia.Node, error) { return ops.Unflatten(in[0], 3, 2) }
	for _, shape := range [][]int{{2, 6}, {1, 6}, {2, 2, 3}, {2, 3, 2}} {
		checkFunction(t, graph, shape)
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 6), gorgonia.WithName("x"))
	for want, f := range map[string]func() (*gorgonia.Node, error){
		"ops: Unflatten: x must be a node of shape (N, ...)":                     func() (*gorgonia.Node, error) { return ops.Unflatten(nil, 6) },
		"ops: Unflatten: shape must be positive, got []":                         func() (*gorgonia.Node, error) { return ops.Unflatten(x) },
		"ops: Unflatten: shape must be positive, got [6 0]":                      func() (*gorgonia.Node, error) { return ops.Unflatten(x, 6, 0) },
		"ops: Unflatten: x must have 4 elements to an example, got shape (2, 6)": func() (*gorgonia.Node, error) { return ops.Unflatten(x, 4) },
	} {
		_, err := f()
		rejects(t, err, want)
	}
}
