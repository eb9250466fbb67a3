package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// GRU is a stack of gated recurrent units, from (batch, time, features) to
// (batch, time, Units). See [LSTM] for the fields, and [nn.GRU].
//
// Parameters are named and shaped as in PyTorch's nn.GRU: weight_ih_l0
// (3·Units, features), weight_hh_l0 (3·Units, Units), bias_ih_l0 and bias_hh_l0
// (3·Units), with gates in the order r, z, n.
type GRU struct {
	Units  int
	Layers int // 1 by default

	Bidirectional bool
	State         string // there are no cells

	InputDropout, LayerDropout float64
	RecurrentDropout           float64
	WeightDrop                 float64
	Zoneout                    float64 // of the hidden states
}

// Apply adds the layers to the graph of x.
func (l GRU) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	s.noteRate("RecurrentDropout", l.RecurrentDropout)
	s.noteRate("Zoneout", l.Zoneout)
	return l.recurrent().Apply(s, x)
}

// Run is Apply from initial states, nil for zeros, that also returns the final states;
// see [LSTM.Run].
func (l GRU) Run(s *Scope, x *gorgonia.Node, initial *States) (y *gorgonia.Node, final States, err error) {
	return l.recurrent().run(s, x, initial, true)
}

func (l GRU) recurrent() recurrent {
	return recurrent{
		name: "GRU", gates: 3, units: l.Units, layers: l.Layers, both: l.Bidirectional, state: l.State,
		input: l.InputDropout, between: l.LayerDropout, weights: l.WeightDrop,
		noise: nn.RecurrentNoise{Dropout: l.RecurrentDropout, ZoneoutHidden: l.Zoneout},
	}
}
