package kernel

import (
	"math"
	"unsafe"
)

// chunk is the number of groups whose bits are drawn at a time: few enough to
// stay on the stack and in the first-level cache.
const chunk = 64

// streamBytes is the size from which results are written past the caches. That
// was measured to pay only where the last level cannot hold them.
const streamBytes = 64 << 20

// Apply applies the mask of stream s under threshold t to src: dst[i] is
// src[i] times the scale where element offset+i is kept, else +0. dst and src
// have one length and are either the same slice or do not overlap. Large slices
// are shared out over the processor's cores.
func Apply[F float32 | float64](dst, src []F, offset uint64, s Stream, t uint32) {
	apply(active, dst, src, offset, s, t)
}

func apply[F float32 | float64](p path, dst, src []F, offset uint64, s Stream, t uint32) {
	dst = dst[:len(src)]
	switch {
	case t == 0:
		copy(dst, src)
	case t >= Always:
		clear(dst)
	case len(src) < 2*p.piece():
		m := newMask(s, t)
		applyPiece(p, dst, src, offset, &m, false)
	default:
		m := newMask(s, t)
		bytes := uintptr(len(src)) * unsafe.Sizeof(src[0])
		stream := bytes >= streamBytes && &dst[0] != &src[0]
		p.split(len(src), offset, func(lo, hi int) {
			applyPiece(p, dst[lo:hi], src[lo:hi], offset+uint64(lo), &m, stream)
		})
	}
}

// applyPiece applies the mask on one core: to the whole groups by the path, and
// to what is left of a group at either end.
func applyPiece[F float32 | float64](p path, dst, src []F, offset uint64, m *mask, stream bool) {
	group := offset / GroupSize
	if skip := int(offset % GroupSize); skip != 0 {
		n := min(GroupSize-skip, len(src))
		applyPart(p, dst[:n], src[:n], group, skip, m)
		dst, src = dst[n:], src[n:]
		group++
	}
	whole := len(src) / GroupSize * GroupSize
	if whole > 0 {
		const vector = 64 // bytes
		stream = stream && uintptr(unsafe.Pointer(&dst[0]))%vector == 0
		switch dst := any(dst).(type) {
		case []float32:
			p.float32(dst[:whole], any(src).([]float32)[:whole], group, m, stream)
		case []float64:
			p.float64(dst[:whole], any(src).([]float64)[:whole], group, m, stream)
		}
	}
	if whole < len(src) {
		applyPart(p, dst[whole:], src[whole:], group+uint64(whole/GroupSize), 0, m)
	}
}

// applyPart applies the mask to elements of one group, from place skip on.
func applyPart[F float32 | float64](p path, dst, src []F, group uint64, skip int, m *mask) {
	var kept [1]uint64
	p.bits(kept[:], group, m)
	selectKept(dst, src, kept[0]>>skip, m.scale)
}

// groups applies the mask to whole groups in Go.
func groups[F float32 | float64](dst, src []F, first uint64, m *mask) {
	var kept [chunk]uint64
	for n := len(src) / GroupSize; n > 0; n -= chunk {
		kept := kept[:min(chunk, n)]
		m.bits(kept, first)
		first += uint64(len(kept))
		for _, kept := range kept {
			selectKept(dst[:GroupSize], src[:GroupSize], kept, m.scale)
			dst, src = dst[GroupSize:], src[GroupSize:]
		}
	}
}

func selectKept[F float32 | float64](dst, src []F, kept uint64, scale float64) {
	switch dst := any(dst).(type) {
	case []float32:
		select32(dst, any(src).([]float32), kept, float32(scale))
	case []float64:
		select64(dst, any(src).([]float64), kept, scale)
	}
}

// select32 and select64 clear the bits of dropped elements instead of
// branching: a random branch costs more than the arithmetic, and a product
// with zero would let NaN and Inf through.
func select32(dst, src []float32, kept uint64, scale float32) {
	dst = dst[:len(src)]
	for e, x := range src {
		dst[e] = math.Float32frombits(math.Float32bits(x*scale) & -uint32(kept&1))
		kept >>= 1
	}
}

func select64(dst, src []float64, kept uint64, scale float64) {
	dst = dst[:len(src)]
	for e, x := range src {
		dst[e] = math.Float64frombits(math.Float64bits(x*scale) & -(kept & 1))
		kept >>= 1
	}
}
