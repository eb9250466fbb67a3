package models

import "fmt"

// A Mode says what a graph is for.
type Mode uint8

const (
	// Eval graphs compute predictions, without dropout.
	Eval Mode = iota
	// Train graphs drop units, with a new mask each step.
	Train
	// Sample graphs predict with dropout left on: each step is a sample of the
	// thinned networks (Gal and Ghahramani 2016).
	Sample
)

// String returns "eval", "train" or "sample".
func (m Mode) String() string {
	switch m {
	case Eval:
		return "eval"
	case Train:
		return "train"
	case Sample:
		return "sample"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}
