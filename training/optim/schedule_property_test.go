package optim_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A schedule that is valid is finite and not negative at each step, and one that is
// not is NaN, whatever its numbers are.
func TestSchedulesOfAnything(t *testing.T) {
	number := rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -1, 1, 5e-324,
	}))
	steps := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1, 20), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64}))
	rapid.Check(t, func(t *rapid.T) {
		a, b, n := number.Draw(t, "a"), number.Draw(t, "b"), steps.Draw(t, "n")
		schedules := []optim.Schedule{
			optim.Constant(a),
			optim.StepDecay{Initial: a, Gamma: b, Every: n},
			optim.MultiStep{Initial: a, Gamma: b, Milestones: rapid.SliceOfN(steps, 0, 3).Draw(t, "milestones")},
			optim.Cosine{Initial: a, Min: b, Steps: n},
			optim.InverseTime{Initial: a, K: b},
			optim.Exponential{Initial: a, Gamma: b},
			optim.Linear{From: a, To: b, Steps: n},
			optim.Warmup{Steps: n},
		}
		warm := steps.Draw(t, "warm")
		for _, s := range schedules[:7] {
			schedules = append(schedules, optim.Warmup{Steps: warm, Then: s})
		}
		step := steps.Draw(t, "step")
		for _, s := range schedules {
			got := s.At(step)
			if err := optim.Validate(s); err != nil {
				if !math.IsNaN(got) {
					t.Fatalf("%v at %d: want NaN, got %v", err, step, got)
				}
			} else if !(got >= 0) || math.IsInf(got, 0) {
				t.Fatalf("%+v at %d: got %v", s, step, got)
			}
		}
	})
}
