package ops

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// DropBlock2d drops square blocks of side x side elements from the feature maps
// of x, of shape (N, C, H, W), so that neighbours cannot stand in for what is
// dropped. Each position at which a block fits into the map is the corner of
// one with probability
//
//	gamma = p/side^2 * H*W/((H-side+1)*(W-side+1))
//
// rounded to a multiple of 1/65536 and at most 1. Blocks may overlap, so the
// share of dropped elements is only about p, and less for larger p. Kept
// elements are divided by the share of the mask that this draw kept, so that a
// map of ones keeps its sum exactly; if nothing is kept the output is zero.
// Elements near the border are dropped less often than others, as in the paper,
// since blocks lie inside the map.
//
// Each channel has its own mask; WithBroadcastAxes(1) shares one over the
// channels, and WithBroadcastAxes(0) over the batch. Sharing a spatial axis is
// an error, as are other ranks and a side below 1 or above H or W. With side 1
// it is [Dropout] apart from the rescaling. At p = 1 everything is zero. See
// [Dropout] for types, gradients and modes.
//
// The corners are the dropped elements of the mask of shape (N, C, H-side+1,
// W-side+1), with 1 for shared axes.
//
// Source: Ghiasi, Lin and Le, "DropBlock: A regularization method for
// convolutional networks", NeurIPS 2018, algorithm 1 and equation 1.
func DropBlock2d(x *gorgonia.Node, p float64, side int, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "DropBlock2d", distribution: dropBlock{side: side}, shape: "(N, C, H, W)", min: 4, max: 4,
		effect: draw.Effect{Blocks: true},
		accepts: func(shape tensor.Shape, shared []bool) error {
			if side < 1 || side > shape[2] || side > shape[3] {
				return errors.Errorf("side must be in [1, %d] for x of shape %v, got %d", min(shape[2], shape[3]), shape, side)
			}
			if shared != nil && (shared[2] || shared[3]) {
				return errors.New("mask must not be shared over height or width, got a shared axis 2 or 3")
			}
			return nil
		},
	}.apply(x, p, opts)
}

// dropBlock drops squares of the last two of four axes.
type dropBlock struct {
	probability
	side int
}

func (k dropBlock) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	if p >= 1 {
		return mask.PerElement{Stream: s, Threshold: drop.Always}
	}
	shape := l.Shape()
	planes, height, width := shape[0]*shape[1], shape[2], shape[3]
	side := min(k.side, height, width)
	corners := (height - side + 1) * (width - side + 1)
	gamma := p / float64(side*side) * (float64(height*width) / float64(corners))
	kept, count := mask.Blocks(planes, height, width, side, s, drop.Threshold(gamma))
	var scale float64
	if count > 0 {
		scale = float64(l.Size()) / float64(count)
	}
	return mask.Bits{Layout: l, Kept: kept, Form: mask.Scaled(scale)}
}

func (k dropBlock) derivative() distribution { return k }
func (k dropBlock) String() string           { return fmt.Sprintf("side=%d ", k.side) }
