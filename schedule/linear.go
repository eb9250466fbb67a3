package schedule

import (
	"cmp"
	"fmt"
	"math"
)

// Linear is From up to step Start, To from step End on, and a straight line
// between. Srivastava et al., JMLR 15, 2014, appendix B.2, raise the momentum
// this way from 0.5 to 0.95 or more.
type Linear struct {
	From, To   float64 // finite
	Start, End int64   // End not before Start
}

// At implements [Schedule].
func (l Linear) At(step int64) float64 {
	switch {
	case l.Validate() != nil:
		return math.NaN()
	case step >= l.End:
		return l.To
	case step <= l.Start:
		return l.From
	}
	// Differences of steps that are far apart need all 64 bits.
	done := float64(uint64(step-l.Start)) / float64(uint64(l.End-l.Start))
	// Convex, and each product rounded on its own, so that the value never leaves the
	// range and is the same on every machine.
	return float64(l.From*(1-done)) + float64(l.To*done)
}

// String returns the fields, which distinguish the schedule from others of its type.
func (l Linear) String() string { return fmt.Sprintf("%v-%v@%d-%d", l.From, l.To, l.Start, l.End) }

// Bounds returns From and To in order.
func (l Linear) Bounds() (low, high float64) { return min(l.From, l.To), max(l.From, l.To) }

// Validate returns an error if a field is out of range.
func (l Linear) Validate() error {
	if l.End < l.Start {
		return wrong(l, "End must not be before Start %d, got %d", l.Start, l.End)
	}
	return cmp.Or(finite(l, "From", l.From), finite(l, "To", l.To))
}
