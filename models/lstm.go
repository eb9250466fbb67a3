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
type LSTM struct {
	Units  int
	Layers int // 1 by default

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
	return recurrent{
		name: "LSTM", gates: 4, op: nn.LSTM, units: l.Units, layers: l.Layers,
		input: l.InputDropout, between: l.LayerDropout, weights: l.WeightDrop,
		noise: nn.RecurrentNoise{Dropout: l.RecurrentDropout, ZoneoutCell: l.ZoneoutCell, ZoneoutHidden: l.ZoneoutHidden},
	}.Apply(s, x)
}
