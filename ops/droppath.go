package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/pkg/errors"
)

// DropPath drops whole samples of x, of shape (N, ...): each index of axis 0 is
// zeroed with probability p or kept and multiplied by 1/(1-p). On the residual
// branch of a block, before the sum with the block's input, this is stochastic
// depth: dropped samples skip the block. A scalar x is an error. See [Dropout]
// for types, p, gradients and modes.
//
// Source: Huang et al., "Deep Networks with Stochastic Depth", ECCV 2016,
// equation 2, with the rescaling in training that later work prefers to
// rescaling at test time (their equation 5).
func DropPath(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "DropPath", distribution: bernoulli{}, shape: "(N, ...)", min: 1,
		shares: func(axis int) bool { return axis >= 1 },
		effect: draw.Effect{Branches: true},
	}.apply(x, p, opts)
}

// DropPathRates returns the drop probabilities for [DropPath] of depth blocks,
// rising linearly from p/depth in the first to p in the last: block l of
// 1..depth has p*l/depth. It is an error if p is not in [0, 1] or depth not in
// [0, 2^20].
//
// Source: Huang et al., ECCV 2016, equation 4, with p = 1 - p_L. (Some libraries
// give the first block 0; that is 0 before DropPathRates(p, depth-1).)
func DropPathRates(p float64, depth int) ([]float64, error) {
	if err := draw.CheckRate(p); err != nil {
		return nil, errors.Wrap(err, "ops: DropPathRates")
	}
	if depth < 0 || depth > 1<<20 {
		return nil, errors.Errorf("ops: DropPathRates: depth must be in [0, 2^20], got %d", depth)
	}
	rates := make([]float64, depth)
	for l := range rates {
		rates[l] = p * (float64(l+1) / float64(depth))
	}
	return rates, nil
}
