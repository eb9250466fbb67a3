package schedule

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Cosine falls along half a cosine from Initial at step 0 to Min at step Steps and stays
// there: Min + (Initial-Min)*(1+cos(pi*step/Steps))/2 (Loshchilov and Hutter, "SGDR:
// stochastic gradient descent with warm restarts", 2017, equation 5). For a
// warm-up before it see [Warmup].
type Cosine struct {
	Initial float64 // finite, not below Min
	Min     float64 // finite, not negative
	Steps   int64   // positive
}

// At implements [Schedule].
func (s Cosine) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	done := float64(min(max(step, 0), s.Steps)) / float64(s.Steps)
	// Rounding must not lift it above where it begins.
	return min(s.Initial, s.Min+float64((s.Initial-s.Min)*((1+portable.Cos(math.Pi*done))/2)))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s Cosine) String() string { return fmt.Sprintf("%v-%v@%d", s.Initial, s.Min, s.Steps) }

// Bounds returns Min and Initial.
func (s Cosine) Bounds() (low, high float64) { return s.Min, s.Initial }

// Validate returns an error if a field is out of range.
func (s Cosine) Validate() error {
	if s.Steps <= 0 {
		return wrong(s, "Steps must be positive, got %d", s.Steps)
	}
	if s.Initial < s.Min {
		return wrong(s, "Initial must not be below Min, got %v and %v", s.Initial, s.Min)
	}
	return cmp.Or(notNegative(s, "Initial", s.Initial), notNegative(s, "Min", s.Min))
}
