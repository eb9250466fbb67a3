package experiment_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// numbers are floats, extremes often among them.
func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 1e308, -1e308, 5e-324, 1, 1.5, -1,
	}))
}

// An interval is around its mean, or NaN where there is none, for all numbers.
func TestIntervalOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(numbers(), 0, 5).Draw(t, "x")
		level := numbers().Draw(t, "level")
		e := experiment.Estimated(x)
		low, high := e.Interval(level)
		if len(x) < 2 || !(level > 0 && level < 1) {
			if !math.IsNaN(low) || !math.IsNaN(high) {
				t.Fatalf("want NaN, got %v to %v", low, high)
			}
		} else if !math.IsNaN(low) && !math.IsNaN(high) && !(low <= e.Mean && e.Mean <= high) {
			t.Fatalf("%v is not between %v and %v", e.Mean, low, high)
		}
		experiment.Estimate{N: rapid.Int().Draw(t, "n"), Mean: numbers().Draw(t, "mean"), StdErr: numbers().Draw(t, "stderr")}.Interval(level)
	})
}

// A run without metrics has NaN for measures.
func TestMeasuresOfAnything(t *testing.T) {
	metrics := rapid.OneOf(rapid.Just((*training.Metrics)(nil)), rapid.Custom(func(t *rapid.T) *training.Metrics {
		return &training.Metrics{Examples: rapid.Int().Draw(t, "examples"), Correct: rapid.Int().Draw(t, "correct"), NLL: numbers().Draw(t, "nll")}
	}))
	result := rapid.Custom(func(t *rapid.T) experiment.Result {
		r := experiment.Result{Arm: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "arm"), Seed: rapid.Uint64Range(0, 2).Draw(t, "seed")}
		if rapid.Bool().Draw(t, "history") {
			r.History = &training.History{Train: metrics.Draw(t, "train"), Test: metrics.Draw(t, "test")}
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		results := rapid.SliceOfN(result, 0, 6).Draw(t, "results")
		for _, m := range []experiment.Measure{experiment.TrainError, experiment.TestError, experiment.TestNLL, experiment.Gap} {
			experiment.Difference(results, "a", "b", m).Interval(0.95)
			for _, r := range results {
				if got := m.Of(r); (r.History == nil || r.History.Test == nil && m.Name != "train error") && !math.IsNaN(got) {
					t.Fatalf("%s of %+v: want NaN, got %v", m.Name, r, got)
				}
			}
		}
	})
}
