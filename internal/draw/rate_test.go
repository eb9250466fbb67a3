package draw_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

var nan, inf = math.NaN(), math.Inf(1)

// wild is a rate that is 2 at step 0, NaN at step 1 and else 0.5, and does not say so
// before.
type wild struct{}

func (wild) At(step int64) float64 {
	switch step {
	case 0:
		return 2
	case 1:
		return nan
	}
	return 0.5
}

func (wild) String() string { return "wild" }

func TestRates(t *testing.T) {
	line := draw.Linear{From: 0.2, To: 0.6, Start: 10, End: 20}
	for _, tt := range []struct {
		r    draw.Rate
		step int64
		want float64
	}{
		{draw.Constant(0.3), math.MaxInt64, 0.3},
		{line, math.MinInt64, 0.2}, {line, 10, 0.2}, {line, 15, 0.4}, {line, 20, 0.6}, {line, math.MaxInt64, 0.6},
		{draw.Linear{From: 0, To: 1, Start: math.MinInt64, End: math.MaxInt64}, 0, 0.5},
		{draw.Linear{From: 0.1, To: 0.2}, 0, 0.2},
		{draw.Early{P: 0.5, Cutoff: 3}, 2, 0.5}, {draw.Early{P: 0.5, Cutoff: 3}, 3, 0},
		{draw.Early{P: 0.5, Cutoff: 3, Decay: true}, 0, 0.5}, {draw.Early{P: 0.5, Cutoff: 3, Decay: true}, 1, 0.25},
		{draw.Early{P: 0.5, Cutoff: 3, Decay: true}, 2, 0}, {draw.Early{P: 0.5, Cutoff: 1, Decay: true}, 0, 0.5},
		{draw.Late{P: 0.5, Cutoff: 3}, 2, 0}, {draw.Late{P: 0.5, Cutoff: 3}, 3, 0.5},
		{draw.Curriculum{P: 0.5, Gamma: 0.1}, 0, 0}, {draw.Curriculum{P: 0.5, Gamma: 0.1}, -5, 0},
		{draw.Curriculum{P: 0.5, Gamma: 0.1}, 10, 0.5 * (1 - math.Exp(-1))},
	} {
		t.Run(fmt.Sprintf("%T %v at %d", tt.r, tt.r, tt.step), func(t *testing.T) {
			if got := tt.r.At(tt.step); math.Abs(got-tt.want) > 1e-15 {
				t.Errorf("%T %v at step %d: want %v, got %v", tt.r, tt.r, tt.step, tt.want, got)
			}
		})
	}
}

// Rates that differ have names that differ, since Gorgonia merges ops by them.
func TestIdentify(t *testing.T) {
	seen := make(map[string]draw.Rate)
	for _, r := range []draw.Rate{
		draw.Constant(0.5), draw.Constant(0.25), wild{},
		draw.Linear{From: 0.5}, draw.Linear{To: 0.5}, draw.Linear{Start: 1}, draw.Linear{End: 1},
		draw.Early{P: 0.5}, draw.Early{P: 0.5, Cutoff: 1}, draw.Early{P: 0.5, Decay: true}, draw.Early{},
		draw.Late{P: 0.5}, draw.Late{P: 0.5, Cutoff: 1}, draw.Curriculum{P: 0.5}, draw.Curriculum{Gamma: 0.5},
	} {
		id := draw.Identify(r)
		if other, ok := seen[id]; ok {
			t.Errorf("%T %v and %T %v are both %q", r, r, other, other, id)
		}
		seen[id] = r
	}
}

func TestValidate(t *testing.T) {
	for _, r := range []draw.Rate{draw.Constant(1), draw.Linear{To: 1, End: 3}, draw.Early{P: 1}, draw.Late{P: 1}, draw.Curriculum{P: 1, Gamma: 2}, wild{}} {
		if err := draw.Validate(r); err != nil {
			t.Errorf("%T: %v", r, err)
		}
	}
	for _, r := range []draw.Rate{
		draw.Constant(nan), draw.Linear{From: -1}, draw.Linear{To: 2}, draw.Linear{Start: 1}, draw.Early{P: nan}, draw.Early{Cutoff: -1},
		draw.Late{P: 2}, draw.Late{Cutoff: -1}, draw.Curriculum{P: -1}, draw.Curriculum{Gamma: nan}, draw.Curriculum{Gamma: inf},
	} {
		if draw.Validate(r) == nil {
			t.Errorf("%T %v must be an error", r, r)
		}
	}
}
