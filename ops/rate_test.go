package ops_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestRates(t *testing.T) {
	for _, tt := range []struct {
		rate ops.Rate
		want map[int64]float64
	}{
		{ops.Constant(0.3), map[int64]float64{0: 0.3, 99: 0.3}},
		{ops.Linear{From: 0.1, To: 0.5, Start: 10, End: 20}, map[int64]float64{-1: 0.1, 0: 0.1, 10: 0.1, 15: 0.3, 20: 0.5, 99: 0.5}},
		{ops.Linear{From: 0.5, To: 0, End: 4}, map[int64]float64{0: 0.5, 1: 0.375, 4: 0}},
		{ops.Linear{From: 0.1, To: 0.4, Start: 7, End: 7}, map[int64]float64{6: 0.1, 7: 0.4}},
		{ops.Early{P: 0.4, Cutoff: 10}, map[int64]float64{0: 0.4, 9: 0.4, 10: 0, 99: 0}},
		{ops.Early{P: 0.4, Cutoff: 5, Decay: true}, map[int64]float64{0: 0.4, 1: 0.3, 2: 0.2, 4: 0, 5: 0}},
		{ops.Early{P: 0.4, Cutoff: 1, Decay: true}, map[int64]float64{0: 0.4, 1: 0}},
		{ops.Early{P: 0.4}, map[int64]float64{0: 0}},
		{ops.Late{P: 0.4, Cutoff: 10}, map[int64]float64{0: 0, 9: 0, 10: 0.4, 99: 0.4}},
		{ops.Curriculum{P: 0.5, Gamma: 0.1}, map[int64]float64{-1: 0, 0: 0, 10: 0.5 * (1 - math.Exp(-1)), 1000: 0.5}},
		{ops.Curriculum{P: 0.5}, map[int64]float64{0: 0, 1000: 0}},
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
		for _, r := range []ops.Rate{
			ops.Linear{From: p, To: q, Start: min(start, end), End: max(start, end)},
			ops.Early{P: p, Cutoff: cutoff, Decay: rapid.Bool().Draw(t, "decay")},
			ops.Late{P: p, Cutoff: cutoff},
			ops.Curriculum{P: p, Gamma: q}, ops.Curriculum{P: p, Gamma: math.MaxFloat64},
		} {
			if got := r.At(step); !(got >= 0 && got <= 1) {
				t.Fatalf("%T %v at step %d is %v", r, r, step, got)
			}
		}
	})
}

func TestRatesReject(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		rate ops.Rate
		want string
	}{
		{ops.Constant(nan), "p must be in [0, 1], got NaN"},
		{ops.Linear{From: 0.1, To: 1.5, End: 9}, "p must be in [0, 1], got 1.5"},
		{ops.Linear{From: -1, To: 0.5, End: 9}, "p must be in [0, 1], got -1"},
		{ops.Linear{Start: 5, End: 4}, "end must not be before start 5, got 4"},
		{ops.Early{P: 2, Cutoff: 1}, "p must be in [0, 1], got 2"},
		{ops.Early{P: 0.5, Cutoff: -1}, "cutoff must not be negative, got -1"},
		{ops.Late{P: 0.5, Cutoff: -1}, "cutoff must not be negative, got -1"},
		{ops.Late{P: nan}, "p must be in [0, 1], got NaN"},
		{ops.Curriculum{P: 0.5, Gamma: nan}, "gamma must not be negative, got NaN"},
		{ops.Curriculum{P: 7, Gamma: 1}, "p must be in [0, 1], got 7"},
	} {
		g := gorgonia.NewGraph()
		x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
		if _, err := ops.Dropout(x, 0.5, ops.WithRate(tt.rate)); err == nil || err.Error() != "ops: Dropout: "+tt.want {
			t.Errorf("%T %v: want error %q, got %v", tt.rate, tt.rate, tt.want, err)
		}
	}
}

func TestRateNodeRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	elsewhere := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("rate"))
	scalar := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("rate"))
	for _, tt := range []struct {
		opts []ops.Option
		want string
	}{
		{[]ops.Option{ops.WithRateNode(nil)}, "rate must be a node, got none"},
		{[]ops.Option{ops.WithRateNode(x)}, "float32 or float64 scalar"},
		{[]ops.Option{ops.WithRateNode(elsewhere)}, "rate must be a node of x's graph"},
		{[]ops.Option{ops.WithRateNode(scalar), ops.WithRate(ops.Constant(0))}, "rate must be given once"},
	} {
		if _, err := ops.Dropout(x, 0.5, tt.opts...); err == nil || !strings.HasPrefix(err.Error(), "ops: Dropout: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}

func TestDropPathRates(t *testing.T) {
	if got, err := ops.DropPathRates(0.5, 4); err != nil || !slices.Equal(got, []float64{0.125, 0.25, 0.375, 0.5}) {
		t.Errorf("got %v and %v", got, err)
	}
	if got, err := ops.DropPathRates(0.5, 0); err != nil || len(got) != 0 {
		t.Errorf("no blocks must have no rates, got %v and %v", got, err)
	}
	for _, bad := range []struct {
		p     float64
		depth int
		want  string
	}{
		{math.NaN(), 3, "ops: DropPathRates: p must be in [0, 1], got NaN"},
		{-1, 3, "ops: DropPathRates: p must be in [0, 1], got -1"},
		{0.5, -1, "ops: DropPathRates: depth must be in [0, 2^20], got -1"},
		{0.5, math.MaxInt, "ops: DropPathRates: depth must be in [0, 2^20]"},
	} {
		_, err := ops.DropPathRates(bad.p, bad.depth)
		testkit.Rejects(t, err, bad.want)
	}
}
