package ops

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Step is the source of the training step in a graph: an int64 scalar node
// without inputs that yields a new step each time a machine runs the graph.
// Every dropout of the graph reads it, and so does its gradient, so that one
// run has one step.
//
// Left alone it counts 0, 1, 2, ... Set makes the next run use a given step,
// for exact repetition and resumption.
type Step struct {
	node *gorgonia.Node
	op   *stepOp
}

// StepOf returns the step source of g, adding it where g has none.
//
// Add none that no dropout reads: gorgonia.Grad removes nodes without edges and
// fails afterwards. Call StepOf after the graph is built, or use FindStep.
func StepOf(g *gorgonia.ExprGraph) *Step {
	if s, ok := FindStep(g); ok {
		return s
	}
	op := &stepOp{reused: new(reused)}
	return &Step{gorgonia.NewScalar(g, tensor.Int64, gorgonia.WithName("step"), gorgonia.WithOp(op)), op}
}

// FindStep returns the step source of g, if g has one: a graph without dropout
// has none.
func FindStep(g *gorgonia.ExprGraph) (*Step, bool) {
	for _, n := range g.AllNodes() {
		if op, ok := n.Op().(*stepOp); ok {
			return &Step{n, op}, true
		}
	}
	return nil, false
}

// Node returns the int64 scalar node that holds the step.
func (s *Step) Node() *gorgonia.Node { return s.node }

// Next returns the step that the next run of the graph will use.
func (s *Step) Next() int64 { return s.op.next.Load() }

// Set makes step the one that the next run of the graph uses; later runs count
// on from there. Dropout treats a negative step as inference.
func (s *Step) Set(step int64) { s.op.next.Store(step) }

// stepOp :: Int64
//
// Its result is a scalar tensor: the checks for NaN and Inf of a machine do not know
// gorgonia.I64 and panic where nobody can recover.
type stepOp struct {
	next atomic.Int64
	*reused
}

func (op *stepOp) Arity() int    { return 0 }
func (op *stepOp) Type() hm.Type { return tensor.Int64 }
func (op *stepOp) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}
func (op *stepOp) ReturnsPtr() bool     { return false }
func (op *stepOp) CallsExtern() bool    { return false }
func (op *stepOp) OverwritesInput() int { return -1 }
func (op *stepOp) String() string       { return "Step" }

// WriteHash hashes the op's identity: two counters are never one.
func (op *stepOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "Step %p", op) }
func (op *stepOp) Hashcode() uint32      { return hashOf(op) }

func (op *stepOp) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if len(inputs) != 0 {
		return nil, errors.Errorf("ops: Step: want no inputs, got %d", len(inputs))
	}
	// A run counts away from zero or towards it alike: only Set changes the
	// mode that a negative step stands for.
	for {
		step := op.next.Load()
		if step == math.MaxInt64 {
			return nil, errors.Errorf("ops: Step: step must be below %d, for another to follow", step)
		}
		next := step + 1
		if step < 0 {
			next = step
		}
		if op.next.CompareAndSwap(step, next) {
			return op.result(step), nil
		}
	}
}

// result returns step as a value, in the memory of the last one where that is kept.
func (op *stepOp) result(step int64) gorgonia.Value {
	if v, ok := op.memory(nil).(*tensor.Dense); ok {
		v.Int64s()[0] = step
		return v
	}
	v := stepValue(step)
	op.keep(v)
	return v
}

// stepFor returns the node that holds the step of an op on x: step, or what the graph
// has where that is nil or a constant.
func stepFor(x, step *gorgonia.Node) (*gorgonia.Node, error) {
	if step == nil {
		return StepOf(x.Graph()).Node(), nil
	}
	if err := checkStep(x, step); err != nil || step.Graph() != nil {
		return step, err
	}
	// Gorgonia's constants are none of the values that its machines look at for NaN,
	// and those of one name are one node, whatever their types.
	at, err := stepIn(step.Value())
	if err != nil {
		return nil, err
	}
	return gorgonia.NewScalar(x.Graph(), tensor.Int64, gorgonia.WithName(fmt.Sprintf("step %d", at)), gorgonia.WithOp(fixedStep(at))), nil
}

// checkStep returns an error unless step can be that of an op on x.
func checkStep(x, step *gorgonia.Node) error {
	switch {
	case step.Graph() != nil && step.Graph() != x.Graph():
		return errors.New("step must be a node of x's graph, got one of another graph")
	case !step.IsScalar() || step.Type() != tensor.Int64:
		return errors.Errorf("step must be an int64 scalar, got %v", step.Type())
	}
	return nil
}

// fixedStep :: Int64
//
// It is the one step of a graph whose masks do not change.
type fixedStep int64

func (op fixedStep) Arity() int    { return 0 }
func (op fixedStep) Type() hm.Type { return tensor.Int64 }
func (op fixedStep) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}
func (op fixedStep) ReturnsPtr() bool     { return false }
func (op fixedStep) CallsExtern() bool    { return false }
func (op fixedStep) OverwritesInput() int { return -1 }
func (op fixedStep) String() string       { return fmt.Sprintf("Step{%d}", int64(op)) }

func (op fixedStep) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String()) }
func (op fixedStep) Hashcode() uint32      { return hashOf(op) }

func (op fixedStep) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if len(inputs) != 0 {
		return nil, errors.Errorf("ops: Step: want no inputs, got %d", len(inputs))
	}
	return stepValue(int64(op)), nil
}

// stepValue returns step as a scalar tensor.
func stepValue(step int64) *tensor.Dense { return tensor.New(tensor.FromScalar(step)) }

// hashOf is the Hashcode of an op that can write its hash.
func hashOf(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// stepIn reads the step that a step node holds.
func stepIn(v gorgonia.Value) (int64, error) {
	switch v := v.(type) {
	case *gorgonia.I64:
		return int64(*v), nil
	case *tensor.Dense:
		if v.Dtype() == tensor.Int64 && size(v.Shape()) == 1 {
			return v.Int64s()[0], nil
		}
	}
	return 0, errors.Errorf("step must be an int64 scalar, got %s", describe(v))
}

// describe names a value's type and shape for error messages.
func describe(v gorgonia.Value) string {
	if v == nil {
		return "nothing"
	}
	if t, ok := v.(tensor.Tensor); ok {
		return fmt.Sprintf("%T of %v %v", v, t.Dtype(), t.Shape())
	}
	return fmt.Sprintf("%T", v)
}
