package draw

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Fused is elementwise dropout as part of another op. A nil Fused drops
// nothing.
type Fused struct {
	*Source
	rate schedule.Schedule
}

// Fused returns the dropout inside an op on x, at rate p or that of the
// settings.
func (s *Settings) Fused(x *gorgonia.Node, p float64) (*Fused, error) {
	rate, err := s.Rate(p, CheckRate)
	if err != nil {
		return nil, err
	}
	source, err := s.Source(x)
	return &Fused{source, rate}, err
}

// At returns the stream and the threshold of a step; the threshold is 0 if
// nothing is dropped.
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

// SetTraining turns an [Train] dropout on or off.
func (f *Fused) SetTraining(training bool) {
	if f != nil {
		f.Source.SetTraining(training)
	}
}

// Inputs returns the additional inputs that the dropout needs.
func (f *Fused) Inputs() []op.Input {
	if f == nil {
		return nil
	}
	return []op.Input{StepInput()}
}

// Nodes returns the nodes of Inputs.
func (f *Fused) Nodes() gorgonia.Nodes {
	if f == nil {
		return nil
	}
	return gorgonia.Nodes{f.step}
}

// Drawing describes how the dropout is drawn; dropped is the input that is
// dropped.
func (f *Fused) Drawing(dropped int) Drawing {
	if f == nil {
		return Drawing{}
	}
	return Drawing{Source: f.Source, Rate: f.rate, Dropped: dropped, Drops: true}
}

// String distinguishes the dropout from others.
func (f *Fused) String() string {
	if f == nil {
		return ""
	}
	return " " + Identify("p", f.rate) + " " + f.Source.String()
}
