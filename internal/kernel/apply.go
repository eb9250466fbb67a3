package kernel

import "math"

// chunk is the number of groups whose bits are drawn at a time: few enough to
// stay on the stack and in the first-level cache.
const chunk = 64

// Float32 applies the mask of stream s under threshold t to src: dst[i] is
// src[i] times the scale where element offset+i is kept, else +0. dst and src
// have one length and are either the same slice or do not overlap.
func Float32(dst, src []float32, offset uint64, s Stream, t uint32) {
	dst = dst[:len(src)]
	switch {
	case t == 0:
		copy(dst, src)
	case t >= Always:
		clear(dst)
	default:
		scale := float32(Scale(t))
		each(len(src), offset, s, t, func(i, n int, kept uint64) {
			select32(dst[i:i+n], src[i:i+n], kept, scale)
		})
	}
}

// Float64 is Float32 for float64.
func Float64(dst, src []float64, offset uint64, s Stream, t uint32) {
	dst = dst[:len(src)]
	switch {
	case t == 0:
		copy(dst, src)
	case t >= Always:
		clear(dst)
	default:
		scale := Scale(t)
		each(len(src), offset, s, t, func(i, n int, kept uint64) {
			select64(dst[i:i+n], src[i:i+n], kept, scale)
		})
	}
}

// each calls f for runs of up to 64 elements that cover [0, n): the run starts
// at i, has m elements, and bit e of kept belongs to element i+e.
func each(n int, offset uint64, s Stream, t uint32, f func(i, m int, kept uint64)) {
	var buf [chunk]uint64
	group, skip := offset/GroupSize, int(offset%GroupSize)
	for i := 0; i < n; {
		groups := min(chunk, (skip+n-i+GroupSize-1)/GroupSize)
		Bits(buf[:groups], group, s, t)
		group += uint64(groups)
		for _, kept := range buf[:groups] {
			m := min(GroupSize-skip, n-i)
			f(i, m, kept>>skip)
			i += m
			skip = 0
		}
	}
}

// select32 and select64 clear the bits of dropped elements instead of
// branching: a random branch costs more than the arithmetic, and a product
// with zero would let NaN and Inf through.
func select32(dst, src []float32, kept uint64, scale float32) {
	dst = dst[:len(src)]
	for e, x := range src {
		keep := -uint32(kept >> (e & 63) & 1)
		dst[e] = math.Float32frombits(math.Float32bits(x*scale) & keep)
	}
}

func select64(dst, src []float64, kept uint64, scale float64) {
	dst = dst[:len(src)]
	for e, x := range src {
		keep := -(kept >> (e & 63) & 1)
		dst[e] = math.Float64frombits(math.Float64bits(x*scale) & keep)
	}
}
