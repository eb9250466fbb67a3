package mask

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/philox"
)

// ExactK returns the bits of n units of which exactly k, 0 <= k <= n, are kept:
// those with the k smallest keys and, of two with equal keys, the first.
//
// Unit i has group g = i/16 and position e = i%16. The low half of its 64-bit
// key is word 2*(e/8) of block 8g + e%8, the high half the next word.
func ExactK(n, k int, s drop.Stream) []uint64 {
	kept := NewBits(n)
	new(Chooser).ExactK(kept, n, k, s)
	return kept
}

// A Chooser draws the bits of [ExactK] and keeps its memory for the next draw.
type Chooser struct {
	keys          []uint64
	below, border []int
}

// ExactK is the function [ExactK], but writes the bits of the n units to kept.
func (c *Chooser) ExactK(kept []uint64, n, k int, s drop.Stream) {
	clear(kept)
	switch k {
	case 0:
		return
	case n:
		for i := range n {
			kept[i/64] |= 1 << (i % 64)
		}
		return
	}
	// The keys are uniform, so after a histogram of their leading bits only a
	// few need sorting.
	c.keys = appendKeys(c.keys[:0], n, s)
	shift := 65 - bits.Len(uint(n))
	c.below = slices.Grow(c.below[:0], 1<<(64-shift))[:1<<(64-shift)]
	clear(c.below)
	for _, key := range c.keys {
		c.below[key>>shift]++
	}
	bucket, rest := uint64(0), k
	for c.below[bucket] < rest {
		rest -= c.below[bucket]
		bucket++
	}
	c.border = c.border[:0]
	for i, key := range c.keys {
		switch b := key >> shift; {
		case b < bucket:
			kept[i/64] |= 1 << (i % 64)
		case b == bucket:
			c.border = append(c.border, i)
		}
	}
	slices.SortStableFunc(c.border, func(i, j int) int { return cmp.Compare(c.keys[i], c.keys[j]) })
	for _, i := range c.border[:rest] {
		kept[i/64] |= 1 << (i % 64)
	}
}

// appendKeys appends the keys of n units to keys.
func appendKeys(keys []uint64, n int, s drop.Stream) []uint64 {
	at, whole := len(keys), (n+15)/16*16
	keys = slices.Grow(keys, whole)[:at+whole]
	key := philox.KeyOf(s.Seed)
	counter := philox.Counter{0, s.Layer, uint32(s.Step), uint32(s.Step >> 32)}
	for group := keys[at:]; len(group) > 0; group = group[16:] {
		for lane := range 8 {
			w := philox.Block(counter, key)
			group[lane] = uint64(w[1])<<32 | uint64(w[0])
			group[8+lane] = uint64(w[3])<<32 | uint64(w[2])
			counter[0]++
		}
	}
	return keys[:at+n]
}

// Indices returns the indices of the set bits in ascending order.
func Indices(kept []uint64) []int {
	n := 0
	for _, w := range kept {
		n += bits.OnesCount64(w)
	}
	return AppendIndices(make([]int, 0, n), kept)
}

// AppendIndices appends the indices of the set bits to out, in ascending order.
func AppendIndices(out []int, kept []uint64) []int {
	for k, w := range kept {
		for ; w != 0; w &= w - 1 {
			out = append(out, 64*k+bits.TrailingZeros64(w))
		}
	}
	return out
}
