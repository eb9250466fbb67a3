package ops

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// DropConnect drops single weights instead of units: it is [Dropout] of the
// weights w of a layer, to be used in their place:
//
//	dropped, err := ops.DropConnect(w, 0.5)
//	...
//	h, err := gorgonia.Mul(x, dropped)
//
// One mask serves the whole mini-batch. (Wan et al. draw one for each sample,
// which no product of two matrices can do, and approximate inference by a
// Gaussian; here inference uses the weights themselves, whose mean the
// rescaling in training preserves.) A solver updates w itself. Its gradient is
// zero where it was dropped, but momentum and weight decay may still move it.
// Add the bias after the product, or drop it with a separate DropConnect. See
// [Dropout] for types, p, gradients and modes.
//
// Source: Wan et al., "Regularization of Neural Networks using DropConnect",
// ICML 2013, section 3.
func DropConnect(w *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{name: "DropConnect", distribution: bernoulli{}}.apply(w, p, opts)
}

// WeightDrop is [DropConnect] for the recurrent weights of a network: it
// returns one dropped node for each of ws. Build every time step with these
// nodes: since all steps share them, one mask holds for the whole sequence, and
// the state that is carried on is left alone.
//
// Each weight gets its own layer, counting up from that of [WithLayer] if it is
// given.
//
// Source: Merity, Keskar and Socher, "Regularizing and Optimizing LSTM Language
// Models", ICLR 2018, section 2.
func WeightDrop(ws []*gorgonia.Node, p float64, opts ...Option) ([]*gorgonia.Node, error) {
	first, given := draw.Collect(opts).Layer()
	if given && len(ws) > 0 && uint64(first)+uint64(len(ws)-1) > math.MaxUint32 {
		return nil, errors.Errorf("ops: WeightDrop: layers of %d weights must fit in 32 bits from layer %d on", len(ws), first)
	}
	dropped := make([]*gorgonia.Node, len(ws))
	for i, w := range ws {
		each := opts
		if given {
			each = append(slices.Clone(opts), WithLayer(first+uint32(i)))
		}
		var err error
		dropped[i], err = dropout{name: "WeightDrop", distribution: bernoulli{}}.apply(w, p, each)
		if err != nil {
			return nil, err
		}
	}
	return dropped, nil
}
