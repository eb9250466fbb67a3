package optim

import (
	"cmp"
	"math"

	"github.com/pkg/errors"
)

// Schedule gives a setting, such as the learning rate or the momentum, for each
// step. It is a pure function of the step, so training can resume from the step
// number alone:
//
//	solver.SetLR(schedule.At(step))
//
// The schedules of this package have a method Validate() error. If that returns
// an error, At returns NaN, which solvers reject. Steps count from 0; negative
// ones count as 0.
type Schedule interface {
	At(step int64) float64
}

// validator is what the schedules of this package implement.
type validator interface{ Validate() error }

// Validate returns the error of s's method Validate, nil if it has no such
// method. A nil schedule is an error.
func Validate(s Schedule) error {
	if s == nil {
		return errors.New("optim: Validate: schedule must be set, got nil")
	}
	if v, ok := s.(validator); ok {
		return v.Validate()
	}
	return nil
}

// Constant is the same at each step.
type Constant float64

// At implements Schedule.
func (c Constant) At(int64) float64 {
	if c.Validate() != nil {
		return math.NaN()
	}
	return float64(c)
}

// Validate returns an error if c is negative or not finite.
func (c Constant) Validate() error {
	return scheduled{"Constant", "value", float64(c)}.notNegative()
}

// StepDecay multiplies by Gamma every Every steps:
// Initial * Gamma^floor(step/Every).
type StepDecay struct {
	Initial float64 // at step 0; finite, not negative
	Gamma   float64 // in (0, 1]
	Every   int64   // positive
}

// At implements Schedule.
func (s StepDecay) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return s.Initial * math.Pow(s.Gamma, float64(max(step, 0)/s.Every))
}

// Validate returns an error if a field is out of range.
func (s StepDecay) Validate() error {
	if s.Every <= 0 {
		return errors.Errorf("optim: StepDecay: Every must be positive, got %d", s.Every)
	}
	return cmp.Or(
		scheduled{"StepDecay", "Initial", s.Initial}.notNegative(),
		scheduled{"StepDecay", "Gamma", s.Gamma}.inUnit(),
	)
}

// MultiStep multiplies by Gamma at each milestone: Initial * Gamma^k after k of
// the Milestones, including the milestone's own step.
type MultiStep struct {
	Initial    float64 // at step 0; finite, not negative
	Gamma      float64 // in (0, 1]
	Milestones []int64 // positive and increasing
}

// At implements Schedule.
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

// Validate returns an error if a field is out of range.
func (s MultiStep) Validate() error {
	last := int64(0)
	for _, m := range s.Milestones {
		if m <= last {
			return errors.Errorf("optim: MultiStep: Milestones must be positive and increasing, got %d after %d", m, last)
		}
		last = m
	}
	return cmp.Or(
		scheduled{"MultiStep", "Initial", s.Initial}.notNegative(),
		scheduled{"MultiStep", "Gamma", s.Gamma}.inUnit(),
	)
}

// Cosine falls along half a cosine from Initial at step 0 to Min at step Steps
// and stays there: Min + (Initial-Min)*(1+cos(pi*step/Steps))/2 (Loshchilov and
// Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017,
// equation 5). For a warm-up before it see [Warmup].
type Cosine struct {
	Initial float64 // finite, not below Min
	Min     float64 // finite, not negative
	Steps   int64   // positive
}

// At implements Schedule.
func (s Cosine) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	done := float64(min(max(step, 0), s.Steps)) / float64(s.Steps)
	return s.Min + (s.Initial-s.Min)*((1+math.Cos(math.Pi*done))/2)
}

// Validate returns an error if a field is out of range.
func (s Cosine) Validate() error {
	if s.Steps <= 0 {
		return errors.Errorf("optim: Cosine: Steps must be positive, got %d", s.Steps)
	}
	if s.Initial < s.Min {
		return errors.Errorf("optim: Cosine: Initial must not be below Min, got %v and %v", s.Initial, s.Min)
	}
	return cmp.Or(
		scheduled{"Cosine", "Initial", s.Initial}.notNegative(),
		scheduled{"Cosine", "Min", s.Min}.notNegative(),
	)
}

// InverseTime falls as Initial/(1 + K*step).
type InverseTime struct {
	Initial float64 // at step 0; finite, not negative
	K       float64 // finite, not negative
}

// At implements Schedule.
func (s InverseTime) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return s.Initial / (1 + s.K*float64(max(step, 0)))
}

// Validate returns an error if a field is out of range.
func (s InverseTime) Validate() error {
	return cmp.Or(
		scheduled{"InverseTime", "Initial", s.Initial}.notNegative(),
		scheduled{"InverseTime", "K", s.K}.notNegative(),
	)
}

// Exponential falls as Initial * Gamma^step.
type Exponential struct {
	Initial float64 // at step 0; finite, not negative
	Gamma   float64 // in (0, 1]
}

// At implements Schedule.
func (s Exponential) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	return s.Initial * math.Pow(s.Gamma, float64(max(step, 0)))
}

// Validate returns an error if a field is out of range.
func (s Exponential) Validate() error {
	return cmp.Or(
		scheduled{"Exponential", "Initial", s.Initial}.notNegative(),
		scheduled{"Exponential", "Gamma", s.Gamma}.inUnit(),
	)
}

// Linear goes in a straight line from From at step 0 to To at step Steps and
// stays there. Srivastava et al., JMLR 15, 2014, appendix B.2, raise the
// momentum this way from 0.5 to 0.95 or more.
type Linear struct {
	From, To float64 // finite, not negative
	Steps    int64   // positive
}

// At implements Schedule.
func (s Linear) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	if step >= s.Steps {
		return s.To
	}
	return s.From + (s.To-s.From)*(float64(max(step, 0))/float64(s.Steps))
}

// Validate returns an error if a field is out of range.
func (s Linear) Validate() error {
	if s.Steps <= 0 {
		return errors.Errorf("optim: Linear: Steps must be positive, got %d", s.Steps)
	}
	return cmp.Or(
		scheduled{"Linear", "From", s.From}.notNegative(),
		scheduled{"Linear", "To", s.To}.notNegative(),
	)
}

// Warmup climbs in a straight line to the start of another schedule, over Steps
// steps, and then follows that schedule from its beginning: Then.At(0) *
// (step+1)/Steps below Steps, Then.At(step-Steps) from there on (Goyal et al.,
// "Accurate, large minibatch SGD", 2017, section 2.2).
type Warmup struct {
	Steps int64 // not negative; 0 for none
	Then  Schedule
}

// At implements Schedule.
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

// Validate returns an error if Steps is negative or Then is missing or invalid.
func (s Warmup) Validate() error {
	if s.Steps < 0 {
		return errors.Errorf("optim: Warmup: Steps must not be negative, got %d", s.Steps)
	}
	if s.Then == nil {
		return errors.New("optim: Warmup: Then must be a schedule, got nil")
	}
	return errors.WithMessage(Validate(s.Then), "optim: Warmup: Then")
}

// scheduled is a named number of a schedule, to be checked.
type scheduled struct {
	schedule, name string
	value          float64
}

func (s scheduled) notNegative() error {
	if !(s.value >= 0) || math.IsInf(s.value, 1) {
		return errors.Errorf("optim: %s: %s must be finite and not negative, got %v", s.schedule, s.name, s.value)
	}
	return nil
}

func (s scheduled) inUnit() error {
	if !(s.value > 0 && s.value <= 1) {
		return errors.Errorf("optim: %s: %s must be in (0, 1], got %v", s.schedule, s.name, s.value)
	}
	return nil
}
