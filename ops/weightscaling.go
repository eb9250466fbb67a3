package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// WeightScalingDropout is dropout as it was first described: in training each
// element of x is zeroed with probability p and the others pass unchanged; at
// inference all are multiplied by 1-p, which is equivalent to multiplying the
// outgoing weights by it. [Dropout] divides by 1-p in training instead, so that
// inference costs nothing. The masks are the same, and after a linear layer the
// two differ only by the constant factor 1-p. It is here for comparison, and
// for networks that were trained this way.
//
// Unlike [Dropout] it must stay in the graph for inference: see [Mode].
// [Sample] always drops, and [Eval] always scales.
//
// x is a float32 or float64 node of any shape. p is rounded to a multiple of
// 1/65536, and it is an error if p is outside [0, 1] or NaN. At p = 0 x passes
// unchanged; at p = 1 everything is zero. Since inference depends on p, it
// cannot change by step: [WithRate] is not accepted, and the node of
// [WithRateNode] must hold the same rate at inference. The gradient passes
// through the mask in training and is multiplied by 1-p at inference; the op is
// its own derivative.
//
// Source: Hinton et al., "Improving neural networks by preventing co-adaptation
// of feature detectors", 2012; Srivastava et al., JMLR 15, 2014, section 4 and
// figure 2.
func WeightScalingDropout(x *gorgonia.Node, p float64, opts ...MixOption) (*gorgonia.Node, error) {
	f, err := newMixture("WeightScalingDropout", fromSecond, x, p, draw.Collect(opts), nil)
	if err != nil {
		return nil, err
	}
	return apply(f, append(gorgonia.Nodes{x}, f.mask.Nodes()...)...)
}
