package schedule

import (
	"cmp"
	"fmt"
	"math"
)

// Late is the rate of late dropout, for models that overfit: no dropout in the first
// Cutoff steps and P after that.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4.
type Late struct {
	P      float64 // finite
	Cutoff int64   // not negative
}

// At implements [Schedule].
func (l Late) At(step int64) float64 {
	switch {
	case l.Validate() != nil:
		return math.NaN()
	case step < l.Cutoff:
		return 0
	}
	return l.P
}

// String returns the fields, which distinguish the schedule from others of its type.
func (l Late) String() string { return fmt.Sprintf("%v@%d", l.P, l.Cutoff) }

// Bounds returns 0 and P in order.
func (l Late) Bounds() (low, high float64) { return min(l.P, 0), max(l.P, 0) }

// Validate returns an error if a field is out of range.
func (l Late) Validate() error { return cmp.Or(finite(l, "P", l.P), cutoff(l, l.Cutoff)) }
