package ops_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

func TestRatesReject(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		rate schedule.Schedule
		want string
	}{
		{schedule.Constant(nan), "schedule: Constant: value must be finite, got NaN"},
		{schedule.Linear{From: 0.1, To: 1.5, End: 9}, "p must be in [0, 1], got 1.5"},
		{schedule.Linear{From: -1, To: 0.5, End: 9}, "p must be in [0, 1], got -1"},
		{schedule.Linear{Start: 5, End: 4}, "schedule: Linear: End must not be before Start 5, got 4"},
		{schedule.Early{P: 2, Cutoff: 1}, "p must be in [0, 1], got 2"},
		{schedule.Early{P: 0.5, Cutoff: -1}, "schedule: Early: Cutoff must not be negative, got -1"},
		{schedule.Late{P: 0.5, Cutoff: -1}, "schedule: Late: Cutoff must not be negative, got -1"},
		{schedule.Late{P: nan}, "schedule: Late: P must be finite, got NaN"},
		{schedule.Curriculum{P: 0.5, Gamma: nan}, "schedule: Curriculum: Gamma must be finite and not negative, got NaN"},
		{schedule.Curriculum{P: 7, Gamma: 1}, "p must be in [0, 1], got 7"},
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
		{[]ops.Option{ops.WithRateNode(scalar), ops.WithRate(schedule.Constant(0))}, "rate must be given once"},
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
