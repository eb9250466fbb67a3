package drop

import (
	"math"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// chunk is the number of groups whose bits are drawn at a time: few enough to
// stay on the stack and in the first-level cache.
const chunk = 64

// streamBytes is the size from which results bypass the caches. Measured, this
// pays only where the last-level cache cannot hold them.
const streamBytes = 64 << 20

// Apply applies the mask of stream s under threshold t to src: dst[i] is src[i]
// times the scale if element offset+i is kept, else +0. dst and src have the
// same length and are either the same slice or do not overlap. Large slices are
// divided among the processor's cores.
func Apply[F float32 | float64](dst, src []F, offset uint64, s Stream, t uint32) {
	apply(isa.Active(), dst, src, offset, s, t)
}

func apply[F float32 | float64](set isa.Set, dst, src []F, offset uint64, s Stream, t uint32) {
	dst = dst[:len(src)]
	switch {
	case t == 0:
		copy(dst, src)
	case t >= Always:
		clear(dst)
	default:
		m := New(s, t)
		cores, parts := Share(set, len(src), offset)
		if cores == 1 {
			applyPiece(set, dst, src, offset, &m, false)
			return
		}
		bytes := uintptr(len(src)) * unsafe.Sizeof(src[0])
		stream := bytes >= streamBytes && &dst[0] != &src[0]
		a := application[F]{set, dst, src, offset, m, stream}
		applications[F]().Run(cores, parts, a)
	}
}

// application is the work of a call of apply.
type application[F float32 | float64] struct {
	set      isa.Set
	dst, src []F
	offset   uint64
	mask     Mask
	stream   bool
}

// Part applies the mask to elements [from, to).
func (a *application[F]) Part(from, to int) {
	applyPiece(a.set, a.dst[from:to], a.src[from:to], a.offset+uint64(from), &a.mask, a.stream)
}

// Memory that calls leave to the next one.
var (
	applications32 parallel.Split[application[float32], *application[float32]]
	applications64 parallel.Split[application[float64], *application[float64]]
)

func applications[F float32 | float64]() *parallel.Split[application[F], *application[F]] {
	if s, ok := any(&applications32).(*parallel.Split[application[F], *application[F]]); ok {
		return s
	}
	s, _ := any(&applications64).(*parallel.Split[application[F], *application[F]])
	return s
}

// applyPiece applies the mask on one core: by the kernels of the set to whole
// groups, and to the parts of a group at either end.
func applyPiece[F float32 | float64](set isa.Set, dst, src []F, offset uint64, m *Mask, stream bool) {
	group := offset / GroupSize
	if skip := int(offset % GroupSize); skip != 0 {
		n := min(GroupSize-skip, len(src))
		applyPart(set, dst[:n], src[:n], group, skip, m)
		dst, src = dst[n:], src[n:]
		group++
	}
	whole := len(src) / GroupSize * GroupSize
	if whole > 0 {
		const vector = 64 // bytes
		stream = stream && uintptr(unsafe.Pointer(&dst[0]))%vector == 0
		switch dst := any(dst).(type) {
		case []float32:
			m.float32s(set, dst[:whole], any(src).([]float32)[:whole], group, stream)
		case []float64:
			m.float64s(set, dst[:whole], any(src).([]float64)[:whole], group, stream)
		}
	}
	if whole < len(src) {
		applyPart(set, dst[whole:], src[whole:], group+uint64(whole/GroupSize), 0, m)
	}
}

// applyPart applies the mask to elements of one group, from place skip on.
func applyPart[F float32 | float64](set isa.Set, dst, src []F, group uint64, skip int, m *Mask) {
	var kept [1]uint64
	m.bits(set, kept[:], group)
	Select(dst, src, kept[0]>>skip, m.scale)
}

// groups applies the mask to whole groups in Go.
func groups[F float32 | float64](dst, src []F, first uint64, m *Mask) {
	var kept [chunk]uint64
	for n := len(src) / GroupSize; n > 0; n -= chunk {
		kept := kept[:min(chunk, n)]
		m.bitsInGo(kept, first)
		first += uint64(len(kept))
		for _, kept := range kept {
			Select(dst[:GroupSize], src[:GroupSize], kept, m.scale)
			dst, src = dst[GroupSize:], src[GroupSize:]
		}
	}
}

// Select applies the mask of at most one group: dst[e] is src[e] times the
// scale if bit e of kept is set, else +0.
func Select[F float32 | float64](dst, src []F, kept uint64, scale float64) {
	switch dst := any(dst).(type) {
	case []float32:
		select32(dst, any(src).([]float32), kept, float32(scale))
	case []float64:
		select64(dst, any(src).([]float64), kept, scale)
	}
}

// select32 and select64 clear the bits of dropped elements instead of
// branching: a random branch costs more than the arithmetic, and a product with
// zero would let NaN and Inf through.
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
