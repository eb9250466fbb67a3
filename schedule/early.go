package schedule

import (
	"cmp"
	"fmt"
	"math"
)

// Early is the rate of early dropout, for models that underfit: dropout in the first
// Cutoff steps and none after. In these steps the rate is P or, if Decay is set, falls in
// a straight line from P at step 0 to 0 at step Cutoff-1.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4; the line is
// that of its published code.
type Early struct {
	P      float64 // finite
	Cutoff int64   // not negative
	Decay  bool
}

// At implements [Schedule].
func (e Early) At(step int64) float64 {
	switch {
	case e.Validate() != nil:
		return math.NaN()
	case step >= e.Cutoff:
		return 0
	case e.Decay && e.Cutoff > 1:
		return Linear{From: e.P, End: e.Cutoff - 1}.At(step)
	}
	return e.P
}

// String returns the fields, which distinguish the schedule from others of its type.
func (e Early) String() string { return fmt.Sprintf("%v@%d decay=%v", e.P, e.Cutoff, e.Decay) }

// Bounds returns 0 and P in order.
func (e Early) Bounds() (low, high float64) { return min(e.P, 0), max(e.P, 0) }

// Validate returns an error if a field is out of range.
func (e Early) Validate() error { return cmp.Or(finite(e, "P", e.P), cutoff(e, e.Cutoff)) }

// cutoff returns an error if the field Cutoff of s is negative.
func cutoff(s Schedule, step int64) error {
	if step < 0 {
		return wrong(s, "Cutoff must not be negative, got %d", step)
	}
	return nil
}
