package optim_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

func TestSchedules(t *testing.T) {
	cosine := optim.Cosine{Initial: 1, Min: 0.2, Steps: 100}
	for _, c := range []struct {
		name     string
		schedule optim.Schedule
		want     map[int64]float64
	}{
		{"Constant", optim.Constant(0.1), map[int64]float64{-1: 0.1, 0: 0.1, 1000: 0.1}},
		{"StepDecay", optim.StepDecay{Initial: 1, Gamma: 0.5, Every: 10},
			map[int64]float64{-5: 1, 0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25, 35: 0.125}},
		{"MultiStep", optim.MultiStep{Initial: 1, Gamma: 0.1, Milestones: []int64{5, 8}},
			map[int64]float64{-1: 1, 0: 1, 4: 1, 5: 0.1, 7: 0.1, 8: 0.01, 100: 0.01}},
		{"MultiStep without milestones", optim.MultiStep{Initial: 1, Gamma: 0.1}, map[int64]float64{0: 1, 100: 1}},
		{"Cosine", cosine, map[int64]float64{-1: 1, 0: 1, 25: 0.6 + 0.4*math.Sqrt2/2, 50: 0.6, 75: 0.6 - 0.4*math.Sqrt2/2, 100: 0.2, 1000: 0.2}},
		{"InverseTime", optim.InverseTime{Initial: 1, K: 0.5}, map[int64]float64{-1: 1, 0: 1, 2: 0.5, 6: 0.25}},
		{"Exponential", optim.Exponential{Initial: 2, Gamma: 0.5}, map[int64]float64{-1: 2, 0: 2, 1: 1, 3: 0.25, math.MaxInt64: 0}},
		{"Linear", optim.Linear{From: 0.5, To: 0.95, Steps: 10}, map[int64]float64{-1: 0.5, 0: 0.5, 5: 0.725, 10: 0.95, 11: 0.95}},
		{"Linear down", optim.Linear{From: 1, To: 0, Steps: 4}, map[int64]float64{0: 1, 1: 0.75, 4: 0, 5: 0}},
		{"Warmup", optim.Warmup{Steps: 4, Then: cosine}, map[int64]float64{-1: 0.25, 0: 0.25, 1: 0.5, 3: 1, 4: 1, 54: 0.6, 104: 0.2, 200: 0.2}},
		{"Warmup of none", optim.Warmup{Then: cosine}, map[int64]float64{0: 1, 50: 0.6}},
		{"Warmup of a warm-up", optim.Warmup{Steps: 2, Then: optim.Warmup{Steps: 2, Then: optim.Constant(4)}},
			map[int64]float64{0: 1, 1: 2, 2: 2, 3: 4, 4: 4}},
		{"no overflow", optim.Linear{From: 0, To: math.MaxFloat64, Steps: 1 << 40}, map[int64]float64{1 << 39: math.MaxFloat64 / 2}},
		{"no overflow of a cosine", optim.Cosine{Initial: math.MaxFloat64, Min: 1, Steps: 2}, map[int64]float64{0: math.MaxFloat64, 2: 1}},
		{"no overflow in warm-up", optim.Warmup{Steps: 4, Then: optim.Constant(math.MaxFloat64)}, map[int64]float64{1: math.MaxFloat64 / 2}},
	} {
		if err := optim.Validate(c.schedule); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for step, want := range c.want {
			if got := c.schedule.At(step); !(math.Abs(got-want) <= 1e-15*math.Abs(want)) {
				t.Errorf("%s at %d: %v, want %v", c.name, step, got, want)
			}
		}
	}
}

// own is a schedule of another package.
type own struct{}

func (own) At(int64) float64 { return 1 }

func TestScheduleErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		schedule optim.Schedule
		want     string
	}{
		{optim.Constant(-1), "Constant: value must be finite and not negative, got -1"},
		{optim.Constant(nan), "Constant: value must be finite and not negative, got NaN"},
		{optim.StepDecay{Initial: 1, Gamma: 0.5}, "StepDecay: Every must be positive, got 0"},
		{optim.StepDecay{Initial: -1, Gamma: 0.5, Every: 1}, "StepDecay: Initial must be finite and not negative, got -1"},
		{optim.StepDecay{Initial: 1, Gamma: 1.5, Every: 1}, "StepDecay: Gamma must be in (0, 1], got 1.5"},
		{optim.MultiStep{Initial: 1, Gamma: 0}, "MultiStep: Gamma must be in (0, 1], got 0"},
		{optim.MultiStep{Initial: inf, Gamma: 1}, "MultiStep: Initial must be finite and not negative, got +Inf"},
		{optim.MultiStep{Initial: 1, Gamma: 1, Milestones: []int64{0}}, "MultiStep: Milestones must be positive and increasing, got 0 after 0"},
		{optim.MultiStep{Initial: 1, Gamma: 1, Milestones: []int64{3, 3}}, "MultiStep: Milestones must be positive and increasing, got 3 after 3"},
		{optim.Cosine{Initial: 1}, "Cosine: Steps must be positive, got 0"},
		{optim.Cosine{Initial: 1, Min: 2, Steps: 1}, "Cosine: Initial must not be below Min, got 1 and 2"},
		{optim.Cosine{Initial: 1, Min: -2, Steps: 1}, "Cosine: Min must be finite and not negative, got -2"},
		{optim.Cosine{Initial: nan, Steps: 1}, "Cosine: Initial must be finite and not negative, got NaN"},
		{optim.InverseTime{Initial: 1, K: -1}, "InverseTime: K must be finite and not negative, got -1"},
		{optim.InverseTime{Initial: nan}, "InverseTime: Initial must be finite and not negative, got NaN"},
		{optim.Exponential{Initial: 1, Gamma: nan}, "Exponential: Gamma must be in (0, 1], got NaN"},
		{optim.Exponential{Initial: -1, Gamma: 1}, "Exponential: Initial must be finite and not negative, got -1"},
		{optim.Linear{From: 1, To: 2, Steps: -1}, "Linear: Steps must be positive, got -1"},
		{optim.Linear{From: nan, To: 2, Steps: 1}, "Linear: From must be finite and not negative, got NaN"},
		{optim.Linear{From: 1, To: inf, Steps: 1}, "Linear: To must be finite and not negative, got +Inf"},
		{optim.Warmup{Steps: -1, Then: optim.Constant(1)}, "Warmup: Steps must not be negative, got -1"},
		{optim.Warmup{Steps: 1}, "Warmup: Then must be a schedule, got nil"},
		{optim.Warmup{Steps: 1, Then: optim.Constant(-1)}, "Warmup: Then: optim: Constant: value must be finite and not negative, got -1"},
	} {
		wantError(t, optim.Validate(c.schedule), "optim: "+c.want)
		if x := c.schedule.At(0); !math.IsNaN(x) {
			t.Errorf("%s: %v at step 0, want NaN", c.want, x)
		}
	}
	wantError(t, optim.Validate(nil), "optim: Validate: schedule must be set, got nil")
	if err := optim.Validate(own{}); err != nil {
		t.Errorf("a schedule without Validate: %v", err)
	}
}

// Valid schedules give finite values that are not negative, at any step, and
// those that decay do so at each step.
func TestScheduleProperties(t *testing.T) {
	value, unit := rapid.Float64Range(0, math.MaxFloat64), rapid.Float64Range(math.SmallestNonzeroFloat64, 1)
	steps := rapid.Int64Range(1, 1<<40)
	decaying := rapid.Custom(func(t *rapid.T) optim.Schedule {
		switch initial := value.Draw(t, "initial"); rapid.IntRange(0, 5).Draw(t, "schedule") {
		case 0:
			return optim.Constant(initial)
		case 1:
			return optim.StepDecay{Initial: initial, Gamma: unit.Draw(t, "gamma"), Every: steps.Draw(t, "every")}
		case 2:
			first := steps.Draw(t, "first")
			return optim.MultiStep{Initial: initial, Gamma: unit.Draw(t, "gamma"), Milestones: []int64{first, first + steps.Draw(t, "second")}}
		case 3:
			return optim.Cosine{Initial: initial, Min: rapid.Float64Range(0, initial).Draw(t, "min"), Steps: steps.Draw(t, "steps")}
		case 4:
			return optim.InverseTime{Initial: initial, K: value.Draw(t, "k")}
		default:
			return optim.Exponential{Initial: initial, Gamma: unit.Draw(t, "gamma")}
		}
	})
	check := func(t *rapid.T, s optim.Schedule, step int64) float64 {
		if err := optim.Validate(s); err != nil {
			t.Fatal(err)
		}
		x := s.At(step)
		if !(x >= 0) || math.IsInf(x, 1) {
			t.Fatalf("%#v at %d: %v", s, step, x)
		}
		return x
	}
	rapid.Check(t, func(t *rapid.T) {
		s, step := decaying.Draw(t, "decaying"), rapid.Int64().Draw(t, "step")
		later := step + rapid.Int64Range(0, math.MaxInt64-max(step, 0)).Draw(t, "wait")
		// cos and pow are not monotone in the last place.
		if a, b := check(t, s, step), check(t, s, later); b-a > 1e-15*s.At(0) {
			t.Fatalf("%#v climbs from %v at %d to %v at %d", s, a, step, b, later)
		}

		// A warm-up climbs, then repeats the schedule.
		n := rapid.Int64Range(1, 1<<40).Draw(t, "warm-up")
		warm := optim.Warmup{Steps: n, Then: s}
		check(t, warm, step)
		at := rapid.Int64Range(0, n-1).Draw(t, "early")
		if a, b := check(t, warm, at), check(t, warm, at+1); at+1 < n && b < a || a > s.At(0) {
			t.Fatalf("%#v goes from %v at %d to %v", warm, a, at, b)
		}
		if a, b := warm.At(n+at), s.At(at); a != b {
			t.Fatalf("%#v at %d: %v, want %v", warm, n+at, a, b)
		}

		// A line goes one way and stays between its ends.
		l := optim.Linear{From: value.Draw(t, "from"), To: value.Draw(t, "to"), Steps: n}
		a, b := check(t, l, step), check(t, l, later)
		if l.From <= l.To && b < a || l.From >= l.To && b > a {
			t.Fatalf("%#v goes from %v at %d to %v at %d", l, a, step, b, later)
		}
		if a < min(l.From, l.To) || a > max(l.From, l.To) {
			t.Fatalf("%#v at %d: %v", l, step, a)
		}
	})
}
