package op_test

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

func TestApplyRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := matrix(g, tensor.Float64, "x")
	narrow := matrix(g, tensor.Float32, "narrow")
	whole := matrix(g, tensor.Int, "whole")
	vector := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("vector"))
	foreign := matrix(gorgonia.NewGraph(), tensor.Float64, "foreign")
	any2 := func(second op.Input) fake { return sum(of(op.AnyRank), second) }
	refusing := doubled(2)
	refusing.shape = func([]tensor.Shape) (tensor.Shape, error) { return nil, errors.New("x must be square") }
	for name, tt := range map[string]struct {
		f    fake
		in   []*gorgonia.Node
		want string
	}{
		"number":            {doubled(2), gorgonia.Nodes{x, x}, "there must be 1 inputs, got 2"},
		"nil":               {doubled(2), gorgonia.Nodes{nil}, "x must be a node of a graph, got none"},
		"a constant first":  {doubled(0), gorgonia.Nodes{gorgonia.NewConstant(1.5)}, "x must be a node of a graph, got none"},
		"nil second":        {any2(op.Input{Name: "b", Rank: op.AnyRank}), gorgonia.Nodes{x, nil}, "b must be a node of a graph, got none"},
		"another graph":     {any2(op.Input{Name: "b", Rank: op.AnyRank}), gorgonia.Nodes{x, foreign}, "b must be a node of the graph of x, got one of another graph"},
		"int":               {doubled(2), gorgonia.Nodes{whole}, "x must be of float32 or float64, got int"},
		"two types":         {any2(op.Input{Name: "b", Rank: op.AnyRank}), gorgonia.Nodes{x, narrow}, "b must be of float64 as the inputs before it, got float32"},
		"a type of its own": {any2(op.Input{Name: "b", Rank: 2, Dtype: tensor.Float32}), gorgonia.Nodes{x, x}, "b must be of float32, got float64"},
		"ids of floats":     {any2(op.Input{Name: "ids", Rank: 2, Of: op.IDs}), gorgonia.Nodes{x, x}, "ids must be of int, got float64"},
		"a step of floats":  {any2(op.Input{Name: "step", Of: op.Step}), gorgonia.Nodes{x, x}, "step must be of int64, got float64"},
		"rank":              {doubled(2), gorgonia.Nodes{vector}, "x must have rank 2, got shape (3)"},
		"ranks":             {any2(op.Input{Name: "b", Rank: op.AnyRank}), gorgonia.Nodes{x, vector}, "b must have the rank of x, of shape (2, 3), got (3)"},
		"shape":             {refusing, gorgonia.Nodes{x}, "x must be square"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := op.Apply("test", tt.f, tt.in...)
			testkit.Rejects(t, err, "test: fake: "+tt.want)
		})
	}
}

// A constant becomes a node of the graph of the inputs before it.
func TestApplyConstant(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 2, 3), gorgonia.WithName("x"))
	y := apply(t, sum(of(op.AnyRank), op.Input{Name: "c", Of: op.Scalar, Dtype: tensor.Float32}), x, gorgonia.NewConstant(float32(0.5)))
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	testkit.Near(t, "output", testkit.Floats(t, y.Value()), []float64{1.5, 2.5, 3.5, 4.5, 5.5, 6.5}, 0)
}

// An input of any rank takes each, scalars too.
func TestAnyRank(t *testing.T) {
	for _, shape := range [][]int{{}, {3}, {2, 3}, {2, 1, 3}} {
		g := gorgonia.NewGraph()
		var x *gorgonia.Node
		if len(shape) == 0 {
			x = gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("x"))
		} else {
			x = gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("x"))
		}
		if y := apply(t, doubled(op.AnyRank), x); !y.Shape().Eq(x.Shape()) {
			t.Errorf("%v: got shape %v", shape, y.Shape())
		}
	}
}
