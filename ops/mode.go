package ops

import "github.com/gorgonia-dropout/dropout/internal/draw"

// A Mode says when a dropout is active.
type Mode = draw.Mode

// The modes.
const (
	// Auto follows the machine: active while training, the identity in a machine
	// made with gorgonia.EvalMode and at a negative step.
	Auto = draw.Auto
	// Sampling is always active, for Monte Carlo dropout at inference (Gal and
	// Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016).
	Sampling = draw.Sampling
	// Inference is always the identity.
	Inference = draw.Inference
)
