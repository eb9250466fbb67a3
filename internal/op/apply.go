package op

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Apply returns the node of f applied to the inputs. pkg is f's package, which
// errors name. Constants are added to the graph of the other inputs.
func Apply(pkg string, f Function, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	op := New(pkg, f)
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	shapes := make([]tensor.Shape, len(in))
	nodes := make(gorgonia.Nodes, len(in))
	var dt tensor.Dtype
	for i, input := range op.inputs {
		n := in[i]
		// Constants have no graph until they are used.
		if n == nil || n.Graph() == nil && (i == 0 || n.Value() == nil) {
			return nil, op.wrap(errors.Errorf("%s must be a node of a graph, got none", input.Name))
		}
		switch n.Graph() {
		case in[0].Graph():
		case nil:
			n = in[0].Graph().AddNode(n)
		default:
			return nil, op.wrap(errors.Errorf("%s must be a node of the graph of %s, got one of another graph", input.Name, op.inputs[0].Name))
		}
		if err := input.accepts(n, &dt); err != nil {
			return nil, op.wrap(errors.Errorf("%s %v", input.Name, err))
		}
		nodes[i], shapes[i] = n, n.Shape()
	}
	if err := op.sameRanks(shapes); err != nil {
		return nil, op.wrap(err)
	}
	if _, err := f.Shape(shapes); err != nil {
		return nil, op.wrap(err)
	}
	y, err := gorgonia.ApplyOp(op, nodes...)
	return y, op.wrap(err)
}

// accepts returns an error unless n can be the input. The error continues the
// input's name. floats is the type of the preceding float inputs, zero if there
// is none; accepts sets it to the type of this one.
func (in Input) accepts(n *gorgonia.Node, floats *tensor.Dtype) error {
	dt, err := DtypeOf(n)
	if err != nil {
		return err
	}
	switch {
	case in.Of == IDs && dt != tensor.Int:
		return errors.Errorf("must be of int, got %v", dt)
	case in.Of == Step && dt != tensor.Int64:
		return errors.Errorf("must be of int64, got %v", dt)
	case in.Of == IDs, in.Of == Step:
	case !IsFloat(dt):
		return errors.Errorf("must be of float32 or float64, got %v", dt)
	case in.Dtype != tensor.Dtype{}:
		if dt != in.Dtype {
			return errors.Errorf("must be of %v, got %v", in.Dtype, dt)
		}
	case *floats != tensor.Dtype{} && dt != *floats:
		return errors.Errorf("must be of %v as the inputs before it, got %v", *floats, dt)
	default:
		*floats = dt
	}
	if in.Rank != AnyRank && n.Dims() != in.Rank {
		return errors.Errorf("must have rank %d, got shape %v", in.Rank, n.Shape())
	}
	return nil
}
