package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// LastStepLayer makes of sequences (batch, time, features) what they hold at their last
// time, (batch, features), and of all padding 0; see [WithMask] and [nn.LastStep].
type LastStepLayer struct{}

// LastStep returns the layer that takes the last time of sequences.
func LastStep() LastStepLayer { return LastStepLayer{} }

// Apply adds the layer to the graph of x.
func (LastStepLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.pool("LastStep", x, nn.LastStep)
}

// MeanStepsLayer makes of sequences (batch, time, features) their mean over time,
// (batch, features), without padding; see [WithMask] and [nn.MeanSteps].
type MeanStepsLayer struct{}

// MeanSteps returns the layer that takes the mean of sequences over time.
func MeanSteps() MeanStepsLayer { return MeanStepsLayer{} }

// Apply adds the layer to the graph of x.
func (MeanStepsLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.pool("MeanSteps", x, nn.MeanSteps)
}

// pool adds an op that pools sequences without their padding.
func (s *Scope) pool(name string, x *gorgonia.Node, op func(x, mask *gorgonia.Node) (*gorgonia.Node, error)) (*gorgonia.Node, error) {
	mask, err := s.Mask()
	if err != nil {
		return nil, err
	}
	y, err := op(x, mask)
	return y, s.Wrap(err, name)
}
