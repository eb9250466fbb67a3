package ops

import (
	"reflect"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// Rewrite copies finished graphs, of an ONNX file or a library, and changes them
// on the way: [InsertAfter] adds dropouts, [ReplaceBuiltin] replaces those of
// Gorgonia. It returns the copies of outs, nodes of one graph, in a new graph
// with all that they are computed from and nothing else. Rewrite before
// [gorgonia.Grad]: gradients are not outputs to be copied.
//
// For each node, inputs first, rewrite returns the node to take its place, of
// the same type and shape: c.Node() for a copy of the node as it is. nil copies
// everything as it is.
//
// Values are shared: a tensor of the old graph is that of the new one, so that
// training the copy trains the parameters of the original. The graphs have
// different steps and switches for training, unlike those of
// [gorgonia.ExprGraph.Clone], but must not run at the same time. Names stay, so
// that g.ByName finds inputs and parameters. What gorgonia.Read reads is not
// copied.
//
// It is an error if an op of package nn draws its own dropout, or is one of
// [Submatrix]: build such a graph anew.
func Rewrite(outs gorgonia.Nodes, rewrite func(c *Copy) (*gorgonia.Node, error)) (gorgonia.Nodes, error) {
	r := &rewriting{rewrite: rewrite, to: gorgonia.NewGraph(), done: make(map[*gorgonia.Node]*gorgonia.Node),
		sources: make(map[*draw.Source]*draw.Source)}
	if rewrite == nil {
		r.rewrite = (*Copy).Node
	}
	copies := make(gorgonia.Nodes, 0, len(outs))
	for _, out := range outs {
		switch {
		case out == nil || out.Graph() == nil:
			return nil, errors.New("ops: Rewrite: outputs must be nodes of a graph, got none")
		case out.Graph() != outs[0].Graph():
			return nil, errors.New("ops: Rewrite: outputs must be nodes of one graph, got two")
		}
		n, err := r.node(out)
		if err != nil {
			return nil, errors.Wrap(err, "ops: Rewrite")
		}
		copies = append(copies, n)
	}
	return copies, nil
}

// A Copy is a node that [Rewrite] copies. Its methods build only what is asked
// for, since a node of the new graph that nothing uses would be in the way of
// [gorgonia.Grad].
type Copy struct {
	// Old is the node of the old graph. Read its op, name, shape and type, and
	// build nothing on it.
	Old *gorgonia.Node

	r    *rewriting
	node *gorgonia.Node
}

// Node returns the copy of the node in the new graph.
func (c *Copy) Node() (*gorgonia.Node, error) {
	if c.node != nil {
		return c.node, nil
	}
	var err error
	c.node, err = c.r.copied(c.Old)
	return c.node, err
}

// Input returns what has taken the place of input i of the node in the new
// graph.
func (c *Copy) Input(i int) (*gorgonia.Node, error) {
	in := inputsOf(c.Old)
	if i < 0 || i >= len(in) {
		return nil, errors.Errorf("input must be in [0, %d), got %d", len(in), i)
	}
	return c.r.node(in[i])
}

// InsertAfter returns a function for [Rewrite] that puts insert(x), such as a
// [Dropout] of x, in the place of each node x for which after is true. after is
// asked about nodes of the old graph.
func InsertAfter(after func(old *gorgonia.Node) bool, insert func(x *gorgonia.Node) (*gorgonia.Node, error)) func(c *Copy) (*gorgonia.Node, error) {
	return func(c *Copy) (*gorgonia.Node, error) {
		x, err := c.Node()
		if err != nil || !after(c.Old) {
			return x, err
		}
		return insert(x)
	}
}

// ReplaceBuiltin returns a function for [Rewrite] that replaces each
// [gorgonia.Dropout] by a [Dropout] with its probability and the options.
func ReplaceBuiltin(opts ...Option) func(c *Copy) (*gorgonia.Node, error) {
	return func(c *Copy) (*gorgonia.Node, error) {
		if builtinName(c.Old) != builtinDropout {
			return c.Node()
		}
		// The op has no method that tells.
		p := reflect.Indirect(reflect.ValueOf(c.Old.Op())).FieldByName("probability")
		if !p.IsValid() || !p.CanFloat() {
			return nil, errors.Errorf("gorgonia.Dropout must be that of v0.9.18, got %T", c.Old.Op())
		}
		x, err := c.Input(0)
		if err != nil {
			return nil, err
		}
		return Dropout(x, p.Float(), opts...)
	}
}

// rewriting is a graph that is being rewritten.
type rewriting struct {
	rewrite func(c *Copy) (*gorgonia.Node, error)
	to      *gorgonia.ExprGraph
	done    map[*gorgonia.Node]*gorgonia.Node // what has taken the places of nodes
	sources map[*draw.Source]*draw.Source     // and of sources, which several nodes may share
}

// node returns what takes the place of a node of the old graph.
func (r *rewriting) node(old *gorgonia.Node) (*gorgonia.Node, error) {
	if n, ok := r.done[old]; ok {
		return n, nil
	}
	n, err := r.rewrite(&Copy{Old: old, r: r})
	switch {
	case err != nil:
		return nil, err
	case n == nil || n.Graph() != r.to:
		return nil, errors.Errorf("what takes the place of node %d, %v, must be a node of the new graph, got %v", old.ID(), old.Op(), n)
	case !n.Shape().Eq(old.Shape()) || n.Type().String() != old.Type().String():
		return nil, errors.Errorf("what takes the place of node %d, %v, must be %v of shape %v, got %v of shape %v",
			old.ID(), old.Op(), old.Type(), old.Shape(), n.Type(), n.Shape())
	}
	r.done[old] = n
	return n, nil
}

// copied returns a copy of a node on what has taken the places of its inputs.
func (r *rewriting) copied(old *gorgonia.Node) (*gorgonia.Node, error) {
	in := inputsOf(old)
	if len(in) == 0 {
		return r.leaf(old)
	}
	for i, n := range in {
		var err error
		if in[i], err = r.node(n); err != nil {
			return nil, err
		}
	}
	o, err := r.op(old)
	if err != nil {
		return nil, err
	}
	n, err := gorgonia.ApplyOp(o, in...)
	if err != nil {
		return nil, errors.Wrapf(err, "copying node %d, %v", old.ID(), old.Op())
	}
	if named := old.Graph().ByName(old.Name()); len(named) > 0 {
		gorgonia.WithName(old.Name())(n)
	}
	return n, nil
}

// leaf returns a copy of a node without inputs, with the same value.
func (r *rewriting) leaf(old *gorgonia.Node) (*gorgonia.Node, error) {
	if draw.IsCounter(old) {
		return draw.StepOf(r.to).Node(), nil
	}
	n := old.CloneTo(r.to)
	v := old.Value()
	if v == nil || old.Op() != nil {
		return n, nil
	}
	if d, ok := v.(*tensor.Dense); ok && d.DataOrder() == tensor.DataOrder(0) && !d.RequiresIterator() {
		// Machines write to headers: each graph has its own over the memory.
		v = tensor.New(tensor.WithShape(d.Shape().Clone()...), tensor.WithBacking(d.Data()))
	}
	return n, errors.Wrapf(gorgonia.Let(n, v), "value of node %d, %s", old.ID(), old.Name())
}

// op returns the op of a node for its copy, with its own switch for training.
func (r *rewriting) op(old *gorgonia.Node) (gorgonia.Op, error) {
	if f := op.FunctionOf(old); f != nil {
		c, ok := f.(draw.Copier)
		if d, draws := draw.DrawingOf(old); draws && !ok {
			return nil, errors.Errorf("node %d, %v, draws with seed %d, layer %d and cannot be copied", old.ID(), old.Op(), d.Seed, d.Layer)
		}
		if ok {
			var err error
			if f, err = c.Copy(r.source); err != nil {
				return nil, err
			}
		}
		return op.Again(old, f), nil
	}
	o := old.Op()
	if _, ok := o.(gorgonia.TrainModeOp); ok {
		if v := reflect.ValueOf(o); v.Kind() == reflect.Pointer {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			if o, ok := c.Interface().(gorgonia.Op); ok {
				return o, nil
			}
		}
	}
	return o, nil
}

// source returns what has taken the place of a source.
func (r *rewriting) source(old *draw.Source) (*draw.Source, error) {
	if s, ok := r.sources[old]; ok {
		return s, nil
	}
	step, err := r.node(old.Step())
	if err != nil {
		return nil, err
	}
	s := old.WithStep(step)
	r.sources[old] = s
	return s, nil
}
