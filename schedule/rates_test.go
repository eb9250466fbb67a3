package schedule_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// Those of drop probabilities.
func TestRates(t *testing.T) {
	for _, tt := range []struct {
		rate schedule.Schedule
		want map[int64]float64
	}{
		{schedule.Constant(0.3), map[int64]float64{0: 0.3, 99: 0.3}},
		{schedule.Linear{From: 0.1, To: 0.5, Start: 10, End: 20}, map[int64]float64{-1: 0.1, 0: 0.1, 10: 0.1, 15: 0.3, 20: 0.5, 99: 0.5}},
		{schedule.Linear{From: 0.5, To: 0, End: 4}, map[int64]float64{0: 0.5, 1: 0.375, 4: 0}},
		{schedule.Linear{From: 0.1, To: 0.4, Start: 7, End: 7}, map[int64]float64{6: 0.1, 7: 0.4}},
		{schedule.Early{P: 0.4, Cutoff: 10}, map[int64]float64{0: 0.4, 9: 0.4, 10: 0, 99: 0}},
		{schedule.Early{P: 0.4, Cutoff: 5, Decay: true}, map[int64]float64{0: 0.4, 1: 0.3, 2: 0.2, 4: 0, 5: 0}},
		{schedule.Early{P: 0.4, Cutoff: 1, Decay: true}, map[int64]float64{0: 0.4, 1: 0}},
		{schedule.Early{P: 0.4}, map[int64]float64{0: 0}},
		{schedule.Late{P: 0.4, Cutoff: 10}, map[int64]float64{0: 0, 9: 0, 10: 0.4, 99: 0.4}},
		{schedule.Curriculum{P: 0.5, Gamma: 0.1}, map[int64]float64{-1: 0, 0: 0, 10: 0.5 * (1 - math.Exp(-1)), 1000: 0.5}},
		{schedule.Curriculum{P: 0.5}, map[int64]float64{0: 0, 1000: 0}},
	} {
		for step, want := range tt.want {
			if got := tt.rate.At(step); math.Abs(got-want) > 1e-15 {
				t.Errorf("%T %v at step %d is %v, want %v", tt.rate, tt.rate, step, got, want)
			}
		}
	}
}

// No valid rate leaves [0, 1] at any step.
func TestRatesAreProbabilities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := rapid.Float64Range(0, 1).Draw(t, "p"), rapid.Float64Range(0, 1).Draw(t, "q")
		start, end := rapid.Int64().Draw(t, "start"), rapid.Int64().Draw(t, "end")
		cutoff := rapid.Int64Range(0, math.MaxInt64).Draw(t, "cutoff")
		step := rapid.Int64().Draw(t, "step")
		for _, r := range []schedule.Schedule{
			schedule.Linear{From: p, To: q, Start: min(start, end), End: max(start, end)},
			schedule.Early{P: p, Cutoff: cutoff, Decay: rapid.Bool().Draw(t, "decay")},
			schedule.Late{P: p, Cutoff: cutoff},
			schedule.Curriculum{P: p, Gamma: q}, schedule.Curriculum{P: p, Gamma: math.MaxFloat64},
		} {
			if got := r.At(step); !(got >= 0 && got <= 1) {
				t.Fatalf("%T %v at step %d is %v", r, r, step, got)
			}
		}
	})
}
