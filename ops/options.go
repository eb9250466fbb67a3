package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Options change defaults: the random stream, the rate, and the axes over which
// a mask is shared. Each op accepts only options that it can honour; others do
// not compile.
type (
	// An Option is an option of a dropout with one mask: any but
	// [WithTemperature].
	Option = draw.Option
	// A StreamOption sets the random stream and when an op draws from it. Every
	// op that draws accepts it.
	StreamOption = draw.StreamOption
	// A FusedOption is an option of a dropout inside another op, and of
	// [LayerDrop]: a [StreamOption] or [WithRate].
	FusedOption = draw.FusedOption
	// A MixOption is an option of [Zoneout] and [WeightScalingDropout], which
	// need one rate: any [Option] but [WithRate].
	MixOption = draw.MixOption
	// A ConcreteOption is an option of [ConcreteDropout], which learns its
	// rate: a [StreamOption], a [SharingOption] or [WithTemperature].
	ConcreteOption = draw.ConcreteOption
	// A TargetedOption is an option of [TargetedDropout] and
	// [TargetedUnitDropout]: a [StreamOption], [WithRate] or [WithShare].
	TargetedOption = draw.TargetedOption
	// A RateOption sets the drop probability by step; see [WithRate].
	RateOption = draw.RateOption
	// A RateNodeOption sets the node that holds the drop probability; see
	// [WithRateNode].
	RateNodeOption = draw.RateNodeOption
	// A SharingOption sets the axes over which the mask is shared.
	SharingOption = draw.SharingOption
)

// WithSeed sets the seed of the run's random stream. The default is 0, so a
// program repeats itself unless it sets another seed.
func WithSeed(seed uint64) StreamOption { return draw.WithSeed(seed) }

// WithLayer sets the id that distinguishes this dropout's masks from those of
// other dropouts with the same seed. The default is one more than the highest
// id in the graph, 1 for the first dropout. Two dropouts with the same seed and
// layer draw the same bits.
func WithLayer(id uint32) StreamOption { return draw.WithLayer(id) }

// WithStep sets the node that holds the training step: an int64 scalar of the
// same graph, or a constant. The default is the node of [StepOf], which counts
// the runs. At a negative step dropout is the identity.
func WithStep(step *gorgonia.Node) StreamOption { return draw.WithStep(step) }

// WithFixedStep makes every run use the mask of the given step.
func WithFixedStep(step int64) StreamOption { return draw.WithFixedStep(step) }

// WithMode sets when the dropout is active. The default is [Train].
func WithMode(m Mode) StreamOption { return draw.WithMode(m) }

// WithStream combines several stream options into one; later ones win.
func WithStream(opts ...StreamOption) StreamOption { return draw.WithStream(opts...) }

// WithRate makes the dropout take its probability from r at each step instead
// of the constant p, which is then checked but not used. Nothing is rebuilt as
// the rate changes.
func WithRate(r schedule.Schedule) RateOption { return draw.WithRate(r) }

// WithRateNode makes the dropout read its probability from a node of x's graph,
// a float32 or float64 scalar that is fed as each run starts or computed in the
// graph, instead of the constant p, which is then checked but not used. No
// gradient flows into it; [ConcreteDropout] has a learned rate.
func WithRateNode(rate *gorgonia.Node) RateNodeOption { return draw.WithRateNode(rate) }

// WithNoiseShape sets the shape of the mask, with one entry for each axis of x:
// the size of the axis, or -1 for short, to drop elements along it one by one,
// or 1 to drop them together. (Keras writes None for -1.) Anything else is an
// error. For x of shape (batch, time, features), WithNoiseShape(-1, 1, -1)
// drops a feature at all times or at none.
//
// The mask's elements are numbered in row-major order over this shape.
func WithNoiseShape(dims ...int) SharingOption { return draw.WithNoiseShape(dims...) }

// WithBroadcastAxes shares the mask over the given axes of x, counted from 0:
// elements that differ only along these axes are dropped together. (Flax calls
// this broadcast_dims.) An axis that x does not have, or one given twice, is an
// error. Combined with [WithNoiseShape], or in an op that shares axes itself,
// the mask is shared over every axis that any of them names.
func WithBroadcastAxes(axes ...int) SharingOption { return draw.WithBroadcastAxes(axes...) }

// WithTemperature sets the temperature of [ConcreteDropout], a positive number:
// the lower it is, the closer the factors are to 0 and 1/(1-p). The default is
// 0.1, as in the authors' code.
func WithTemperature(t float64) ConcreteOption { return draw.WithTemperature(t) }

// WithShare makes [TargetedDropout] and [TargetedUnitDropout] take the share of
// the weights that may be dropped from r at each step instead of the constant,
// which is then checked but not used. Nothing is rebuilt as the share changes.
func WithShare(r schedule.Schedule) TargetedOption { return draw.WithShare(r) }
