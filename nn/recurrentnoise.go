package nn

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// RecurrentNoise is what [LSTM] and [GRU] do to their states in training. Each
// field is a probability; the zero value does nothing. Masks are those of
// [ops.Dropout] with the op's seed and step, in three layers from its own on.
type RecurrentNoise struct {
	// Dropout drops units of the hidden state on their way into the gates, with
	// one mask for all time steps: it has shape (N, H) and is drawn in the op's
	// layer. The state that is carried on is left alone. It is the identity at
	// inference (Gal and Ghahramani, "A Theoretically Grounded Application of
	// Dropout in Recurrent Neural Networks", NeurIPS 2016, section 4).
	Dropout float64
	// ZoneoutCell and ZoneoutHidden keep units of the cells and of the hidden
	// state as they were at the previous time step, by masks of shape (N, T, H)
	// in the next layer and the one after that: the old value is taken where
	// Dropout drops. At inference units are the mean of old and new with these
	// weights (Krueger et al., "Zoneout", ICLR 2017, section 3.1, who use 0.5
	// and 0.05). A [GRU] has no cells.
	ZoneoutCell, ZoneoutHidden float64
}

// recurrentLayers is the number of layer ids that the noise takes.
const recurrentLayers = 3

// check returns an error if a field is not a probability.
func (n RecurrentNoise) check() error {
	for _, f := range []struct {
		name string
		p    float64
	}{{"Dropout", n.Dropout}, {"ZoneoutCell", n.ZoneoutCell}, {"ZoneoutHidden", n.ZoneoutHidden}} {
		if !(f.p >= 0 && f.p <= 1) {
			return errors.Errorf("%s must be in [0, 1], got %v", f.name, f.p)
		}
	}
	return nil
}

// noiseAt is the noise of a step.
type noiseAt[F op.Float] struct {
	drop         func(h []F) // of a state of shape (N, H), in place; nil: none
	cell, hidden zone[F]
}

// A zone says which units keep their old values.
type zone[F op.Float] struct {
	bits []uint64 // set where a unit is new; nil: weights
	p    F        // the weight of the old value
}

// at returns the weight of an element's old value.
func (z zone[F]) at(i int) F {
	if z.bits == nil {
		return z.p
	}
	return F(^z.bits[i/64] >> (i % 64) & 1)
}

// blend returns the mean of old and new with weights p and 1-p. A side without
// weight is left out, even if it is NaN.
func blend[F op.Float](p, old, new F) F {
	switch p {
	case 0:
		return new
	case 1:
		return old
	}
	return F(p*old) + F((1-p)*new)
}

// drawNoise returns the noise of a step.
func drawNoise[F op.Float](r *recurrent, step int64, s sizes) (d noiseAt[F]) {
	active := r.source != nil && r.source.Active(step)
	zoneOf := func(p float64, layer uint32) (z zone[F]) {
		t := drop.Threshold(p)
		z.p = F(t) / drop.Always
		if active && p > 0 {
			stream := r.source.Stream(step)
			stream.Layer += layer
			z.bits = make([]uint64, (s.n*s.times*s.units+drop.GroupSize-1)/drop.GroupSize)
			drop.Bits(z.bits, 0, stream, t)
		}
		return z
	}
	d.cell, d.hidden = zoneOf(r.noise.ZoneoutCell, 1), zoneOf(r.noise.ZoneoutHidden, 2)
	if active && r.noise.Dropout > 0 {
		stream, t := r.source.Stream(step), drop.Threshold(r.noise.Dropout)
		d.drop = func(h []F) { drop.Apply(h, h, 0, stream, t) }
	}
	return d
}

// enter sets h, of shape (N, H), to the hidden states that enter the gates at step
// k: those before it, without what is dropped.
func (d noiseAt[F]) enter(h []F, given givenStates[F], states []F, k int, s sizes) {
	for b := range s.n {
		copy(h[b*s.units:(b+1)*s.units], given.before(states, b, k, s))
	}
	if d.drop != nil {
		d.drop(h)
	}
}
