package schedule

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Curriculum is a drop probability that rises from 0 towards P as
// P*(1 - exp(-Gamma*step)). The authors use Gamma = 10/T for a run of T steps.
//
// Source: Morerio et al., "Curriculum Dropout", ICCV 2017, equation 3, in terms of the
// drop instead of the keep probability.
type Curriculum struct {
	P     float64 // finite
	Gamma float64 // finite, not negative
}

// At implements [Schedule].
func (c Curriculum) At(step int64) float64 {
	if c.Validate() != nil {
		return math.NaN()
	}
	return c.P * (1 - portable.Exp(-c.Gamma*float64(max(step, 0))))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (c Curriculum) String() string { return fmt.Sprintf("%v~%v", c.P, c.Gamma) }

// Bounds returns 0 and P in order.
func (c Curriculum) Bounds() (low, high float64) { return min(c.P, 0), max(c.P, 0) }

// Validate returns an error if a field is out of range.
func (c Curriculum) Validate() error {
	return cmp.Or(finite(c, "P", c.P), notNegative(c, "Gamma", c.Gamma))
}
