package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// PositionsLayer adds a learned vector for each position to sequences (batch,
// time, width) of at most Places positions; see [nn.AddPositions]. Parameter:
// weight (Places, width), as in an embedding of positions.
type PositionsLayer struct {
	Places int
	Init   Init // Normal(0.02) by default
}

// Positions returns the layer that adds a learned vector for each of the given
// number of positions.
func Positions(places int) PositionsLayer { return PositionsLayer{Places: places} }

// Apply adds the layer to the graph of x.
func (l PositionsLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "Positions"
	if x.Dims() != 3 || x.Shape()[1] > l.Places {
		return nil, s.Errorf("%s: input must have shape (batch, time, width) with at most %d times, got %v", name, l.Places, x.Shape())
	}
	w, err := s.Param("weight", []int{l.Places, x.Shape()[2]}, l.Init.or(Normal(0.02)))
	if err != nil {
		return nil, err
	}
	y, err := nn.AddPositions(x, w)
	return y, s.Wrap(err, name)
}

// SinusoidsLayer adds to sequences (batch, time, width) the fixed vectors of sines and
// cosines that tell positions apart; see [nn.AddSinusoids].
type SinusoidsLayer struct{}

// Sinusoids returns the layer that adds a fixed vector for each position.
func Sinusoids() SinusoidsLayer { return SinusoidsLayer{} }

// Apply adds the layer to the graph of x.
func (SinusoidsLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := nn.AddSinusoids(x)
	return y, s.Wrap(err, "Sinusoids")
}
