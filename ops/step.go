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
// Left alone it counts 0, 1, 2, ... Set makes the next run use a given step,
// for exact repetition and resumption.
type Step = draw.Step

// StepOf returns the step source of g, adding it where g has none.
//
// Add none that no dropout reads: gorgonia.Grad removes nodes without edges and
// fails afterwards. Call StepOf after the graph is built, or use FindStep.
func StepOf(g *gorgonia.ExprGraph) *Step { return draw.StepOf(g) }

// FindStep returns the step source of g, if g has one: a graph without dropout
// has none.
func FindStep(g *gorgonia.ExprGraph) (*Step, bool) { return draw.FindStep(g) }
