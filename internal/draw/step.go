package draw

import (
	"fmt"
	"math"
	"sync/atomic"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A Step is the source of the training step in a graph: an int64 scalar node
// without inputs that yields a new step each time a machine runs the graph.
// Every dropout of the graph reads it, and so does its gradient, so that one
// run has one step.
//
// By default it counts 0, 1, 2, ... [Step.Set] makes the next run use a given
// step, to repeat or resume a run exactly. A graph made by
// [gorgonia.ExprGraph.Clone] has the ops of the original, and so its counter:
// each run of either takes the next step of both. A copy with a counter of its
// own is made by Rewrite of package ops.
type Step struct {
	node    *gorgonia.Node
	counter *counter
}

// StepOf returns the step source of g, adding one if g has none.
//
// Do not add one that no dropout reads: [gorgonia.Grad] removes nodes without
// edges and then fails. Call StepOf after the graph is built, or use
// [FindStep].
func StepOf(g *gorgonia.ExprGraph) *Step {
	if s, ok := FindStep(g); ok {
		return s
	}
	c := new(counter)
	return &Step{gorgonia.NewScalar(g, tensor.Int64, gorgonia.WithName("step"), gorgonia.WithOp(op.New("ops", c))), c}
}

// FindStep returns the step source of g, if it has one. A graph without dropout
// has none.
func FindStep(g *gorgonia.ExprGraph) (*Step, bool) {
	for _, n := range g.AllNodes() {
		if c, ok := op.FunctionOf(n).(*counter); ok {
			return &Step{n, c}, true
		}
	}
	return nil, false
}

// IsCounter reports whether a node is the step source of its graph.
func IsCounter(n *gorgonia.Node) bool {
	_, ok := op.FunctionOf(n).(*counter)
	return ok
}

// Node returns the int64 scalar node that holds the step.
func (s *Step) Node() *gorgonia.Node { return s.node }

// Next returns the step that the next run of the graph will use.
func (s *Step) Next() int64 { return s.counter.next.Load() }

// Set makes the next run of the graph use the given step. Later runs count on
// from there, upwards or, from a negative step, downwards: only Set changes the
// sign. Dropout treats a negative step as inference, unless its mode is
// [Sample], which draws a new mask at each step.
func (s *Step) Set(step int64) { s.counter.next.Store(step) }

// counter :: Int64
type counter struct {
	op.NoGradient
	next atomic.Int64
}

func (c *counter) Name() string       { return "Step" }
func (c *counter) Inputs() []op.Input { return nil }
func (c *counter) Rank() int          { return 0 }

// String includes the counter's identity, so that two counters are never
// merged.
func (c *counter) String() string { return fmt.Sprintf("Step %p", c) }

func (c *counter) Shape([]tensor.Shape) (tensor.Shape, error) { return tensor.ScalarShape(), nil }

func (c *counter) Loops() op.Loops { return op.Loops{Step: c.count} }

// count returns the step of a run.
func (c *counter) count() (int64, error) {
	// Negative steps count away from 0: dropout that is off stays off, and
	// dropout that samples gets a new mask for each run.
	for {
		step := c.next.Load()
		next := step + 1
		switch {
		case step == math.MaxInt64:
			return 0, errors.Errorf("step must be below %d, for another to follow", step)
		case step == math.MinInt64:
			return 0, errors.Errorf("step must be above %d, for another to follow", step)
		case step < 0:
			next = step - 1
		}
		if c.next.CompareAndSwap(step, next) {
			return step, nil
		}
	}
}

// StepFor returns the node that holds the step of an op on x: step or, if that
// is nil or a constant, a node of x's graph.
func StepFor(x, step *gorgonia.Node) (*gorgonia.Node, error) {
	if step == nil {
		return StepOf(x.Graph()).Node(), nil
	}
	if err := CheckStep(x, step); err != nil || step.Graph() != nil {
		return step, err
	}
	// Gorgonia's machines cannot check constants for NaN, and constants of the
	// same name are one node, whatever their types.
	at, err := op.StepIn(step.Value())
	if err != nil {
		return nil, err
	}
	f := fixed{step: at}
	return gorgonia.NewScalar(x.Graph(), tensor.Int64, gorgonia.WithName(fmt.Sprintf("step %d", at)), gorgonia.WithOp(op.New("ops", f))), nil
}

// CheckStep returns an error unless step can hold the step of an op on x.
func CheckStep(x, step *gorgonia.Node) error {
	switch {
	case step.Graph() != nil && step.Graph() != x.Graph():
		return errors.New("step must be a node of x's graph, got one of another graph")
	case !step.IsScalar() || step.Type() != tensor.Int64:
		return errors.Errorf("step must be an int64 scalar, got %v", step.Type())
	}
	return nil
}

// fixed :: Int64
//
// It yields the same step in each run, for a graph whose masks do not change.
type fixed struct {
	op.NoGradient
	step int64
}

func (f fixed) Name() string       { return "Step" }
func (f fixed) String() string     { return fmt.Sprintf("Step{%d}", f.step) }
func (f fixed) Inputs() []op.Input { return nil }
func (f fixed) Rank() int          { return 0 }

func (f fixed) Shape([]tensor.Shape) (tensor.Shape, error) { return tensor.ScalarShape(), nil }

func (f fixed) Loops() op.Loops {
	return op.Loops{Step: func() (int64, error) { return f.step, nil }}
}
