package schedule_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
)

func TestSchedules(t *testing.T) {
	cosine := schedule.Cosine{Initial: 1, Min: 0.2, Steps: 100}
	for _, c := range []struct {
		name     string
		schedule schedule.Schedule
		want     map[int64]float64
	}{
		{"Constant", schedule.Constant(0.1), map[int64]float64{-1: 0.1, 0: 0.1, 1000: 0.1}},
		{"StepDecay", schedule.StepDecay{Initial: 1, Gamma: 0.5, Every: 10},
			map[int64]float64{-5: 1, 0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25, 35: 0.125}},
		{"MultiStep", schedule.MultiStep{Initial: 1, Gamma: 0.1, Milestones: []int64{5, 8}},
			map[int64]float64{-1: 1, 0: 1, 4: 1, 5: 0.1, 7: 0.1, 8: 0.01, 100: 0.01}},
		{"MultiStep without milestones", schedule.MultiStep{Initial: 1, Gamma: 0.1}, map[int64]float64{0: 1, 100: 1}},
		{"Cosine", cosine, map[int64]float64{-1: 1, 0: 1, 25: 0.6 + 0.4*math.Sqrt2/2, 50: 0.6, 75: 0.6 - 0.4*math.Sqrt2/2, 100: 0.2, 1000: 0.2}},
		{"InverseTime", schedule.InverseTime{Initial: 1, K: 0.5}, map[int64]float64{-1: 1, 0: 1, 2: 0.5, 6: 0.25}},
		{"Exponential", schedule.Exponential{Initial: 2, Gamma: 0.5}, map[int64]float64{-1: 2, 0: 2, 1: 1, 3: 0.25, math.MaxInt64: 0}},
		{"Linear", schedule.Linear{From: 0.5, To: 0.95, End: 10}, map[int64]float64{-1: 0.5, 0: 0.5, 5: 0.725, 10: 0.95, 11: 0.95}},
		{"Linear down", schedule.Linear{From: 1, To: 0, End: 4}, map[int64]float64{0: 1, 1: 0.75, 4: 0, 5: 0}},
		{"Warmup", schedule.Warmup{Steps: 4, Then: cosine}, map[int64]float64{-1: 0.25, 0: 0.25, 1: 0.5, 3: 1, 4: 1, 54: 0.6, 104: 0.2, 200: 0.2}},
		{"Warmup of none", schedule.Warmup{Then: cosine}, map[int64]float64{0: 1, 50: 0.6}},
		{"Warmup of a warm-up", schedule.Warmup{Steps: 2, Then: schedule.Warmup{Steps: 2, Then: schedule.Constant(4)}},
			map[int64]float64{0: 1, 1: 2, 2: 2, 3: 4, 4: 4}},
		{"OneCycle", schedule.OneCycle{Peak: 1, Steps: 21, Rise: 1. / 3}, map[int64]float64{-1: 0.04, 0: 0.04, 3: 0.52, 6: 1, 13: 0.500002, 20: 4e-6, 99: 4e-6}},
		{"OneCycle of momentum", schedule.OneCycle{Initial: 0.95, Peak: 0.85, Final: 0.9, Steps: 20, Rise: 0.5}, map[int64]float64{0: 0.95, 9: 0.85, 14: 0.875, 19: 0.9}},
		{"OneCycle that begins at its peak", schedule.OneCycle{Peak: 2, Steps: 3}, map[int64]float64{0: 2, 2: 8e-6}},
		{"no overflow", schedule.Linear{From: 0, To: math.MaxFloat64, End: 1 << 40}, map[int64]float64{1 << 39: math.MaxFloat64 / 2}},
		{"no overflow of a cosine", schedule.Cosine{Initial: math.MaxFloat64, Min: 1, Steps: 2}, map[int64]float64{0: math.MaxFloat64, 2: 1}},
		{"no overflow in warm-up", schedule.Warmup{Steps: 4, Then: schedule.Constant(math.MaxFloat64)}, map[int64]float64{1: math.MaxFloat64 / 2}},
	} {
		if err := schedule.Validate(c.schedule); err != nil {
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
func (own) String() string   { return "own" }

func TestScheduleErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		schedule schedule.Schedule
		want     string
	}{
		{schedule.Constant(nan), "Constant: value must be finite, got NaN"},
		{schedule.StepDecay{Initial: 1, Gamma: 0.5}, "StepDecay: Every must be positive, got 0"},
		{schedule.StepDecay{Initial: -1, Gamma: 0.5, Every: 1}, "StepDecay: Initial must be finite and not negative, got -1"},
		{schedule.StepDecay{Initial: 1, Gamma: 1.5, Every: 1}, "StepDecay: Gamma must be in (0, 1], got 1.5"},
		{schedule.MultiStep{Initial: 1, Gamma: 0}, "MultiStep: Gamma must be in (0, 1], got 0"},
		{schedule.MultiStep{Initial: inf, Gamma: 1}, "MultiStep: Initial must be finite and not negative, got +Inf"},
		{schedule.MultiStep{Initial: 1, Gamma: 1, Milestones: []int64{0}}, "MultiStep: Milestones must be positive and increasing, got 0 after 0"},
		{schedule.MultiStep{Initial: 1, Gamma: 1, Milestones: []int64{3, 3}}, "MultiStep: Milestones must be positive and increasing, got 3 after 3"},
		{schedule.Cosine{Initial: 1}, "Cosine: Steps must be positive, got 0"},
		{schedule.Cosine{Initial: 1, Min: 2, Steps: 1}, "Cosine: Initial must not be below Min, got 1 and 2"},
		{schedule.Cosine{Initial: 1, Min: -2, Steps: 1}, "Cosine: Min must be finite and not negative, got -2"},
		{schedule.Cosine{Initial: nan, Steps: 1}, "Cosine: Initial must be finite and not negative, got NaN"},
		{schedule.InverseTime{Initial: 1, K: -1}, "InverseTime: K must be finite and not negative, got -1"},
		{schedule.InverseTime{Initial: nan}, "InverseTime: Initial must be finite and not negative, got NaN"},
		{schedule.Exponential{Initial: 1, Gamma: nan}, "Exponential: Gamma must be in (0, 1], got NaN"},
		{schedule.Exponential{Initial: -1, Gamma: 1}, "Exponential: Initial must be finite and not negative, got -1"},
		{schedule.Linear{From: 1, To: 2, End: -1}, "Linear: End must not be before Start 0, got -1"},
		{schedule.Linear{From: nan, To: 2, End: 1}, "Linear: From must be finite, got NaN"},
		{schedule.Linear{From: 1, To: inf, End: 1}, "Linear: To must be finite, got +Inf"},
		{schedule.OneCycle{Peak: 1, Steps: 1}, "OneCycle: Steps must be at least 2, got 1"},
		{schedule.OneCycle{Steps: 9}, "OneCycle: Peak must be finite and positive, got 0"},
		{schedule.OneCycle{Peak: 1, Steps: 9, Rise: 1}, "OneCycle: Rise must be in (0, 1), got 1"},
		{schedule.OneCycle{Peak: 1, Steps: 9, Rise: nan}, "OneCycle: Rise must be in (0, 1), got NaN"},
		{schedule.OneCycle{Peak: 1, Steps: 9, Initial: -1}, "OneCycle: Initial must be finite and not negative, got -1"},
		{schedule.OneCycle{Peak: 1, Steps: 9, Final: inf}, "OneCycle: Final must be finite and not negative, got +Inf"},
		{schedule.Warmup{Steps: -1, Then: schedule.Constant(1)}, "Warmup: Steps must not be negative, got -1"},
		{schedule.Warmup{Steps: 1}, "Warmup: Then must be a schedule, got nil"},
		{schedule.Warmup{Steps: 1, Then: schedule.Constant(inf)}, "Warmup: Then: schedule: Constant: value must be finite, got +Inf"},
	} {
		testkit.Rejects(t, schedule.Validate(c.schedule), "schedule: "+c.want)
		if x := c.schedule.At(0); !math.IsNaN(x) {
			t.Errorf("%s: %v at step 0, want NaN", c.want, x)
		}
	}
	testkit.Rejects(t, schedule.Validate(nil), "schedule: Validate: schedule must be set, got nil")
	if err := schedule.Validate(own{}); err != nil {
		t.Errorf("a schedule without Validate: %v", err)
	}
}

// Valid schedules give finite values that are not negative, at any step, and
// those that decay do so at each step.
func TestScheduleProperties(t *testing.T) {
	value, unit := rapid.Float64Range(0, math.MaxFloat64), rapid.Float64Range(math.SmallestNonzeroFloat64, 1)
	steps := rapid.Int64Range(1, 1<<40)
	decaying := rapid.Custom(func(t *rapid.T) schedule.Schedule {
		switch initial := value.Draw(t, "initial"); rapid.IntRange(0, 5).Draw(t, "schedule") {
		case 0:
			return schedule.Constant(initial)
		case 1:
			return schedule.StepDecay{Initial: initial, Gamma: unit.Draw(t, "gamma"), Every: steps.Draw(t, "every")}
		case 2:
			first := steps.Draw(t, "first")
			return schedule.MultiStep{Initial: initial, Gamma: unit.Draw(t, "gamma"), Milestones: []int64{first, first + steps.Draw(t, "second")}}
		case 3:
			return schedule.Cosine{Initial: initial, Min: rapid.Float64Range(0, initial).Draw(t, "min"), Steps: steps.Draw(t, "steps")}
		case 4:
			return schedule.InverseTime{Initial: initial, K: value.Draw(t, "k")}
		default:
			return schedule.Exponential{Initial: initial, Gamma: unit.Draw(t, "gamma")}
		}
	})
	check := func(t *rapid.T, s schedule.Schedule, step int64) float64 {
		if err := schedule.Validate(s); err != nil {
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
		warm := schedule.Warmup{Steps: n, Then: s}
		check(t, warm, step)
		at := rapid.Int64Range(0, n-1).Draw(t, "early")
		if a, b := check(t, warm, at), check(t, warm, at+1); at+1 < n && b < a || a > s.At(0) {
			t.Fatalf("%#v goes from %v at %d to %v", warm, a, at, b)
		}
		if a, b := warm.At(n+at), s.At(at); a != b {
			t.Fatalf("%#v at %d: %v, want %v", warm, n+at, a, b)
		}

		// A line goes one way and stays between its ends.
		l := schedule.Linear{From: value.Draw(t, "from"), To: value.Draw(t, "to"), End: n}
		a, b := check(t, l, step), check(t, l, later)
		if l.From <= l.To && b < a || l.From >= l.To && b > a {
			t.Fatalf("%#v goes from %v at %d to %v at %d", l, a, step, b, later)
		}
		if a < min(l.From, l.To) || a > max(l.From, l.To) {
			t.Fatalf("%#v at %d: %v", l, step, a)
		}
	})
}
