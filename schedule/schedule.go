// Package schedule has values that change with the training step: drop
// probabilities (ops.WithRate), learning rates, momentum and weight decay
// (training.Trainer).
//
//	schedule.Linear{From: 0, To: 0.5, End: 1000}
//	schedule.Warmup{Steps: 500, Then: schedule.Cosine{Initial: 0.1, Steps: 10000}}
//
// A [Schedule] is a pure function of the step, so training resumes from the
// step number alone. Steps count from 0.
package schedule

import (
	"math"
	"reflect"

	"github.com/pkg/errors"
)

// Schedule is a value for each training step. At must be a pure function: it may be
// called for any step, in any order, by several goroutines at once. String must
// distinguish a schedule from every other of its type, since Gorgonia merges dropouts
// with equal hashes.
//
// A value out of range is an error of the step that meets it: a dropout rejects those
// outside [0, 1], a solver negative ones. Two optional methods let them do so before the
// first step: Validate() error, and Bounds() (low, high float64), between
// which all values lie. The schedules of this package have both, and At returns NaN
// where Validate returns an error.
type Schedule interface {
	At(step int64) float64
	String() string
}

// Validate returns the error of s's method Validate, nil if it has no such
// method. A nil schedule is an error.
func Validate(s Schedule) error {
	if s == nil {
		return errors.New("schedule: Validate: schedule must be set, got nil")
	}
	if v, ok := s.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// Bounds returns the lowest and the highest value that s may take; ok is false
// if s does not tell them or they are not finite.
func Bounds(s Schedule) (low, high float64, ok bool) {
	if b, is := s.(interface{ Bounds() (low, high float64) }); is {
		low, high = b.Bounds()
		return low, high, !math.IsInf(low, 0) && !math.IsInf(high, 0)
	}
	return 0, 0, false
}

// finite returns an error unless the value of a field of s is finite.
func finite(s Schedule, field string, value float64) error {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return wrong(s, "%s must be finite, got %v", field, value)
	}
	return nil
}

// notNegative returns an error unless the value of a field of s is finite and not
// negative.
func notNegative(s Schedule, field string, value float64) error {
	if !(value >= 0) || math.IsInf(value, 1) {
		return wrong(s, "%s must be finite and not negative, got %v", field, value)
	}
	return nil
}

// factor returns an error unless the value of a field of s is in (0, 1].
func factor(s Schedule, field string, value float64) error {
	if !(value > 0 && value <= 1) {
		return wrong(s, "%s must be in (0, 1], got %v", field, value)
	}
	return nil
}

// wrong returns an error that names the type of s.
func wrong(s Schedule, format string, args ...any) error {
	return errors.WithMessage(errors.Errorf(format, args...), "schedule: "+reflect.TypeOf(s).Name())
}
