package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// LayerDrop skips a block of a network as a whole: in training the result is x,
// the input of the block, with probability p, and else y, its output. One draw
// decides for the whole batch. At inference the result is y, and nothing is
// rescaled. A network of which each block is skipped now and then can do without
// some of them after training; models.KeepBlocks removes them. See also
// [DropPath], which skips single branches, for each example by itself.
//
// x and y are float32 or float64 nodes of one graph, type and shape. The result
// is one of the two, bit for bit: what is NaN in the other does not matter. The
// gradient goes to the one that was taken, and the other gets 0; the op can be
// differentiated any number of times. p is rounded to a multiple of 1/65536; p =
// 0 gives y and p = 1, in training, x. It is an error if p is outside [0, 1] or
// NaN. The draw is the mask of [Dropout] for a shape of ones, (1, 1, 1), which
// [MaskAt] returns: x is taken where it drops.
//
// A graph computes both: a block that is skipped takes as long as one that is
// not, forward and backward. Only removing blocks saves time.
//
// Source: Fan, Grave and Joulin, "Reducing Transformer Depth on Demand with
// Structured Dropout", ICLR 2020; as in fairseq, the authors' code, layers are
// dropped for the whole batch.
func LayerDrop(x, y *gorgonia.Node, p float64, opts ...FusedOption) (*gorgonia.Node, error) {
	const name = "LayerDrop"
	f, err := newMixture(name, fromBoth, x, p, draw.Collect(opts), func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	if err := likeNode(x, y, "x", "y"); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	f.second = true
	return apply(f, append(gorgonia.Nodes{x, y}, f.mask.Nodes()...)...)
}
