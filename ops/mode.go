package ops

import "github.com/gorgonia-dropout/dropout/internal/draw"

// A Mode says what a graph is for, and so when a dropout in it drops.
type Mode = draw.Mode

// The modes.
const (
	// Train drops with a new mask each step. In a machine made with
	// gorgonia.EvalMode, and at a negative step, nothing is dropped.
	Train = draw.Train
	// Eval never drops.
	Eval = draw.Eval
	// Sample always drops: each step is a sample of the thinned networks (Gal
	// and Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016).
	Sample = draw.Sample
)
