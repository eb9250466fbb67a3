package schedule_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// A schedule that is valid is finite at each step and stays in its bounds, and one that
// is not is NaN, whatever its numbers are.
func TestSchedulesOfAnything(t *testing.T) {
	number := rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -1, 1, 5e-324,
	}))
	steps := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1, 20), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64}))
	rapid.Check(t, func(t *rapid.T) {
		a, b, n := number.Draw(t, "a"), number.Draw(t, "b"), steps.Draw(t, "n")
		schedules := []schedule.Schedule{
			schedule.Constant(a),
			schedule.StepDecay{Initial: a, Gamma: b, Every: n},
			schedule.MultiStep{Initial: a, Gamma: b, Milestones: rapid.SliceOfN(steps, 0, 3).Draw(t, "milestones")},
			schedule.Cosine{Initial: a, Min: b, Steps: n},
			schedule.InverseTime{Initial: a, K: b},
			schedule.Exponential{Initial: a, Gamma: b},
			schedule.Linear{From: a, To: b, Start: steps.Draw(t, "start"), End: n},
			schedule.Early{P: a, Cutoff: n, Decay: rapid.Bool().Draw(t, "decay")},
			schedule.Late{P: a, Cutoff: n},
			schedule.OneCycle{Initial: a, Peak: b, Final: number.Draw(t, "final"), Steps: n, Rise: number.Draw(t, "rise")},
			schedule.Curriculum{P: a, Gamma: b},
			schedule.Warmup{Steps: n},
		}
		warm := steps.Draw(t, "warm")
		for _, s := range schedules[:len(schedules)-1] {
			schedules = append(schedules, schedule.Warmup{Steps: warm, Then: s})
		}
		step := steps.Draw(t, "step")
		for _, s := range schedules {
			got := s.At(step)
			if err := schedule.Validate(s); err != nil {
				if !math.IsNaN(got) {
					t.Fatalf("%v at %d: want NaN, got %v", err, step, got)
				}
				continue
			}
			low, high, ok := schedule.Bounds(s)
			if !ok || math.IsInf(got, 0) || !(got >= low && got <= high) {
				t.Fatalf("%T %v at %d: got %v, want one in [%v, %v]", s, s, step, got, low, high)
			}
		}
	})
}

// 0.06 + (0.67 - 0.06) is above 0.67 in float64.
func TestCosineStaysInBounds(t *testing.T) {
	s := schedule.Cosine{Initial: 0.67, Min: 0.06, Steps: 10}
	if got := s.At(0); got != 0.67 {
		t.Errorf("want 0.67 at the first step, got %v", got)
	}
}

// Schedules that differ have names that differ.
func TestStringsDiffer(t *testing.T) {
	seen := make(map[string]schedule.Schedule)
	for _, s := range []schedule.Schedule{
		schedule.Constant(1), schedule.Constant(2),
		schedule.Linear{From: 1}, schedule.Linear{To: 1}, schedule.Linear{Start: 1}, schedule.Linear{End: 1},
		schedule.StepDecay{Initial: 1}, schedule.StepDecay{Gamma: 1}, schedule.StepDecay{Every: 1},
		schedule.MultiStep{Initial: 1}, schedule.MultiStep{Gamma: 1}, schedule.MultiStep{Milestones: []int64{1}}, schedule.MultiStep{Milestones: []int64{1, 2}},
		schedule.Exponential{Initial: 1}, schedule.Exponential{Gamma: 1},
		schedule.InverseTime{Initial: 1}, schedule.InverseTime{K: 1},
		schedule.Cosine{Initial: 1}, schedule.Cosine{Min: 1}, schedule.Cosine{Steps: 1},
		schedule.Early{P: 1}, schedule.Early{Cutoff: 1}, schedule.Early{Decay: true},
		schedule.Late{P: 1}, schedule.Late{Cutoff: 1},
		schedule.Curriculum{P: 1}, schedule.Curriculum{Gamma: 1},
		schedule.Warmup{}, schedule.Warmup{Steps: 1}, schedule.Warmup{Then: schedule.Constant(1)}, schedule.Warmup{Then: schedule.Late{P: 1}}, schedule.Warmup{Then: schedule.Cosine{Initial: 1}},
	} {
		name := typed(s)
		if other, ok := seen[name]; ok {
			t.Errorf("%#v and %#v are both %q", s, other, name)
		}
		seen[name] = s
	}
}

func typed(s schedule.Schedule) string { return fmt.Sprintf("%T %v", s, s) }

// Bounds are not known of a schedule that does not tell, also behind a warm-up.
func TestBoundsUnknown(t *testing.T) {
	for _, s := range []schedule.Schedule{own{}, schedule.Warmup{Steps: 1, Then: own{}}} {
		if low, high, ok := schedule.Bounds(s); ok {
			t.Errorf("%v: want none, got %v and %v", s, low, high)
		}
	}
}
