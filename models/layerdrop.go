package models

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// LayerDropLayer is a block of layers that is skipped as a whole with probability
// P in training, for all examples of a batch at once, so that some blocks can be
// removed afterwards; see [ops.LayerDrop] and [KeepBlocks]. The layers must keep
// the shape. Its parts are named by number, as in [Sequential]. Skipping saves no
// time. A [TransformerBlock] has a field for it.
type LayerDropLayer struct {
	P       float64
	Layers  Sequential
	Options []ops.FusedOption
}

// LayerDrop returns the block of layers that is skipped with probability p.
func LayerDrop(p float64, layers ...Layer) LayerDropLayer {
	return LayerDropLayer{P: p, Layers: layers}
}

// Apply adds the layers to the graph of x.
func (l LayerDropLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := l.Layers.Apply(s, x)
	if err != nil {
		return nil, err
	}
	if !y.Shape().Eq(x.Shape()) {
		return nil, s.Errorf("LayerDrop: layers must keep the shape %v, got %v", x.Shape(), y.Shape())
	}
	return s.layerDrop(x, y, l.P, l.Options)
}

// layerDrop adds LayerDrop of a block from x to y.
func (s *Scope) layerDrop(x, y *gorgonia.Node, p float64, opts []ops.FusedOption) (*gorgonia.Node, error) {
	const name = "LayerDrop"
	stream, ok, err := s.dropoutStream(name, p)
	if err != nil {
		return nil, err
	}
	s.layer.Rates[len(s.layer.Rates)-1].Varies = slices.ContainsFunc(opts, func(o ops.FusedOption) bool {
		_, ok := o.(ops.RateOption)
		return ok
	})
	if !ok || p == 0 && len(opts) == 0 {
		return y, nil
	}
	y, err = ops.LayerDrop(x, y, p, append([]ops.FusedOption{stream}, opts...)...)
	return y, s.Wrap(err, name)
}

// EveryOther returns the indices of the blocks that are left, for [KeepBlocks],
// if of a network of so many blocks the share p is removed at even distances:
// every floor(1/p)-th of them, counted from 1, is removed. With p = 1/2 blocks 0,
// 2, 4 and so on are left. What is trained with LayerDrop at p suits a network of
// 1-p of the depth. It is an error if p is not in [0, 1/2], above which nothing
// would be left, or blocks not in [0, 2^20].
//
// Source: Fan, Grave and Joulin, ICLR 2020, strategy "Every Other": blocks at
// depth d are dropped if d ≡ 0 (mod floor(1/p)); as in the examples of fairseq,
// the authors' code, the first block has depth 1, so that it is left.
func EveryOther(blocks int, p float64) ([]int, error) {
	if !(p >= 0 && p <= 0.5) {
		return nil, errors.Errorf("models: EveryOther: p must be in [0, 0.5], got %v", p)
	}
	if blocks < 0 || blocks > 1<<20 {
		return nil, errors.Errorf("models: EveryOther: blocks must be in [0, 2^20], got %d", blocks)
	}
	every := math.Floor(1 / p)
	left := []int{}
	for i := range blocks {
		if math.Mod(float64(i+1), every) != 0 {
			left = append(left, i)
		}
	}
	return left, nil
}
