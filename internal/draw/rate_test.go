package draw

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// Rates that differ have names that differ, since Gorgonia merges ops by them.
func TestIdentify(t *testing.T) {
	seen := make(map[string]schedule.Schedule)
	for _, r := range []schedule.Schedule{
		schedule.Constant(0.5), schedule.Constant(0.25),
		schedule.Linear{From: 0.5}, schedule.Linear{To: 0.5}, schedule.Linear{Start: 1}, schedule.Linear{End: 1},
		schedule.Early{P: 0.5}, schedule.Early{P: 0.5, Cutoff: 1}, schedule.Early{P: 0.5, Decay: true}, schedule.Early{},
		schedule.Late{P: 0.5}, schedule.Late{P: 0.5, Cutoff: 1}, schedule.Curriculum{P: 0.5}, schedule.Curriculum{Gamma: 0.5},
	} {
		id := Identify("p", r)
		if other, ok := seen[id]; ok {
			t.Errorf("%T %v and %T %v are both %q", r, r, other, other, id)
		}
		seen[id] = r
	}
}

// All the values of a rate must be probabilities, as far as it tells.
func TestCheckSchedule(t *testing.T) {
	for _, r := range []schedule.Schedule{schedule.Constant(1), schedule.Linear{To: 1, End: 3}, schedule.Early{P: 1}, schedule.Late{P: 1}, schedule.Curriculum{P: 1, Gamma: 2}} {
		if err := checkSchedule(r, CheckRate); err != nil {
			t.Errorf("%T: %v", r, err)
		}
	}
	for _, r := range []schedule.Schedule{
		schedule.Constant(math.NaN()), schedule.Linear{From: -1}, schedule.Linear{To: 2}, schedule.Linear{Start: 1}, schedule.Early{P: math.NaN()}, schedule.Early{Cutoff: -1},
		schedule.Late{P: 2}, schedule.Late{Cutoff: -1}, schedule.Curriculum{P: -1}, schedule.Curriculum{Gamma: math.NaN()}, schedule.Curriculum{Gamma: math.Inf(1)},
	} {
		if checkSchedule(r, CheckRate) == nil {
			t.Errorf("%T %v must be an error", r, r)
		}
	}
}
