package models

import "github.com/gorgonia-dropout/dropout/ops"

// A Mode says what a graph is for.
type Mode = ops.Mode

// The modes.
const (
	// Train graphs drop units, with a new mask each step.
	Train = ops.Train
	// Eval graphs compute predictions, without dropout.
	Eval = ops.Eval
	// Sample graphs predict with dropout left on: each step is a sample of the
	// thinned networks (Gal and Ghahramani 2016).
	Sample = ops.Sample
)
