package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
)

// Zoneout keeps units of a recurrent state as they were: in training each
// element of the result is, with probability p, that of prev and else that of
// next, unchanged; at inference it is p*prev + (1-p)*next, the mean of that.
// Gradients go where the elements came from.
//
// prev and next are nodes of one graph, of float32 or float64 and of one shape,
// the state before a time step and after it. p is rounded to a multiple of
// 1/65536; p = 0 gives next and p = 1 gives prev, at inference too, and it is an
// error if p is outside [0, 1] or NaN. The mask is that of Dropout, an element
// of prev being taken where Dropout drops one. Build every time step with a
// layer of its own, the default. Since inference depends on p, it
// cannot change by step: WithRate is no option, and WithRateNode must hold the same
// rate at inference. The other options are those of Dropout, with Sampling drawing
// at any time.
//
// Source: Krueger et al., "Zoneout: Regularizing RNNs by Randomly Preserving
// Hidden Activations", ICLR 2017, section 3.1; their p is 0.5 for the cells and
// 0.05 for the hidden states of an LSTM.
func Zoneout(prev, next *gorgonia.Node, p float64, opts ...MixOption) (*gorgonia.Node, error) {
	f, err := newMixture("Zoneout", fromBoth, next, p, opts)
	if err != nil {
		return nil, err
	}
	switch {
	case prev == nil || prev.Graph() != nil && prev.Graph() != next.Graph():
		return nil, errors.Errorf("ops: Zoneout: prev must be a node of next's graph, got %v", prev)
	case !prev.Shape().Eq(next.Shape()) || prev.Type().String() != next.Type().String():
		return nil, errors.Errorf("ops: Zoneout: prev must be of next's type and shape %v %v, got %v %v",
			next.Type(), next.Shape(), prev.Type(), prev.Shape())
	}
	return apply(f, append(gorgonia.Nodes{prev, next}, f.mask.Nodes()...)...)
}
