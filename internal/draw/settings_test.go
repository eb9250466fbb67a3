package draw_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// input is a node of shape (2, 3) of a new graph.
func input() *gorgonia.Node { return named(gorgonia.NewGraph(), "x") }

func named(g *gorgonia.ExprGraph, name string) *gorgonia.Node {
	return gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName(name))
}

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

func collect(opts ...draw.Option) *draw.Settings { return draw.Collect(opts) }

func source(t *testing.T, x *gorgonia.Node, opts ...draw.StreamOption) *draw.Source {
	t.Helper()
	s, err := draw.Collect(opts).Source(x)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Without options there is seed 0, the first layer, the step of the graph, and what
// the machine says.
func TestDefaults(t *testing.T) {
	x := input()
	s := collect()
	if _, ok := s.Layer(); ok || s.Mode() != draw.Train {
		t.Error("want no layer, and Train")
	}
	src := source(t, x)
	if src.Seed != 0 || src.Layer != 1 || src.Mode != draw.Train || src.Step() != draw.StepOf(x.Graph()).Node() {
		t.Errorf("the source must have seed 0, layer 1, Train and the graph's step, got %v", src)
	}
	if r, err := s.Rate(0.25, draw.CheckRate); err != nil || r != schedule.Constant(0.25) {
		t.Errorf("want the rate that is given, got %v, %v", r, err)
	}
	if n, err := s.RateNode(x); n != nil || err != nil {
		t.Errorf("want no node, got %v, %v", n, err)
	}
	if temp, err := s.Temperature(); temp != 0.1 || err != nil {
		t.Errorf("want temperature 0.1, got %v, %v", temp, err)
	}
	if shared, err := s.SharedAxes(x.Shape(), nil); shared != nil || err != nil {
		t.Errorf("want no shared axes, got %v, %v", shared, err)
	}
}

// Later options win, within WithStream and around it.
func TestPrecedence(t *testing.T) {
	first := []draw.StreamOption{draw.WithSeed(1), draw.WithLayer(2), draw.WithMode(draw.Sample)}
	stream := draw.WithStream(first...)
	first[0] = draw.WithSeed(99) // of no effect: options are what they were when given
	for name, tt := range map[string]struct {
		opts  []draw.StreamOption
		seed  uint64
		layer uint32
		mode  draw.Mode
	}{
		"stream alone":  {[]draw.StreamOption{stream}, 1, 2, draw.Sample},
		"seed after":    {[]draw.StreamOption{stream, draw.WithSeed(5)}, 5, 2, draw.Sample},
		"seed before":   {[]draw.StreamOption{draw.WithSeed(5), stream}, 1, 2, draw.Sample},
		"stream twice":  {[]draw.StreamOption{stream, draw.WithStream(draw.WithLayer(7), draw.WithMode(draw.Eval))}, 1, 7, draw.Eval},
		"within":        {[]draw.StreamOption{draw.WithStream(draw.WithSeed(3), draw.WithSeed(4), draw.WithLayer(2))}, 4, 2, draw.Train},
		"empty":         {[]draw.StreamOption{stream, draw.WithStream()}, 1, 2, draw.Sample},
		"within within": {[]draw.StreamOption{draw.WithStream(stream, draw.WithSeed(8))}, 8, 2, draw.Sample},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, input(), tt.opts...)
			if s.Seed != tt.seed || s.Layer != tt.layer || s.Mode != tt.mode {
				t.Errorf("want seed %d, layer %d, mode %v, got %v", tt.seed, tt.layer, tt.mode, s)
			}
			if layer, ok := draw.Collect(tt.opts).Layer(); layer != tt.layer || !ok {
				t.Errorf("the layer given must be %d, got %d, %v", tt.layer, layer, ok)
			}
		})
	}
	s := collect(draw.WithRate(schedule.Constant(0.1)), stream, draw.WithRate(schedule.Constant(0.2)))
	if r, err := s.Rate(0.5, draw.CheckRate); r != schedule.Constant(0.2) || err != nil {
		t.Errorf("the later rate, 0.2, must win, got %v, %v", r, err)
	}
}

func TestSourceErrors(t *testing.T) {
	x := input()
	_, err := collect(draw.WithMode(3)).Source(x)
	testkit.Rejects(t, err, "mode must be Train, Eval or Sample, got 3")
	_, err = collect(draw.WithStep(named(x.Graph(), "other"))).Source(x)
	testkit.Rejects(t, err, "step must be an int64 scalar, got Matrix float64")
}

func TestRateErrors(t *testing.T) {
	for want, s := range map[string]struct {
		p    float64
		opts []draw.Option
	}{
		"p must be in [0, 1], got 1.5":                                        {1.5, nil},
		"p must be in [0, 1], got -0.5":                                       {0.5, []draw.Option{draw.WithRate(schedule.Constant(-0.5))}},
		"schedule: Linear: End must not be before Start 5, got 2":             {0.5, []draw.Option{draw.WithRate(schedule.Linear{Start: 5, End: 2})}},
		"rate at step 0: p must be in [0, 1], got 2":                          {0.5, []draw.Option{draw.WithRate(wild{})}},
		"p must be in [0, 1], got 7":                                          {7, []draw.Option{draw.WithRate(schedule.Constant(0.5))}},
		"schedule: Early: Cutoff must not be negative, got -1":                {0, []draw.Option{draw.WithRate(schedule.Early{Cutoff: -1})}},
		"schedule: Curriculum: Gamma must be finite and not negative, got -1": {0, []draw.Option{draw.WithRate(schedule.Curriculum{Gamma: -1})}},
		"p must be in [0, 1], got 3":                                          {0, []draw.Option{draw.WithRate(schedule.Late{P: 3})}},
		"p must be in [0, 1], got NaN":                                        {nan, nil},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := collect(s.opts...).Rate(s.p, draw.CheckRate)
			testkit.Rejects(t, err, want)
		})
	}
}

