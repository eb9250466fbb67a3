package ops

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// maskElements is the number of elements after which a mask repeats, since
// block numbers have 32 bits and a block serves 8 elements; see
// docs/contract.md.
const maskElements = 1 << 35

// MaskAt returns the mask that [Dropout], with the given seed and layer,
// applied or will apply to a tensor of the given shape at a training step. It
// is in row-major order, true where an element is kept. It is an error if p is
// not in [0, 1], step is negative, or the shape has a negative size or more
// than 2^35 elements.
//
// For dropouts that share their mask over axes, shape is that of the mask, with
// 1 for the shared axes: (N, C, 1, 1) for [Dropout2d]. [DropConnect],
// [WeightDrop], [DropPath], [Batchwise], [AlphaDropout], [FeatureAlphaDropout]
// and [Shakeout] draw these masks too, and [TargetedDropout] for its candidates;
// for [ExactK] see [KeptUnits].
func MaskAt(seed uint64, layer uint32, step int64, shape []int, p float64) ([]bool, error) {
	if err := draw.CheckRate(p); err != nil {
		return nil, errors.Wrap(err, "ops: MaskAt")
	}
	if step < 0 {
		return nil, errors.Errorf("ops: MaskAt: step must not be negative, got %d", step)
	}
	if _, err := bounded.Product(maskElements, shape...); err != nil {
		return nil, errors.Wrap(err, "ops: MaskAt: shape")
	}
	l := mask.NewLayout(shape, nil)
	kept := mask.Draw(l, drop.Stream{Seed: seed, Layer: layer, Step: uint64(step)}, drop.Threshold(p))
	return mask.Bools(kept, l.Size()), nil
}
