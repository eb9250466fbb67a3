package ops

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// WithNoiseShape sets the shape of the mask, one entry for each axis of x: the
// size of the axis, or -1 for it, where elements along the axis are dropped one
// by one, and 1 where they are dropped together. (Keras writes None for -1.)
// Anything else is an error. For x of shape (batch, time, features),
// WithNoiseShape(-1, 1, -1) drops a feature at all times or at none.
//
// The mask's elements are numbered in row-major order over this shape.
func WithNoiseShape(dims ...int) Option {
	return func(c *config) { c.noiseShape, c.hasNoiseShape = slices.Clone(dims), true }
}

// WithBroadcastAxes shares the mask over the given axes of x, counted from 0:
// elements that differ only along these axes are dropped together. (Flax calls
// this broadcast_dims.) An axis that x does not have, or one given twice, is an
// error. Together with WithNoiseShape, or in an op that shares axes by itself,
// the mask is shared over all axes that are named by any of them.
func WithBroadcastAxes(axes ...int) Option {
	return func(c *config) { c.broadcast = slices.Clone(axes) }
}

// sharedAxes marks the axes of a shape over which the mask is shared: those of
// the op and those of the options. It is nil if there are none.
func (c *config) sharedAxes(shape tensor.Shape, shares func(axis int) bool) ([]bool, error) {
	shared := make([]bool, len(shape))
	for axis := range shape {
		shared[axis] = shares != nil && shares(axis)
	}
	if c.hasNoiseShape {
		if len(c.noiseShape) != len(shape) {
			return nil, errors.Errorf("noise shape must have %d entries for x of shape %v, got %v", len(shape), shape, c.noiseShape)
		}
		for axis, n := range c.noiseShape {
			switch n {
			case 1:
				shared[axis] = true
			case -1, shape[axis]:
			default:
				return nil, errors.Errorf("noise shape must be 1, -1 or %d at axis %d of x of shape %v, got %d", shape[axis], axis, shape, n)
			}
		}
	}
	for i, axis := range c.broadcast {
		if axis < 0 || axis >= len(shape) {
			return nil, errors.Errorf("broadcast axis must be in [0, %d) for x of shape %v, got %d", len(shape), shape, axis)
		}
		if slices.Contains(c.broadcast[:i], axis) {
			return nil, errors.Errorf("broadcast axes must differ, got %v", c.broadcast)
		}
		shared[axis] = true
	}
	if !slices.Contains(shared, true) {
		return nil, nil
	}
	return shared, nil
}
