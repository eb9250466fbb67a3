package schedule

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// OneCycle goes from Initial to Peak and on to Final over a run of Steps steps, along half a
// cosine each. The learning rate rises and falls, and the momentum does the opposite:
//
//	LR:       schedule.OneCycle{Peak: 0.1, Steps: steps},
//	Momentum: schedule.OneCycle{Initial: 0.95, Peak: 0.85, Final: 0.95, Steps: steps},
//
// The numbers are those of PyTorch's OneCycleLR with its defaults. Steps is the number of
// updates of the whole run, and the last value is that of step Steps-1, which stays.
//
// Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using
// Large Learning Rates", 2018.
type OneCycle struct {
	Initial float64 // at step 0; not negative, 0 means Peak/25
	Peak    float64 // positive
	Final   float64 // at step Steps-1; not negative, 0 means Initial/10000
	Steps   int64   // at least 2
	// Rise is the share of the steps before the peak, in (0, 1); 0 means 0.3.
	Rise float64
}

// resolved fills in what was left out.
func (s OneCycle) resolved() OneCycle {
	s.Initial = cmp.Or(s.Initial, s.Peak/25)
	s.Final = cmp.Or(s.Final, s.Initial/1e4)
	s.Rise = cmp.Or(s.Rise, 0.3)
	return s
}

// At implements [Schedule].
func (s OneCycle) At(step int64) float64 {
	if s.Validate() != nil {
		return math.NaN()
	}
	s = s.resolved()
	at := float64(min(max(step, 0), s.Steps-1))
	last := float64(s.Steps - 1)
	// As in PyTorch, the peak is at this step, which need not be a whole number.
	peak := max(float64(s.Rise*float64(s.Steps))-1, 0)
	if at < peak {
		return halfCosine(s.Initial, s.Peak, at/peak)
	}
	if peak >= last {
		return s.Peak
	}
	return halfCosine(s.Peak, s.Final, (at-peak)/(last-peak))
}

// halfCosine goes from one value to another as done goes from 0 to 1.
func halfCosine(from, to, done float64) float64 {
	share := float64((1 + portable.Cos(math.Pi*done)) / 2)
	// Convex, and each product rounded on its own, but for rounding within the range.
	return min(max(float64(from*share)+float64(to*(1-share)), min(from, to)), max(from, to))
}

// String returns the fields, which distinguish the schedule from others of its type.
func (s OneCycle) String() string {
	s = s.resolved()
	return fmt.Sprintf("%v-%v-%v@%d*%v", s.Initial, s.Peak, s.Final, s.Steps, s.Rise)
}

// Bounds returns the lowest and the highest of the three values.
func (s OneCycle) Bounds() (low, high float64) {
	s = s.resolved()
	return min(s.Initial, s.Peak, s.Final), max(s.Initial, s.Peak, s.Final)
}

// Validate returns an error if a field is out of range.
func (s OneCycle) Validate() error {
	switch {
	case s.Steps < 2:
		return wrong(s, "Steps must be at least 2, got %d", s.Steps)
	case !(s.Peak > 0) || math.IsInf(s.Peak, 1):
		return wrong(s, "Peak must be finite and positive, got %v", s.Peak)
	case s.Rise != 0 && !(s.Rise > 0 && s.Rise < 1):
		return wrong(s, "Rise must be in (0, 1), got %v", s.Rise)
	}
	return cmp.Or(notNegative(s, "Initial", s.Initial), notNegative(s, "Final", s.Final))
}
