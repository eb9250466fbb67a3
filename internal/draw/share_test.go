package draw

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// A share is the constant, or what a schedule says at each step; both are checked.
func TestShare(t *testing.T) {
	constant := Collect([]TargetedOption{})
	s, err := constant.Share(0.25)
	if err != nil || s.At(7) != 0.25 {
		t.Errorf("the share must be 0.25, got %v, %v", s, err)
	}
	scheduled := Collect([]TargetedOption{WithShare(schedule.Linear{To: 0.5, End: 10})})
	if s, err = scheduled.Share(0.25); err != nil || s.At(5) != 0.25 || s.At(10) != 0.5 {
		t.Errorf("the share must follow the schedule, got %v, %v", s, err)
	}
	for _, share := range []float64{-0.1, 1.1, math.NaN()} {
		_, err := scheduled.Share(share)
		testkit.Rejects(t, err, "share must be in [0, 1], got")
		bad := Collect([]TargetedOption{WithShare(schedule.Constant(share))})
		if _, err := bad.Share(0.5); err == nil {
			t.Errorf("a schedule of %v must be an error", share)
		}
	}
	if a, b := Identify("share", schedule.Constant(0.5)), Identify("p", schedule.Constant(0.5)); a == b {
		t.Errorf("a share must not be taken for a rate, got %s for both", a)
	}
}
