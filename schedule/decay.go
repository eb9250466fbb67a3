package schedule

import (
	"cmp"
	"fmt"
	"math"
)

// StepDecay multiplies by Gamma every Every steps: Initial * Gamma^floor(step/Every).
type StepDecay struct {
	Initial float64 // at step 0; finite, not negative
	Gamma   float64 // in (0, 1]
	Every   int64   // positive
}

// At implements [Schedule].
func (s StepDecay) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return s.Initial * math.Pow(s.Gamma, float64(max(step, 0)/s.Every))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s StepDecay) String() string { return fmt.Sprintf("%v*%v^/%d", s.Initial, s.Gamma, s.Every) }

// Bounds returns 0 and Initial.
func (s StepDecay) Bounds() (low, high float64) { return 0, s.Initial }

// Validate returns an error if a field is out of range.
func (s StepDecay) Validate() error {
	if s.Every <= 0 {
		return wrong(s, "Every must be positive, got %d", s.Every)
	}
	return cmp.Or(notNegative(s, "Initial", s.Initial), factor(s, "Gamma", s.Gamma))
}

// MultiStep multiplies by Gamma at each milestone: Initial * Gamma^k after k of the
// Milestones, including the milestone's own step.
type MultiStep struct {
	Initial    float64 // at step 0; finite, not negative
	Gamma      float64 // in (0, 1]
	Milestones []int64 // positive and increasing
}

// At implements [Schedule].
func (s MultiStep) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	passed := 0
	for passed < len(s.Milestones) && s.Milestones[passed] <= step {
		passed++
	}
	return s.Initial * math.Pow(s.Gamma, float64(passed))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s MultiStep) String() string { return fmt.Sprintf("%v*%v^@%v", s.Initial, s.Gamma, s.Milestones) }

// Bounds returns 0 and Initial.
func (s MultiStep) Bounds() (low, high float64) { return 0, s.Initial }

// Validate returns an error if a field is out of range.
func (s MultiStep) Validate() error {
	last := int64(0)
	for _, m := range s.Milestones {
		if m <= last {
			return wrong(s, "Milestones must be positive and increasing, got %d after %d", m, last)
		}
		last = m
	}
	return cmp.Or(notNegative(s, "Initial", s.Initial), factor(s, "Gamma", s.Gamma))
}

// Exponential falls as Initial * Gamma^step.
type Exponential struct {
	Initial float64 // at step 0; finite, not negative
	Gamma   float64 // in (0, 1]
}

// At implements [Schedule].
func (s Exponential) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return s.Initial * math.Pow(s.Gamma, float64(max(step, 0)))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s Exponential) String() string { return fmt.Sprintf("%v*%v^step", s.Initial, s.Gamma) }

// Bounds returns 0 and Initial.
func (s Exponential) Bounds() (low, high float64) { return 0, s.Initial }

// Validate returns an error if a field is out of range.
func (s Exponential) Validate() error {
	return cmp.Or(notNegative(s, "Initial", s.Initial), factor(s, "Gamma", s.Gamma))
}

// InverseTime falls as Initial/(1 + K*step).
type InverseTime struct {
	Initial float64 // at step 0; finite, not negative
	K       float64 // finite, not negative
}

// At implements [Schedule].
func (s InverseTime) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return s.Initial / (1 + float64(s.K*float64(max(step, 0))))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s InverseTime) String() string { return fmt.Sprintf("%v/(1+%v*step)", s.Initial, s.K) }

// Bounds returns 0 and Initial.
func (s InverseTime) Bounds() (low, high float64) { return 0, s.Initial }

// Validate returns an error if a field is out of range.
func (s InverseTime) Validate() error {
	return cmp.Or(notNegative(s, "Initial", s.Initial), notNegative(s, "K", s.K))
}
