package mask

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
	"github.com/gorgonia-dropout/dropout/internal/philox"
)

// ExactK returns the bits of n units of which exactly k, 0 <= k <= n, are kept:
// those with the k smallest keys, and of two with one key the first.
//
// Unit i has group g = i/16 and place e = i%16; its key is the 64 bits of block
// 8g + e%8 whose low half is word 2*(e/8) and whose high half is the next one.
func ExactK(n, k int, s kernel.Stream) []uint64 {
	kept := NewBits(n)
	switch k {
	case 0:
		return kept
	case n:
		for i := range n {
			kept[i/64] |= 1 << (i % 64)
		}
		return kept
	}
	// The keys are uniform, so a histogram of their leading bits leaves only a
	// few of them to be sorted.
	keys := keysOf(n, s)
	shift := 65 - bits.Len(uint(n))
	below := make([]int, 1<<(64-shift))
	for _, key := range keys {
		below[key>>shift]++
	}
	bucket, rest := uint64(0), k
	for below[bucket] < rest {
		rest -= below[bucket]
		bucket++
	}
	var border []int
	for i, key := range keys {
		switch b := key >> shift; {
		case b < bucket:
			kept[i/64] |= 1 << (i % 64)
		case b == bucket:
			border = append(border, i)
		}
	}
	slices.SortStableFunc(border, func(i, j int) int { return cmp.Compare(keys[i], keys[j]) })
	for _, i := range border[:rest] {
		kept[i/64] |= 1 << (i % 64)
	}
	return kept
}

func keysOf(n int, s kernel.Stream) []uint64 {
	keys := make([]uint64, (n+15)/16*16)
	key := philox.KeyOf(s.Seed)
	counter := philox.Counter{0, s.Layer, uint32(s.Step), uint32(s.Step >> 32)}
	for at := 0; at < n; at += 16 {
		for lane := range 8 {
			w := philox.Block(counter, key)
			keys[at+lane] = uint64(w[1])<<32 | uint64(w[0])
			keys[at+8+lane] = uint64(w[3])<<32 | uint64(w[2])
			counter[0]++
		}
	}
	return keys[:n]
}

// Indices returns the indices of the set bits in ascending order.
func Indices(kept []uint64) []int {
	n := 0
	for _, w := range kept {
		n += bits.OnesCount64(w)
	}
	out := make([]int, 0, n)
	for k, w := range kept {
		for ; w != 0; w &= w - 1 {
			out = append(out, 64*k+bits.TrailingZeros64(w))
		}
	}
	return out
}
