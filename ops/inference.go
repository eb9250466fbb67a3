package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// Inference calls run, usually the RunAll of a machine that trains, with the
// dropouts of g off, and then restores the step and the mode of training:
//
//	err := ops.Inference(g, machine.RunAll)
//
// So one graph and one machine serve training and predictions, and the masks of
// training are as if nothing had been predicted. A machine made with
// [gorgonia.EvalMode] on a graph that trains, or on a part of it, is no
// substitute: it turns the dropouts off for all machines, until another machine
// is made.
//
// Dropouts with [WithMode] keep their mode, so that those of [Sample] draw, a
// new mask in each run. Batch normalizations of package nn that read the step,
// as by default, use their running statistics. A [gorgonia.Dropout] in g cannot
// be turned off for a while and is an error; see [ReplaceBuiltin].
//
// g must not be nil and no other machine may run it meanwhile. The error is
// that of run.
func Inference(g *gorgonia.ExprGraph, run func() error) error {
	if g == nil || run == nil {
		return errors.New("ops: Inference: there must be a graph and a function to run, got nil")
	}
	for _, n := range g.AllNodes() {
		if builtinName(n) == builtinDropout {
			return errors.Errorf("ops: Inference: graph must have dropouts of this module only, got gorgonia.Dropout at node %d", n.ID())
		}
	}
	step, counted := draw.FindStep(g)
	if counted {
		next := step.Next()
		step.Set(-1)
		defer step.Set(next)
	}
	// Other steps than the graph's say nothing of inference.
	for _, s := range sitesOf(g) {
		if s.Training() && (!counted || s.Step() != step.Node()) {
			s.SetTraining(false)
			defer s.SetTraining(true)
		}
	}
	return run()
}
