package kernel

import "github.com/gorgonia-dropout/dropout/internal/philox"

// Bits sets dst[k] to the mask bits of group first+k under threshold t: bit e
// is set where element 64*(first+k)+e is kept.
func Bits(dst []uint64, first uint64, s Stream, t uint32) { draw(active, dst, first, s, t) }

func draw(p path, dst []uint64, first uint64, s Stream, t uint32) {
	switch n := len(dst) * GroupSize; {
	case t == 0:
		for k := range dst {
			dst[k] = ^uint64(0)
		}
	case t >= Always:
		clear(dst)
	case n < 2*p.piece():
		m := newMask(s, t)
		p.bits(dst, first, &m)
	default:
		m := newMask(s, t)
		p.split(n, 0, func(lo, hi int) {
			k := lo / GroupSize
			p.bits(dst[k:hi/GroupSize], first+uint64(k), &m)
		})
	}
}

// bitsGeneric is the readable form of the contract for 0 < t < 65536, with
// which the tests compare every path.
func bitsGeneric(dst []uint64, first uint64, s Stream, t uint32) {
	key := philox.KeyOf(s.Seed)
	counter := philox.Counter{0, s.Layer, uint32(s.Step), uint32(s.Step >> 32)}
	for k := range dst {
		counter[0] = uint32(8 * (first + uint64(k)))
		var kept uint64
		for lane := range 8 {
			for j, word := range philox.Block(counter, key) {
				// (t-1-u)>>31 is 1 exactly where u >= t, without a branch.
				low := uint64((t - 1 - word&0xffff) >> 31)
				high := uint64((t - 1 - word>>16) >> 31)
				kept |= (low | high<<8) << (16*j + lane)
			}
			counter[0]++
		}
		dst[k] = kept
	}
}
