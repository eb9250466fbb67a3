package draw

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// A Mask says how a dropout draws its mask: from which source, at which rate
// and shared over which axes.
type Mask struct {
	*Source
	rate     schedule.Schedule
	rateNode *gorgonia.Node // instead of the rate; nil: none
	shared   []bool         // by axis; nil: none
	check    func(p float64) error
}

// Mask returns the mask of a dropout on x at rate p or that of the settings.
// check returns an error if a number cannot be the rate. shares reports which
// axes the op itself shares; nil means none.
func (s *Settings) Mask(x *gorgonia.Node, p float64, check func(p float64) error, shares func(axis int) bool) (m Mask, err error) {
	m.check = check
	if m.rate, err = s.Rate(p, check); err != nil {
		return m, err
	}
	if m.rateNode, err = s.RateNode(x); err != nil {
		return m, err
	}
	if m.shared, err = s.SharedAxes(x.Shape(), shares); err != nil {
		return m, err
	}
	m.Source, err = s.Source(x)
	return m, err
}

// Copy returns the mask with the source that source returns for its own.
func (m Mask) Copy(source func(*Source) (*Source, error)) (Mask, error) {
	s, err := source(m.Source)
	m.Source = s
	return m, err
}

// Shared reports for each axis whether the mask is shared over it; nil means
// over none.
func (m Mask) Shared() []bool { return m.shared }

// Inputs returns the inputs that the mask needs: the step and, if a node holds
// it, the rate.
func (m Mask) Inputs() []op.Input {
	if m.rateNode == nil {
		return []op.Input{StepInput()}
	}
	dt, _ := op.DtypeOf(m.rateNode) // checked by Settings.RateNode
	return []op.Input{StepInput(), {Name: "rate", Of: op.Scalar, Dtype: dt}}
}

// Nodes returns the nodes of Inputs.
func (m Mask) Nodes() gorgonia.Nodes {
	if m.rateNode == nil {
		return gorgonia.Nodes{m.step}
	}
	return gorgonia.Nodes{m.step, m.rateNode}
}

// RateAt returns the rate at a step; fed is the value of the rate's node, if
// there is one.
func (m Mask) RateAt(step int64, fed float64) (float64, error) {
	p := fed
	if m.rateNode == nil {
		p = m.rate.At(step)
	}
	return p, errors.Wrapf(m.check(p), "rate at step %d", step)
}

// Layout returns the layout of the mask on a tensor of the given shape.
func (m Mask) Layout(shape tensor.Shape) mask.Layout { return mask.NewLayout(shape, m.shared) }

// Drawing describes how the mask is drawn; dropped is the input that is
// dropped.
func (m Mask) Drawing(dropped int) Drawing {
	d := Drawing{Source: m.Source, Rate: m.rate, Shared: m.shared, Dropped: dropped, Drops: true}
	if m.rateNode != nil {
		d.Rate = nil
	}
	return d
}

// String distinguishes the mask from others.
func (m Mask) String() string {
	var s strings.Builder
	if m.rateNode != nil {
		s.WriteString("p=node ")
	} else {
		s.WriteString(Identify("p", m.rate) + " ")
	}
	s.WriteString(m.Source.String())
	for axis, shared := range m.shared {
		if shared {
			fmt.Fprintf(&s, " shared=%d", axis)
		}
	}
	return s.String()
}
