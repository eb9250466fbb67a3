package draw

import (
	"cmp"
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// identify returns a string that distinguishes a rate from every other.
func identify(r schedule.Schedule) string {
	if p, ok := r.(schedule.Constant); ok {
		return fmt.Sprintf("p=%v", float64(p))
	}
	return fmt.Sprintf("p=%T:%v", r, r)
}

// checkSchedule returns an error if r is not valid or, as far as it tells, takes
// values for which check returns one.
func checkSchedule(r schedule.Schedule, check func(p float64) error) error {
	if err := schedule.Validate(r); err != nil {
		return err
	}
	if low, high, ok := schedule.Bounds(r); ok {
		return cmp.Or(check(low), check(high))
	}
	return errors.Wrap(check(r.At(0)), "rate at step 0")
}

// CheckRate returns an error unless p is a probability.
func CheckRate(p float64) error {
	if !(p >= 0 && p <= 1) {
		return errors.Errorf("p must be in [0, 1], got %v", p)
	}
	return nil
}
