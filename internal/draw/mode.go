package draw

import "fmt"

// A Mode says what a graph is for, and so when a dropout in it drops.
type Mode uint8

const (
	// Train drops with a new mask each step. In a machine made with
	// gorgonia.EvalMode, and at a negative step, nothing is dropped.
	Train Mode = iota
	// Eval never drops.
	Eval
	// Sample always drops: each step is a sample of the thinned networks (Gal
	// and Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016).
	Sample
)

// String returns "train", "eval" or "sample".
func (m Mode) String() string {
	switch m {
	case Train:
		return "train"
	case Eval:
		return "eval"
	case Sample:
		return "sample"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}
