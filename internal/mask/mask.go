package mask

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
)

// A Mask is a drawn mask, ready to be applied. dst and src both have the length
// of the tensor, and are the same slice or do not overlap.
type Mask interface {
	Float32(dst, src []float32)
	Float64(dst, src []float64)
}

// Identity is the mask that changes nothing.
type Identity struct{}

// Float32 copies src to dst.
func (Identity) Float32(dst, src []float32) { copy(dst, src) }

// Float64 copies src to dst.
func (Identity) Float64(dst, src []float64) { copy(dst, src) }

// PerElement is inverted dropout with the contract's mask and a bit for each
// element: kept elements are multiplied by [drop.Scale]. The bits are never
// stored.
type PerElement struct {
	Stream    drop.Stream
	Threshold uint32
}

// Float32 applies the mask.
func (m PerElement) Float32(dst, src []float32) {
	drop.Apply(dst, src, 0, m.Stream, m.Threshold)
}

// Float64 applies the mask.
func (m PerElement) Float64(dst, src []float64) {
	drop.Apply(dst, src, 0, m.Stream, m.Threshold)
}

// A Form says what becomes of elements: a kept x becomes Scale*x + Shift, a
// dropped one Dropped, whatever it was.
type Form struct{ Scale, Shift, Dropped float64 }

// Scaled returns the form of inverted dropout. Its shift is -0, because adding
// -0 leaves any x unchanged; +0 would turn -0 into +0.
func Scaled(scale float64) Form { return Form{Scale: scale, Shift: math.Copysign(0, -1)} }

// Bits is a mask of stored bits: bit i%64 of Kept[i/64] is set if element i of
// the mask is kept.
type Bits struct {
	Layout Layout
	Kept   []uint64
	Form   Form
}

// NewBits returns memory for the bits of n elements.
func NewBits(n int) []uint64 { return make([]uint64, (n+drop.GroupSize-1)/drop.GroupSize) }

// Draw returns the contract's bits for the elements of l.
func Draw(l Layout, s drop.Stream, threshold uint32) []uint64 {
	kept := NewBits(l.Size())
	drop.Bits(kept, 0, s, threshold)
	return kept
}

// Bools returns the first n bits, true where kept.
func Bools(kept []uint64, n int) []bool {
	b := make([]bool, n)
	for i := range b {
		b[i] = kept[i/64]>>(i%64)&1 == 1
	}
	return b
}

// Float32 applies the mask.
func (b Bits) Float32(dst, src []float32) {
	scale, shift, dropped := float32(b.Form.Scale), float32(b.Form.Shift), float32(b.Form.Dropped)
	b.Layout.runs(func(at, m, n int, shared bool) {
		to, from := dst[at:at+n], src[at:at+n]
		switch {
		case !shared:
			words(b.Kept, m, n, func(i, n int, kept uint64) {
				select32(to[i:i+n], from[i:i+n], kept, scale, shift, math.Float32bits(dropped))
			})
		case b.Kept[m/64]>>(m%64)&1 == 1:
			scaled(to, from, scale, shift)
		default:
			fill(to, dropped)
		}
	})
}

// Float64 applies the mask.
func (b Bits) Float64(dst, src []float64) {
	f := b.Form
	b.Layout.runs(func(at, m, n int, shared bool) {
		to, from := dst[at:at+n], src[at:at+n]
		switch {
		case !shared:
			words(b.Kept, m, n, func(i, n int, kept uint64) {
				select64(to[i:i+n], from[i:i+n], kept, f.Scale, f.Shift, math.Float64bits(f.Dropped))
			})
		case b.Kept[m/64]>>(m%64)&1 == 1:
			scaled(to, from, f.Scale, f.Shift)
		default:
			fill(to, f.Dropped)
		}
	})
}

// words calls f for each word of the n bits from bit m on. In f, bit e of kept
// belongs to element i+e, and n is the number of bits.
func words(bits []uint64, m, n int, f func(i, n int, kept uint64)) {
	skip := m % 64
	for i, w := 0, m/64; i < n; w++ {
		k := min(64-skip, n-i)
		f(i, k, bits[w]>>skip)
		i += k
		skip = 0
	}
}

// select32 and select64 choose by the bits instead of branching: a random
// branch costs more than the arithmetic. The conversions keep the compiler from
// fusing product and sum, so that all machines round alike.
func select32(dst, src []float32, kept uint64, scale, shift float32, dropped uint32) {
	dst = dst[:len(src)]
	for e, x := range src {
		keep := -uint32(kept >> (e & 63) & 1)
		dst[e] = math.Float32frombits(math.Float32bits(float32(x*scale)+shift)&keep | dropped&^keep)
	}
}

func select64(dst, src []float64, kept uint64, scale, shift float64, dropped uint64) {
	dst = dst[:len(src)]
	for e, x := range src {
		keep := -(kept >> (e & 63) & 1)
		dst[e] = math.Float64frombits(math.Float64bits(float64(x*scale)+shift)&keep | dropped&^keep)
	}
}

func scaled[F float32 | float64](dst, src []F, scale, shift F) {
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = F(x*scale) + shift
	}
}

func fill[F float32 | float64](dst []F, x F) {
	for i := range dst {
		dst[i] = x
	}
}

// Apply applies a mask to src, into dst.
func Apply[F float32 | float64](m Mask, dst, src []F) {
	switch dst := any(dst).(type) {
	case []float32:
		if src, ok := any(src).([]float32); ok {
			m.Float32(dst, src)
		}
	case []float64:
		if src, ok := any(src).([]float64); ok {
			m.Float64(dst, src)
		}
	}
}