func TestRateNode(t *testing.T) {
	x := input()
	g := x.Graph()
	scalar := func(g *gorgonia.ExprGraph, dt tensor.Dtype, name string) *gorgonia.Node {
		return gorgonia.NewScalar(g, dt, gorgonia.WithName(name))
	}
	for name, n := range map[string]*gorgonia.Node{
		"float64": scalar(g, tensor.Float64, "r64"), "float32": scalar(g, tensor.Float32, "r32"), "a constant": gorgonia.NewConstant(0.5),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := collect(draw.WithRateNode(n)).RateNode(x); got != n || err != nil {
				t.Errorf("%s: got %v, %v", name, got, err)
			}
		})
	}
	for want, opts := range map[string][]draw.Option{
		"rate must be a node, got none":                                {draw.WithRateNode(nil)},
		"rate must be given once, got WithRate and WithRateNode":       {draw.WithRateNode(scalar(g, tensor.Float64, "r64")), draw.WithRate(schedule.Constant(0))},
		"rate must be a node of x's graph, got one of another graph":   {draw.WithRateNode(scalar(gorgonia.NewGraph(), tensor.Float64, "r"))},
		"rate must be a float32 or float64 scalar, got int":            {draw.WithRateNode(scalar(g, tensor.Int, "whole"))},
		"rate must be a float32 or float64 scalar, got Matrix float64": {draw.WithRateNode(x)},
	} {
		_, err := collect(opts...).RateNode(x)
		testkit.Rejects(t, err, want)
		_, err = collect(opts...).Mask(x, 0.5, draw.CheckRate, nil)
		testkit.Rejects(t, err, want)
	}
}

func TestTemperature(t *testing.T) {
	get := func(temp float64) (float64, error) {
		return draw.Collect([]draw.ConcreteOption{draw.WithTemperature(temp)}).Temperature()
	}
	if got, err := get(2); got != 2 || err != nil {
		t.Errorf("temperature must be 2, got %v, %v", got, err)
	}
	for want, temp := range map[string]float64{"got 0": 0, "got -1": -1, "got NaN": nan, "got +Inf": inf} {
		t.Run(want, func(t *testing.T) {
			_, err := get(temp)
			testkit.Rejects(t, err, "temperature must be positive, "+want)
		})
	}
}

func TestSharedAxes(t *testing.T) {
	shape := tensor.Shape{4, 3, 2}
	last := func(axis int) bool { return axis == 2 }
	for name, tt := range map[string]struct {
		opts   []draw.Option
		shares func(axis int) bool
		want   []bool
	}{
		"of the op":         {nil, last, []bool{false, false, true}},
		"noise shape":       {[]draw.Option{draw.WithNoiseShape(-1, 1, 2)}, nil, []bool{false, true, false}},
		"broadcast":         {[]draw.Option{draw.WithBroadcastAxes(0, 2)}, nil, []bool{true, false, true}},
		"all of them":       {[]draw.Option{draw.WithNoiseShape(1, 3, 2), draw.WithBroadcastAxes(1)}, last, []bool{true, true, true}},
		"the later one":     {[]draw.Option{draw.WithBroadcastAxes(0), draw.WithBroadcastAxes(1)}, nil, []bool{false, true, false}},
		"none by its shape": {[]draw.Option{draw.WithNoiseShape(4, 3, 2)}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := collect(tt.opts...).SharedAxes(shape, tt.shares); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("shared axes must be %v, got %v, %v", tt.want, got, err)
			}
		})
	}
	x := gorgonia.NewTensor(gorgonia.NewGraph(), tensor.Float64, 3, gorgonia.WithShape(shape...), gorgonia.WithName("x"))
	for want, o := range map[string]draw.Option{
		"noise shape must have 3 entries for x of shape (4, 3, 2), got [1 1]":     draw.WithNoiseShape(1, 1),
		"noise shape must be 1, -1 or 3 at axis 1 of x of shape (4, 3, 2), got 2": draw.WithNoiseShape(-1, 2, 2),
		"broadcast axis must be in [0, 3) for x of shape (4, 3, 2), got 3":        draw.WithBroadcastAxes(3),
		"broadcast axis must be in [0, 3) for x of shape (4, 3, 2), got -1":       draw.WithBroadcastAxes(-1),
		"broadcast axes must differ, got [1 1]":                                   draw.WithBroadcastAxes(1, 1),
	} {
		_, err := collect(o).SharedAxes(shape, nil)
		testkit.Rejects(t, err, want)
		_, err = collect(o).Mask(x, 0.5, draw.CheckRate, nil)
		testkit.Rejects(t, err, want)
	}
}
