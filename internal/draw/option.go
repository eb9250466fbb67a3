package draw

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// An Option sets something about a dropout that has a default: its stream, its
// rate or the axes over which its mask is shared. Each op accepts only options
// that it can honour; others do not compile.
type Option interface {
	set(*Settings)
	dropout()
}

// A FusedOption is an option of a dropout that is part of another op: a
// [StreamOption] or [WithRate].
type FusedOption interface {
	set(*Settings)
	fused()
}

// A MixOption is an option of an op that at inference computes the mean of what
// it draws in training, and so needs one rate: any but [WithRate].
type MixOption interface {
	set(*Settings)
	mix()
}

// A TargetedOption is an option of a dropout of the weights of least magnitude: a
// [StreamOption], [WithRate] or [WithShare].
type TargetedOption interface {
	set(*Settings)
	targeted()
}

// A ConcreteOption is an option of ConcreteDropout, which learns its rate: a
// [StreamOption], a [SharingOption] or [WithTemperature].
type ConcreteOption interface {
	set(*Settings)
	concrete()
}

// A StreamOption sets which random stream an op draws from, and when.
type StreamOption interface {
	Option
	FusedOption
	MixOption
	ConcreteOption
	TargetedOption
	stream()
}

// A RateOption sets the drop probability by step.
type RateOption interface {
	Option
	FusedOption
	TargetedOption
}

// A RateNodeOption sets the node that holds the drop probability.
type RateNodeOption interface {
	Option
	MixOption
}

// A SharingOption sets the axes over which the mask is shared.
type SharingOption interface {
	Option
	MixOption
	ConcreteOption
}

type (
	streamOption      func(*Settings)
	rateOption        func(*Settings)
	rateNodeOption    func(*Settings)
	sharingOption     func(*Settings)
	temperatureOption func(*Settings)
	shareOption       func(*Settings)
)

func (o streamOption) set(s *Settings) { o(s) }
func (streamOption) dropout()          {}
func (streamOption) fused()            {}
func (streamOption) mix()              {}
func (streamOption) concrete()         {}
func (streamOption) targeted()         {}
func (streamOption) stream()           {}

func (o rateOption) set(s *Settings) { o(s) }
func (rateOption) dropout()          {}
func (rateOption) fused()            {}
func (rateOption) targeted()         {}

func (o rateNodeOption) set(s *Settings) { o(s) }
func (rateNodeOption) dropout()          {}
func (rateNodeOption) mix()              {}

func (o sharingOption) set(s *Settings) { o(s) }
func (sharingOption) dropout()          {}
func (sharingOption) mix()              {}
func (sharingOption) concrete()         {}

func (o temperatureOption) set(s *Settings) { o(s) }
func (temperatureOption) concrete()         {}

func (o shareOption) set(s *Settings) { o(s) }
func (shareOption) targeted()         {}

// WithSeed sets the seed of the run's random stream. The default is 0, so a
// program repeats itself unless it sets another seed.
func WithSeed(seed uint64) StreamOption {
	return streamOption(func(s *Settings) { s.seed = seed })
}

// WithLayer sets the id that distinguishes this dropout's masks from those of
// other dropouts with the same seed. The default is one more than the highest
// id in the graph, 1 for the first dropout. Two dropouts with the same seed and
// layer draw the same bits.
func WithLayer(id uint32) StreamOption {
	return streamOption(func(s *Settings) { s.layer, s.hasLayer = id, true })
}

// WithStep sets the node that holds the training step: an int64 scalar of the
// same graph, or a constant. The default is the node of [StepOf], which counts
// the runs. At a negative step dropout is the identity.
func WithStep(step *gorgonia.Node) StreamOption {
	return streamOption(func(s *Settings) { s.step = step })
}

// WithFixedStep makes every run use the mask of the given step.
func WithFixedStep(step int64) StreamOption {
	return WithStep(gorgonia.NewConstant(step))
}

// WithMode sets when the dropout is active. The default is [Train].
func WithMode(m Mode) StreamOption { return streamOption(func(s *Settings) { s.mode = m }) }

// WithStream combines several stream options into one; later ones win.
func WithStream(opts ...StreamOption) StreamOption {
	opts = slices.Clone(opts)
	return streamOption(func(s *Settings) {
		for _, o := range opts {
			o.set(s)
		}
	})
}

// WithRate makes the dropout take its probability from r at each step instead
// of the constant p, which is then checked but not used. Nothing is rebuilt as
// the rate changes.
func WithRate(r schedule.Schedule) RateOption { return rateOption(func(s *Settings) { s.rate = r }) }

// WithRateNode makes the dropout read its probability from a node of x's graph,
// a float32 or float64 scalar that is fed as each run starts or computed in the
// graph, instead of the constant p, which is then checked but not used. No
// gradient flows into it; ConcreteDropout has a learned rate.
func WithRateNode(rate *gorgonia.Node) RateNodeOption {
	return rateNodeOption(func(s *Settings) { s.rateNode, s.hasRateNode = rate, true })
}

// WithNoiseShape sets the shape of the mask, with one entry for each axis of x:
// the size of the axis, or -1 for short, to drop elements along it one by one,
// or 1 to drop them together. (Keras writes None for -1.) Anything else is an
// error. For x of shape (batch, time, features), WithNoiseShape(-1, 1, -1)
// drops a feature at all times or at none.
//
// The mask's elements are numbered in row-major order over this shape.
func WithNoiseShape(dims ...int) SharingOption {
	dims = slices.Clone(dims)
	return sharingOption(func(s *Settings) { s.noiseShape, s.hasNoiseShape = dims, true })
}

// WithBroadcastAxes shares the mask over the given axes of x, counted from 0:
// elements that differ only along these axes are dropped together. (Flax calls
// this broadcast_dims.) An axis that x does not have, or one given twice, is an
// error. Combined with [WithNoiseShape], or in an op that shares axes itself,
// the mask is shared over every axis that any of them names.
func WithBroadcastAxes(axes ...int) SharingOption {
	axes = slices.Clone(axes)
	return sharingOption(func(s *Settings) { s.broadcast = axes })
}

// WithTemperature sets the temperature of ConcreteDropout, a positive number:
// the lower it is, the closer the factors are to 0 and 1/(1-p). The default is
// 0.1, as in the authors' code.
func WithTemperature(t float64) ConcreteOption {
	return temperatureOption(func(s *Settings) { s.temperature, s.hasTemperature = t, true })
}

// WithShare makes a targeted dropout take the share of the weights that may be
// dropped from r at each step instead of the constant, which is then checked but
// not used. Nothing is rebuilt as the share changes.
func WithShare(r schedule.Schedule) TargetedOption {
	return shareOption(func(s *Settings) { s.share = r })
}
