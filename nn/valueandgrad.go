package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/internal/vm"
)

// Values runs the graph of the nodes once and returns their values, in memory of their own. All
// inputs must have values. It makes a machine each time: for many runs of one graph make
// a machine once.
//
//	y, err := nn.Values(loss)
func Values(of ...*gorgonia.Node) ([]gorgonia.Value, error) {
	values, err := runOnce(of)
	return values, errors.Wrap(err, "nn: Values")
}

// ValueAndGrad runs the graph of a scalar loss once, forwards and backwards, and returns its
// value and its gradients with respect to the nodes, in memory of their own. Otherwise it is
// like [Values].
//
//	loss, grads, err := nn.ValueAndGrad(loss, w1, w2)
func ValueAndGrad(loss *gorgonia.Node, wrt ...*gorgonia.Node) (value gorgonia.Value, grads []gorgonia.Value, err error) {
	nodes, err := Grad(loss, wrt...)
	if err == nil {
		grads, err = runOnce(append(gorgonia.Nodes{loss}, nodes...))
	}
	if err != nil {
		return nil, nil, errors.Wrap(err, "nn: ValueAndGrad")
	}
	return grads[0], grads[1:], nil
}

// Grad returns the nodes of the gradients of a scalar loss of float32 or float64. Unlike
// gorgonia.Grad it also takes nodes that are no inputs, and leaves the graph's other nodes as
// they are.
func Grad(loss *gorgonia.Node, wrt ...*gorgonia.Node) (gorgonia.Nodes, error) {
	if err := inOneGraph(append(gorgonia.Nodes{loss}, wrt...)); err != nil {
		return nil, errors.Wrap(err, "nn: Grad")
	}
	if !loss.IsScalar() {
		return nil, errors.Errorf("nn: Grad: loss must be a scalar, got shape %v", loss.Shape())
	}
	one := gorgonia.NewConstant(float32(1))
	switch loss.Dtype() {
	case tensor.Float32:
	case tensor.Float64:
		one = gorgonia.NewConstant(1.0)
	default:
		return nil, errors.Errorf("nn: Grad: loss must be a float32 or float64, got %v", loss.Dtype())
	}
	grads, err := gorgonia.Backpropagate(gorgonia.Nodes{loss}, gorgonia.Nodes{loss.Graph().AddNode(one)}, wrt)
	return grads, errors.Wrap(err, "nn: Grad")
}

// inOneGraph returns an error unless there are nodes, all of one graph.
func inOneGraph(nodes gorgonia.Nodes) error {
	if len(nodes) == 0 {
		return errors.New("must have a node at least, got none")
	}
	for i, n := range nodes {
		switch {
		case n == nil:
			return errors.Errorf("node %d must be set, got nil", i)
		case n.Graph() != nodes[0].Graph():
			return errors.Errorf("nodes must be of one graph, got %v of another than %v", n, nodes[0])
		}
	}
	return nil
}

// runOnce runs the graph of the nodes and returns copies of their values.
func runOnce(nodes gorgonia.Nodes) ([]gorgonia.Value, error) {
	if err := inOneGraph(nodes); err != nil {
		return nil, err
	}
	var m *vm.Machine
	err := building.Exclusively(func() (err error) {
		m, err = vm.New(nodes[0].Graph().ExactSubgraphRoots(nodes...))
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := m.RunAll(); err != nil {
		return nil, err
	}
	values := make([]gorgonia.Value, len(nodes))
	for i, n := range nodes {
		if values[i], err = gorgonia.CloneValue(n.Value()); err != nil {
			return nil, err
		}
	}
	return values, nil
}
