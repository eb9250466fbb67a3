// Package vm runs expression graphs node by node. Gorgonia's tape machine
// hands each run to another goroutine and locks the caller's thread, which costs
// more than the ops of a small network; this one runs in the caller's goroutine.
// It computes nothing in place, so that every node keeps its value until the
// next run.
package vm

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Machine runs a graph. It implements [gorgonia.VM]. Use it in one goroutine
// at a time.
type Machine struct {
	inputs []input
	steps  []step
	values []gorgonia.Value // of inputs and steps, by their places
}

// An input is a node without an op. Its value is read at the start of a run.
type input struct {
	node  *gorgonia.Node
	place int
}

// A step computes a node.
type step struct {
	node   *gorgonia.Node
	op     gorgonia.Op
	inputs gorgonia.Nodes
	from   []int            // places of the inputs
	args   []gorgonia.Value // memory for their values
	place  int

	into  gorgonia.UsePreallocDoer // computes into the memory of the last run; nil if the op can't
	fresh bool                     // the value of the last run has memory of its own
}

// New returns the machine of a complete graph, and sets its ops to training.
// Statements, such as [gorgonia.Read], are errors: only Gorgonia can run them.
func New(g *gorgonia.ExprGraph) (*Machine, error) {
	nodes, err := gorgonia.Sort(g)
	if err != nil {
		return nil, errors.Wrap(err, "vm: New")
	}
	m := &Machine{values: make([]gorgonia.Value, len(nodes))}
	places := make(map[int64]int, len(nodes))
	// Gorgonia's edges lead from an op to its inputs.
	for place, n := range slices.Backward(nodes) {
		places[n.ID()] = place
		if n.Op() == nil {
			m.inputs = append(m.inputs, input{n, place})
			continue
		}
		if n.Op().Type() == nil {
			return nil, errors.Errorf("vm: New: statements cannot run, got %v", n.Op())
		}
		if op, ok := n.Op().(gorgonia.TrainModeOp); ok {
			if err := op.SetTraining(true); err != nil {
				return nil, errors.Wrapf(err, "vm: New: %v", n.Op())
			}
		}
		m.steps = append(m.steps, newStep(g, n, places))
	}
	return m, nil
}

// newStep returns the step of a node whose inputs have places.
func newStep(g *gorgonia.ExprGraph, n *gorgonia.Node, places map[int64]int) step {
	s := step{node: n, op: n.Op(), place: places[n.ID()]}
	for in := g.From(n.ID()); in != nil && in.Next(); {
		s.inputs = append(s.inputs, in.Node().(*gorgonia.Node))
		s.from = append(s.from, places[in.Node().ID()])
	}
	s.args = make([]gorgonia.Value, len(s.from))
	// Our ops reuse memory by themselves. Others of Gorgonia's add to what is in
	// the memory, or leave parts of it as they are.
	if op, ok := n.Op().(gorgonia.BinaryOp); ok && op.IsBinary() {
		s.into, _ = n.Op().(gorgonia.UsePreallocDoer)
	}
	return s
}

// RunAll computes all nodes of the graph and gives them their values, in memory
// that the next run may overwrite. Each input must have a value. The error of an
// op is an [*Error].
func (m *Machine) RunAll() error {
	for _, in := range m.inputs {
		v := in.node.Value()
		if v == nil {
			return errors.Errorf("vm: RunAll: %v must have a value, got none", in.node)
		}
		m.values[in.place] = v
	}
	for i := range m.steps {
		s := &m.steps[i]
		for k, place := range s.from {
			s.args[k] = m.values[place]
		}
		before := m.values[s.place]
		v, err := s.do(before)
		if err == nil && v == nil {
			err = errors.Errorf("%v must return a value, got none", s.op)
		}
		if err == nil && v != before {
			s.fresh = s.apart(v)
			err = bind(s.node, v)
		}
		if err != nil {
			return &Error{node: s.node, err: err}
		}
		m.values[s.place] = v
	}
	return nil
}

// do computes the node from s.args, into the memory of its last value if that
// fits.
func (s *step) do(before gorgonia.Value) (gorgonia.Value, error) {
	if s.into != nil && s.fresh && before.Shape().Eq(s.node.Shape()) && s.usual() {
		if v, err := s.into.UsePreallocDo(before, s.args...); err == nil {
			return v, nil
		}
	}
	return s.op.Do(s.args...)
}

// usual reports whether the inputs have the shapes of their nodes. Where dropout
// rests, units that it would drop are there.
func (s *step) usual() bool {
	for k, in := range s.inputs {
		if !s.args[k].Shape().Eq(in.Shape()) {
			return false
		}
	}
	return true
}

// apart reports whether a value has memory of its own: an op may return its input
// or a part of it.
func (s *step) apart(v gorgonia.Value) bool {
	for _, in := range s.args {
		if from := in.Uintptr(); v.Uintptr() >= from && v.Uintptr() < from+max(in.MemSize(), 1) {
			return false
		}
	}
	return true
}

// bind gives a node its value. Ops may return a scalar for a vector of one
// element, or the other way round, and other shapes where dropout rests.
func bind(n *gorgonia.Node, v gorgonia.Value) error {
	if t, ok := v.(tensor.Tensor); ok {
		tensor.WithEngine(gorgonia.StandardEngine{})(t)
	}
	switch {
	case n.Shape().Eq(v.Shape()):
		return gorgonia.UnsafeLet(n, v)
	case n.Type().Eq(gorgonia.TypeOf(v)):
		gorgonia.WithValue(v)(n)
		return nil
	case v.Dtype() != n.Dtype() || v.Shape().TotalSize() != 1 || n.Shape().TotalSize() != 1:
		return errors.Errorf("value must be %v of shape %v, got %v of shape %v", n.Type(), n.Shape(), gorgonia.TypeOf(v), v.Shape())
	}
	element := v.Data()
	if t, ok := v.(*tensor.Dense); ok {
		element = t.Get(0)
	}
	if n.IsScalar() {
		return gorgonia.UnsafeLet(n, element)
	}
	one := tensor.New(tensor.FromScalar(element))
	if err := one.Reshape(n.Shape()...); err != nil {
		return err
	}
	return gorgonia.UnsafeLet(n, one)
}

// Reset does nothing: each run begins at the start.
func (m *Machine) Reset() {}

// Close does nothing: a machine holds nothing but memory.
func (m *Machine) Close() error { return nil }

// An Error is that of an op.
type Error struct {
	node *gorgonia.Node
	err  error
}

// Node returns the node of the op.
func (e *Error) Node() *gorgonia.Node { return e.node }

// Err returns the op's error.
func (e *Error) Err() error { return e.err }

// Unwrap returns the op's error.
func (e *Error) Unwrap() error { return e.err }

// Error returns the op's message.
func (e *Error) Error() string { return e.err.Error() }
