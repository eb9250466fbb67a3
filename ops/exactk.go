package ops

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
)

// ExactK is [Batchwise] dropout of the same number of units at every step: of
// the n units of one sample it keeps exactly k = [KeptCount](n, p), drawn
// without replacement, each set of k with the same probability, and multiplies
// them by n/k. The masks of single units are therefore slightly negatively
// correlated. The size of the network is fixed, so that products on the kept
// units always have the same shapes. To keep k of n units use p = 1 - k/n.
//
// x has shape (N, ...). The units are the elements of a sample, or fewer if
// options share further axes: for x of shape (N, C, H, W), WithBroadcastAxes(2,
// 3) makes the channels the units. A rank below 2 is an error. At p = 1, or if
// k rounds to 0, everything is zero. See [Dropout] for types, gradients and
// modes.
//
// The kept units are those with the k smallest keys and, of two with equal
// keys, the first. Unit i, in row-major order, has group g = i/16, position e =
// i%16, lane l = e%8 and half h = e/8. The low half of its 64-bit key is word
// 2h of Philox block 8g+l, the high half word 2h+1. Two of n keys are equal
// with a probability below n^2/2^65, so the preference for the first is not
// measurable. [KeptUnits] returns the units of any step.
func ExactK(x *gorgonia.Node, p float64, opts ...Option) (*gorgonia.Node, error) {
	return dropout{
		name: "ExactK", distribution: exactK{}, shape: "(N, ...)", min: 2, shares: batch,
	}.apply(x, p, opts)
}

// KeptCount returns the number of units out of n that [ExactK] keeps at rate p:
// n minus p*n rounded half up. p is clamped to [0, 1], NaN counts as 0, and so
// does a negative n.
func KeptCount(n int, p float64) int {
	n = max(n, 0)
	if !(p > 0) {
		return n
	}
	dropped := math.Floor(float64(min(p, 1)*float64(n)) + 0.5)
	if dropped >= float64(n) {
		return 0
	}
	return n - int(dropped)
}

// KeptUnits returns the indices, in ascending order, of the k units out of n
// that [ExactK] keeps at a step, for products on these units alone. It is an
// error if step is negative or unless 0 <= k <= n <= 2^33, beyond which the
// keys of units repeat.
func KeptUnits(seed uint64, layer uint32, step int64, n, k int) ([]int, error) {
	if k < 0 || k > n {
		return nil, errors.Errorf("ops: KeptUnits: k must be in [0, n = %d], got %d", n, k)
	}
	if n > 1<<33 {
		return nil, errors.Errorf("ops: KeptUnits: n must be at most 2^33, got %d", n)
	}
	if step < 0 {
		return nil, errors.Errorf("ops: KeptUnits: step must not be negative, got %d", step)
	}
	return mask.Indices(mask.ExactK(n, k, drop.Stream{Seed: seed, Layer: layer, Step: uint64(step)})), nil
}

// exactK is the distribution that keeps a fixed number of the mask's elements.
type exactK struct{ probability }

func (exactK) draw(l mask.Layout, s drop.Stream, p float64) mask.Mask {
	n := l.Size()
	k := KeptCount(n, p)
	var scale float64
	if k > 0 {
		scale = float64(n) / float64(k)
	}
	return mask.Bits{Layout: l, Kept: mask.ExactK(n, k, s), Form: mask.Scaled(scale)}
}

func (k exactK) derivative() distribution { return k }
func (exactK) String() string             { return "" }
