package schedule

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
)

// Warmup rises in a straight line to the start of another schedule over Steps
// steps, and then follows that schedule from its beginning: the value is
// Then.At(0) * (step+1)/Steps below Steps, and Then.At(step-Steps) from there
// on (Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2).
type Warmup struct {
	Steps int64 // not negative; 0 for none
	Then  Schedule
}

// At implements [Schedule].
func (s Warmup) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	step = max(step, 0)
	if step < s.Steps {
		return s.Then.At(0) * (float64(step+1) / float64(s.Steps))
	}
	return s.Then.At(step - s.Steps)
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s Warmup) String() string { return fmt.Sprintf("%d:%T:%v", s.Steps, s.Then, s.Then) }

// Bounds returns the bounds of Then, widened to include 0. They are infinite if
// Then does not tell its own.
func (s Warmup) Bounds() (low, high float64) {
	if low, high, ok := Bounds(s.Then); ok {
		return min(0, low), max(0, high)
	}
	return math.Inf(-1), math.Inf(1)
}

// Validate returns an error if Steps is negative or Then is missing or invalid.
func (s Warmup) Validate() error {
	if s.Steps < 0 {
		return wrong(s, "Steps must not be negative, got %d", s.Steps)
	}
	if s.Then == nil {
		return wrong(s, "Then must be a schedule, got nil")
	}
	return errors.WithMessage(Validate(s.Then), "schedule: Warmup: Then")
}
