package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// LSTM is a stack of long short-term memory layers, from (batch, time,
// features) to (batch, time, Units): the hidden states at all time steps. Each
// sequence starts from a state of zeros. See [nn.LSTM].
//
// Parameters are named and shaped as in PyTorch's nn.LSTM: weight_ih_l0
// (4·Units, features), weight_hh_l0 (4·Units, Units), bias_ih_l0 and bias_hh_l0
// (4·Units), with gates in the order i, f, g, o, and so on for l1, l2, ... As
// in PyTorch they start from U(-1/sqrt(Units), 1/sqrt(Units)).
//
// In a model [WithMask] the layers pass padding by: they return 0 there, and the
// direction that goes back begins at the true end of each sequence.
type LSTM struct {
	Units  int
	Layers int // 1 by default
	// Bidirectional layers go through sequences in both directions, with parameters
	// that end in _reverse for the way back, and return the hidden states of both side
	// by side: (batch, time, 2·Units).
	Bidirectional bool
	// State names the states that the model keeps from run to run: it gets inputs and
	// outputs called State + ".h_l0", ".c_l0", ".h_l1", ... for the initial and the final
	// states, of shape (Units). Initial states are zeros unless they are set, as
	// [Program.CarryStates] does with the final ones of the last run. Sequences in
	// parts then are as one, but for the gradient, which ends at the beginning of a
	// part. The states of a Trainer's batches are zeros, unless the data have them.
	State string

	// InputDropout drops features of the input, LayerDropout those between
	// layers, with one mask for all time steps (Gal and Ghahramani, NeurIPS
	// 2016).
	InputDropout, LayerDropout float64
	// RecurrentDropout drops units of the hidden states on their way into the
	// gates, with one mask for all time steps; see [nn.RecurrentNoise].
	RecurrentDropout float64
	// WeightDrop drops single recurrent weights, with one mask for all time
	// steps (Merity et al., ICLR 2018).
	WeightDrop float64
	// ZoneoutCell and ZoneoutHidden keep units as they were one time step
	// before; see [nn.RecurrentNoise] (Krueger et al., ICLR 2017).
	ZoneoutCell, ZoneoutHidden float64
}

// Apply adds the layers to the graph of x.
func (l LSTM) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	s.noteRate("RecurrentDropout", l.RecurrentDropout)
	s.noteRate("ZoneoutCell", l.ZoneoutCell)
	s.noteRate("ZoneoutHidden", l.ZoneoutHidden)
	return l.recurrent().Apply(s, x)
}

// Run is Apply from initial states, nil for zeros, that also returns the final states,
// for networks whose layers take them from each other, such as an encoder and a decoder.
// It does not use State.
func (l LSTM) Run(s *Scope, x *gorgonia.Node, initial *States) (y *gorgonia.Node, final States, err error) {
	return l.recurrent().run(s, x, initial, true)
}

func (l LSTM) recurrent() recurrent {
	return recurrent{
		name: "LSTM", gates: 4, lstm: true, units: l.Units, layers: l.Layers, both: l.Bidirectional, state: l.State,
		input: l.InputDropout, between: l.LayerDropout, weights: l.WeightDrop,
		noise: nn.RecurrentNoise{Dropout: l.RecurrentDropout, ZoneoutCell: l.ZoneoutCell, ZoneoutHidden: l.ZoneoutHidden},
	}
}
