package testkit

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// SharedGradients returns the graph of the sum of (x + 2y)² in which a node
// between the gradients shares the memory of that of x, and both gradients: 2(x +
// 2y) and 4(x + 2y), for x = (1, 2) and y = (3, 5).
func SharedGradients(t testing.TB) (g *gorgonia.ExprGraph, grads gorgonia.Nodes) {
	t.Helper()
	g = gorgonia.NewGraph()
	input := func(name string, values ...float64) *gorgonia.Node {
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(1, 2), tensor.WithBacking(values)), gorgonia.WithName(name))
	}
	x, y := input("x", 1, 2), input("y", 3, 5)
	// The order in which nodes are made is that in which gradients are added up.
	both := gorgonia.Must(gorgonia.Add(x, y))
	reshaped := gorgonia.Must(gorgonia.Reshape(gorgonia.Must(gorgonia.Reshape(y, tensor.Shape{2})), tensor.Shape{1, 2}))
	sum := gorgonia.Must(gorgonia.Add(reshaped, both))
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(sum, sum))))
	grads, err := gorgonia.Grad(loss, x, y)
	if err != nil {
		t.Fatal(err)
	}
	return g.ExactSubgraphRoots(append(grads, loss)...), grads
}
