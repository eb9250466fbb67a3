package draw

// A Mode says when a dropout is active.
type Mode uint8

const (
	// Auto follows the machine: active while training, the identity in a machine
	// made with gorgonia.EvalMode and at a negative step.
	Auto Mode = iota
	// Sampling is always active, for Monte Carlo dropout at inference (Gal and
	// Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016).
	Sampling
	// Inference is always the identity.
	Inference
)

func (m Mode) String() string {
	switch m {
	case Auto:
		return "auto"
	case Sampling:
		return "sampling"
	case Inference:
		return "inference"
	}
	return "invalid mode"
}
