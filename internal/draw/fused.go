package draw

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// Fused is Dropout, element by element, as a part of another op. A nil one is none.
type Fused struct {
	*Source
	rate Rate
}

// Fused returns a dropout within an op on x, with the rate p or that of the
// settings.
func (s *Settings) Fused(x *gorgonia.Node, p float64) (*Fused, error) {
	rate, err := s.Rate(p, CheckRate)
	if err != nil {
		return nil, err
	}
	source, err := s.Source(x)
	return &Fused{source, rate}, err
}

// At returns the stream and the threshold of a step; 0 where nothing is dropped.
func (f *Fused) At(step int64) (s drop.Stream, threshold uint32, err error) {
	if f == nil || !f.Active(step) {
		return s, 0, nil
	}
	p := f.rate.At(step)
	if err := CheckRate(p); err != nil {
		return s, 0, errors.Wrapf(err, "rate at step %d", step)
	}
	return f.Stream(step), drop.Threshold(p), nil
}

// SetTraining makes an Auto dropout drop or rest.
func (f *Fused) SetTraining(training bool) {
	if f != nil {
		f.Source.SetTraining(training)
	}
}

// Inputs are the inputs that the dropout needs, Nodes their nodes.
func (f *Fused) Inputs() []op.Input {
	if f == nil {
		return nil
	}
	return []op.Input{StepInput()}
}

// Nodes are the nodes of Inputs.
func (f *Fused) Nodes() gorgonia.Nodes {
	if f == nil {
		return nil
	}
	return gorgonia.Nodes{f.step}
}

// Drawing is how the dropout is drawn, of the input dropped.
func (f *Fused) Drawing(dropped int) Drawing {
	if f == nil {
		return Drawing{}
	}
	return Drawing{Source: f.Source, Rate: f.rate, Dropped: dropped, Drops: true}
}

// String tells a dropout from others.
func (f *Fused) String() string {
	if f == nil {
		return ""
	}
	return " " + Identify(f.rate) + " " + f.Source.String()
}
