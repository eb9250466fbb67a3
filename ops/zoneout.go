package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// Zoneout keeps some units of a recurrent state as they were. In training each
// element of the result is that of prev with probability p, and else that of
// next, unchanged. At inference it is the mean, p*prev + (1-p)*next. Gradients
// go to where the elements came from.
//
// prev and next are the states before and after a time step: float32 or float64
// nodes of the same graph, type and shape. p is rounded to a multiple of
// 1/65536; p = 0 gives next and p = 1 gives prev, at inference too. It is an
// error if p is outside [0, 1] or NaN. The mask is that of [Dropout]: an
// element of prev is taken where Dropout drops. Give every time step its own
// layer, which is the default. Since inference depends on p, it cannot change
// by step: [WithRate] is not accepted, and the node of [WithRateNode] must hold
// the same rate at inference. The other options are those of [Dropout];
// [Sample] always draws.
//
// Source: Krueger et al., "Zoneout: Regularizing RNNs by Randomly Preserving
// Hidden Activations", ICLR 2017, section 3.1; their p is 0.5 for the cells and
// 0.05 for the hidden states of an LSTM.
func Zoneout(prev, next *gorgonia.Node, p float64, opts ...MixOption) (*gorgonia.Node, error) {
	f, err := newMixture("Zoneout", fromBoth, next, p, draw.Collect(opts), nil)
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
