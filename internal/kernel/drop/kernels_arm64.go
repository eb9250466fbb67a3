//go:build !noasm

package drop

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -neon ../drop_arm64.s

// bits draws the bits of the groups from first on.
func (m *Mask) bits(set isa.Set, dst []uint64, first uint64) {
	switch {
	case len(dst) == 0:
	case set == isa.NEON:
		bitsNEON(&dst[0], len(dst), uint32(8*first), &m.schedule, m.threshold)
	default:
		m.bitsInGo(dst, first)
	}
}

// words draws the words of whole groups, at least one.
func words(dst []uint32, block uint32, k *schedule) {
	wordsNEON(&dst[0], len(dst)/WordGroup, block, k)
}

// float32s applies the mask to whole groups.
func (m *Mask) float32s(set isa.Set, dst, src []float32, first uint64, _ bool) {
	n := len(src) / GroupSize
	switch {
	case n == 0:
	case set == isa.NEON:
		float32NEON(&dst[0], &src[0], n, uint32(8*first), &m.schedule, m.threshold, float32(m.scale))
	default:
		groups(dst, src, first, m)
	}
}

// float64s applies the mask to whole groups.
func (m *Mask) float64s(set isa.Set, dst, src []float64, first uint64, _ bool) {
	n := len(src) / GroupSize
	switch {
	case n == 0:
	case set == isa.NEON:
		float64NEON(&dst[0], &src[0], n, uint32(8*first), &m.schedule, m.threshold, m.scale)
	default:
		groups(dst, src, first, m)
	}
}

// bitsNEON draws the mask bits of groups; see Bits.
//
//go:noescape
func bitsNEON(dst *uint64, groups int, block uint32, k *[19]uint32, t uint32)

// float32NEON applies a mask to whole groups; see Apply.
//
//go:noescape
func float32NEON(dst, src *float32, groups int, block uint32, k *[19]uint32, t uint32, scale float32)

// float64NEON applies a mask to whole groups; see Apply.
//
//go:noescape
func float64NEON(dst, src *float64, groups int, block uint32, k *[19]uint32, t uint32, scale float64)

// wordsNEON draws the words of groups; see Words.
//
//go:noescape
func wordsNEON(dst *uint32, groups int, block uint32, k *[19]uint32)
