//go:build !noasm

package drop

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../drop_amd64.s -stubs ../stubs_amd64.go -pkg drop

// bits draws the bits of the groups from first on.
func (m *Mask) bits(set isa.Set, dst []uint64, first uint64) {
	n, block := len(dst), uint32(8*first)
	switch {
	case n == 0:
	case set == isa.AVX512:
		bitsAVX512(&dst[0], n, block, &m.schedule, m.threshold)
	case set == isa.AVX2:
		bitsAVX2(&dst[0], n, block, &m.schedule, m.threshold)
	default:
		m.bitsInGo(dst, first)
	}
}

// words draws the words of whole groups, at least one.
func words(dst []uint32, block uint32, k *schedule) {
	wordsAVX2(&dst[0], len(dst)/WordGroup, block, k)
}

// float32s applies the mask to whole groups.
func (m *Mask) float32s(set isa.Set, dst, src []float32, first uint64, stream bool) {
	n, block, scale := len(src)/GroupSize, uint32(8*first), float32(m.scale)
	switch {
	case n == 0:
	case set == isa.AVX512 && stream:
		float32StreamAVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	case set == isa.AVX512:
		float32AVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	case set == isa.AVX2 && stream:
		float32StreamAVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	case set == isa.AVX2:
		float32AVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	default:
		groups(dst, src, first, m)
	}
}

// float64s applies the mask to whole groups.
func (m *Mask) float64s(set isa.Set, dst, src []float64, first uint64, stream bool) {
	n, block := len(src)/GroupSize, uint32(8*first)
	switch {
	case n == 0:
	case set == isa.AVX512 && stream:
		float64StreamAVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	case set == isa.AVX512:
		float64AVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	case set == isa.AVX2 && stream:
		float64StreamAVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	case set == isa.AVX2:
		float64AVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	default:
		groups(dst, src, first, m)
	}
}
