package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// A Step is the source of the training step in a graph: an int64 scalar node
// without inputs that yields a new step each time a machine runs the graph.
// Every dropout of the graph reads it, and so does its gradient, so that one
// run has one step.
//
// By default it counts 0, 1, 2, ... Its method Set(step int64) makes the next run
// use a given step, to repeat or resume a run exactly; Next() int64 is the step of
// the next run, and Node() its node. A graph made by
// [gorgonia.ExprGraph.Clone] has the ops of the original, and so its counter:
// each run of either takes the next step of both. A copy with a counter of its
// own is made by [Rewrite].
type Step = draw.Step

// StepOf returns the step source of g, adding one if g has none.
//
// Do not add one that no dropout reads: [gorgonia.Grad] removes nodes without
// edges and then fails. Call StepOf after the graph is built, or use
// [FindStep].
func StepOf(g *gorgonia.ExprGraph) *Step { return draw.StepOf(g) }

// FindStep returns the step source of g, if it has one. A graph without dropout
// has none.
func FindStep(g *gorgonia.ExprGraph) (*Step, bool) { return draw.FindStep(g) }
