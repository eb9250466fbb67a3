package draw

import (
	"cmp"
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// Identify returns a string that distinguishes a rate, which may go by another
// name than p, from every other.
func Identify(name string, r schedule.Schedule) string {
	if p, ok := r.(schedule.Constant); ok {
		return fmt.Sprintf("%s=%v", name, float64(p))
	}
	return fmt.Sprintf("%s=%T:%v", name, r, r)
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

// CheckShare returns an error unless share is a part of a whole.
func CheckShare(share float64) error {
	if !(share >= 0 && share <= 1) {
		return errors.Errorf("share must be in [0, 1], got %v", share)
	}
	return nil
}
