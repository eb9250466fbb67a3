package draw

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Settings hold what the options of an op set.
type Settings struct {
	seed     uint64
	layer    uint32
	hasLayer bool
	step     *gorgonia.Node
	mode     Mode

	rate        schedule.Schedule
	rateNode    *gorgonia.Node
	hasRateNode bool

	noiseShape    []int
	hasNoiseShape bool
	broadcast     []int

	temperature    float64
	hasTemperature bool

	share schedule.Schedule
}

// Collect returns the settings of options; later ones win.
func Collect[O interface{ set(*Settings) }](opts []O) *Settings {
	s := new(Settings)
	for _, o := range opts {
		o.set(s)
	}
	return s
}

// Mode returns the mode set by [WithMode].
func (s *Settings) Mode() Mode { return s.mode }

// Layer returns the layer set by [WithLayer], if it was given.
func (s *Settings) Layer() (layer uint32, ok bool) { return s.layer, s.hasLayer }

// Source returns the source of an op on x, which must be a node of a graph.
func (s *Settings) Source(x *gorgonia.Node) (*Source, error) {
	if x == nil || x.Graph() == nil {
		return nil, errors.New("x must be a node of a graph, got none")
	}
	if s.mode > Sample {
		return nil, errors.Errorf("mode must be Train, Eval or Sample, got %d", uint8(s.mode))
	}
	step, err := StepFor(x, s.step)
	if err != nil {
		return nil, err
	}
	src := &Source{Seed: s.seed, Layer: s.layer, Mode: s.mode, step: step}
	src.training.Store(true)
	if s.hasLayer {
		return src, nil
	}
	src.Layer, err = nextLayer(x.Graph())
	return src, err
}

// Rate returns the rate set by [WithRate], or else p as a constant. check
// returns an error if p cannot be a rate.
func (s *Settings) Rate(p float64, check func(p float64) error) (schedule.Schedule, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	if s.rate == nil {
		return schedule.Constant(p), nil
	}
	return s.rate, checkSchedule(s.rate, check)
}

// Share returns the share set by [WithShare], or else the constant.
func (s *Settings) Share(share float64) (schedule.Schedule, error) {
	if err := CheckShare(share); err != nil {
		return nil, err
	}
	if s.share == nil {
		return schedule.Constant(share), nil
	}
	return s.share, checkSchedule(s.share, CheckShare)
}

// RateNode returns the node set by [WithRateNode], nil if it was not given. It
// is an error if the node cannot be the rate of a dropout on x.
func (s *Settings) RateNode(x *gorgonia.Node) (*gorgonia.Node, error) {
	n := s.rateNode
	switch {
	case !s.hasRateNode:
		return nil, nil
	case s.rate != nil:
		return nil, errors.New("rate must be given once, got WithRate and WithRateNode")
	case n == nil:
		return nil, errors.New("rate must be a node, got none")
	case n.Graph() != nil && n.Graph() != x.Graph():
		return nil, errors.New("rate must be a node of x's graph, got one of another graph")
	}
	if dt, err := op.DtypeOf(n); err != nil || !n.IsScalar() || !op.IsFloat(dt) {
		return nil, errors.Errorf("rate must be a float32 or float64 scalar, got %v", n.Type())
	}
	return n, nil
}

// Temperature returns the temperature set by [WithTemperature], 0.1 by default.
func (s *Settings) Temperature() (float64, error) {
	const byDefault = 0.1
	switch {
	case !s.hasTemperature:
		return byDefault, nil
	case !(s.temperature > 0) || math.IsInf(s.temperature, 1):
		return 0, errors.Errorf("temperature must be positive, got %v", s.temperature)
	}
	return s.temperature, nil
}

// SharedAxes marks the axes of a shape over which the mask is shared, by the op
// or by options. It is nil if there are none.
func (s *Settings) SharedAxes(shape tensor.Shape, shares func(axis int) bool) ([]bool, error) {
	shared := make([]bool, len(shape))
	for axis := range shape {
		shared[axis] = shares != nil && shares(axis)
	}
	if s.hasNoiseShape {
		if len(s.noiseShape) != len(shape) {
			return nil, errors.Errorf("noise shape must have %d entries for x of shape %v, got %v", len(shape), shape, s.noiseShape)
		}
		for axis, n := range s.noiseShape {
			switch n {
			case 1:
				shared[axis] = true
			case -1, shape[axis]:
			default:
				return nil, errors.Errorf("noise shape must be 1, -1 or %d at axis %d of x of shape %v, got %d", shape[axis], axis, shape, n)
			}
		}
	}
	for i, axis := range s.broadcast {
		if axis < 0 || axis >= len(shape) {
			return nil, errors.Errorf("broadcast axis must be in [0, %d) for x of shape %v, got %d", len(shape), shape, axis)
		}
		if slices.Contains(s.broadcast[:i], axis) {
			return nil, errors.Errorf("broadcast axes must differ, got %v", s.broadcast)
		}
		shared[axis] = true
	}
	if !slices.Contains(shared, true) {
		return nil, nil
	}
	return shared, nil
}
