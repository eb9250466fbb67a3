package drop

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

var someThresholds = []uint32{0, 1, 13107, 32768, 65535, 65536}

// referenceBits are the mask bits of groups by bitsGeneric.
func referenceBits(groups int, first uint64, s Stream, t uint32) []uint64 {
	kept := make([]uint64, groups)
	switch {
	case t == 0:
		for i := range kept {
			kept[i] = math.MaxUint64
		}
	case t < Always:
		bitsGeneric(kept, first, s, t)
	}
	return kept
}

// reference is Float32 or Float64, element by element.
func reference[F float32 | float64](src []F, offset uint64, s Stream, t uint32) []F {
	skip := int(offset % GroupSize)
	kept := referenceBits((skip+len(src)+GroupSize-1)/GroupSize, offset/GroupSize, s, t)
	dst := make([]F, len(src))
	for i, x := range src {
		if i += skip; kept[i/GroupSize]>>(i%GroupSize)&1 == 1 {
			dst[i-skip] = x * F(Scale(t))
		}
	}
	return dst
}

// checkApply compares one path with the reference, between slices and in place.
func checkApply[F float32 | float64](set isa.Set, n, shift int, offset uint64, s Stream, t uint32, stream bool) error {
	src := kerneltest.Awkward[F](n)
	want := reference(src, offset, s, t)
	apply := func(dst, src []F) {
		if stream && 0 < t && t < Always {
			m := New(s, t)
			applyPiece(set, dst, src, offset, &m, stream)
			return
		}
		apply(set, dst, src, offset, s, t)
	}
	dst, intact := kerneltest.Guarded[F](n, shift)
	for i := range dst {
		dst[i] = kerneltest.GuardValue
	}
	apply(dst, src)
	if i := kerneltest.Differs(dst, want); i >= 0 {
		return fmt.Errorf("element %d of %v is %v, want %v", i, src[i], dst[i], want[i])
	}
	if !intact() {
		return fmt.Errorf("wrote outside dst")
	}
	if i := kerneltest.Differs(src, kerneltest.Awkward[F](n)); i >= 0 {
		return fmt.Errorf("changed element %d of src", i)
	}
	if stream {
		return nil
	}
	copy(dst, src)
	apply(dst, dst)
	if i := kerneltest.Differs(dst, want); i >= 0 {
		return fmt.Errorf("in place: element %d of %v is %v, want %v", i, src[i], dst[i], want[i])
	}
	if !intact() {
		return fmt.Errorf("in place: wrote outside dst")
	}
	return nil
}

// Every offset in a group and every length up to some groups agree with the
// reference.
func TestApplyAllOffsets(t *testing.T) {
	s := Stream{Seed: 0x0123456789abcdef, Layer: 3, Step: 1 << 40}
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for offset := range uint64(GroupSize) {
			// All lengths at all offsets take too long, but each with some.
			for n := int(offset % 3); n <= 200; n += 3 {
				threshold := someThresholds[(int(offset)+n)%len(someThresholds)]
				for _, err := range []error{
					checkApply[float32](set, n, n%16, offset, s, threshold, false),
					checkApply[float64](set, n, n%8, offset, s, threshold, false),
				} {
					if err != nil {
						t.Fatalf("n=%d offset=%d threshold=%d: %v", n, offset, threshold, err)
					}
				}
			}
		}
	})
}

func TestApplyProperty(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		rapid.Check(t, func(t *rapid.T) {
			s := Stream{
				Seed:  rapid.Uint64().Draw(t, "seed"),
				Layer: rapid.Uint32().Draw(t, "layer"),
				Step:  rapid.Uint64().Draw(t, "step"),
			}
			n := rapid.IntRange(0, 2000).Draw(t, "n")
			shift := rapid.IntRange(0, 15).Draw(t, "shift")
			offset := rapid.Uint64Range(0, 1<<36).Draw(t, "offset")
			threshold := rapid.OneOf(rapid.SampledFrom(someThresholds), rapid.Uint32Range(0, Always)).Draw(t, "threshold")
			stream := rapid.Bool().Draw(t, "stream")
			if stream {
				shift = int(offset % 16) // so that the first whole group is aligned
			}
			for _, err := range []error{
				checkApply[float32](set, n, shift, offset, s, threshold, stream),
				checkApply[float64](set, n, shift, offset, s, threshold, stream),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

func FuzzApply(f *testing.F) {
	f.Add(uint64(1), uint32(2), uint64(3), uint64(4), uint16(5), uint32(32768), byte(0))
	f.Add(uint64(math.MaxUint64), uint32(math.MaxUint32), uint64(math.MaxUint64), uint64(1)<<35-70, uint16(200), uint32(1), byte(3))
	f.Add(uint64(0), uint32(0), uint64(0), uint64(63), uint16(1000), uint32(65535), byte(16))
	f.Fuzz(func(t *testing.T, seed uint64, layer uint32, step, offset uint64, n uint16, threshold uint32, shift byte) {
		s := Stream{Seed: seed, Layer: layer, Step: step}
		for _, set := range isa.Supported() {
			for _, err := range []error{
				checkApply[float32](set, int(n), int(shift%16), offset%(1<<62), s, threshold%(Always+1), shift >= 128),
				checkApply[float64](set, int(n), int(shift%16), offset%(1<<62), s, threshold%(Always+1), shift >= 128),
			} {
				if err != nil {
					t.Fatalf("%s: %v", set, err)
				}
			}
		}
	})
}

func TestBits(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		shared := 2 * grainOf(set) / GroupSize // so many groups are shared out over cores
		rapid.Check(t, func(t *rapid.T) {
			s := Stream{
				Seed:  rapid.Uint64().Draw(t, "seed"),
				Layer: rapid.Uint32().Draw(t, "layer"),
				Step:  rapid.Uint64().Draw(t, "step"),
			}
			n := rapid.OneOf(rapid.IntRange(0, 70), rapid.IntRange(shared, shared+9)).Draw(t, "n")
			first := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(1<<29-40, 1<<29)).Draw(t, "first")
			threshold := rapid.OneOf(rapid.SampledFrom(someThresholds), rapid.Uint32Range(0, Always)).Draw(t, "threshold")
			all := make([]uint64, n+2)
			all[0], all[n+1] = 42, 43
			draw(set, all[1:n+1], first, s, threshold)
			if want := referenceBits(n, first, s, threshold); !slices.Equal(all[1:n+1], want) {
				t.Fatalf("bits are %x, want %x", all[1:n+1], want)
			}
			if all[0] != 42 || all[n+1] != 43 {
				t.Fatal("wrote outside dst")
			}
		})
	})
}

// Slices that are shared out over cores have the mask of those that are not.
func TestLargeSlices(t *testing.T) {
	s := Stream{Seed: 5, Layer: 6, Step: 7}
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, tt := range []struct {
			n      int
			offset uint64
		}{{2*grainOf(set) - 1, 0}, {2 * grainOf(set), 5}, {3*grainOf(set) + 77, 63}} {
			if err := checkApply[float32](set, tt.n, int(tt.offset%16), tt.offset, s, 20000, false); err != nil {
				t.Fatalf("n=%d offset=%d: %v", tt.n, tt.offset, err)
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 20, 1 << 24} {
		x, y := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i], y[i] = 1, 1
		}
		bench := func(name string, f func()) { kerneltest.Bench(b, name, n, f) }
		s := Stream{Seed: 1, Layer: 2, Step: 3}
		m := New(s, Always/2)
		bench("copy", func() { copy(y, x) })
		for _, set := range isa.Supported() {
			bench(set.String(), func() { apply(set, y, x, 0, s, Always/2) })
			bench(set.String()+"-one-core", func() { applyPiece(set, y, x, 0, &m, len(x)*4 >= streamBytes) })
		}
	}
}

// Nothing is taken from the heap for slices that one core does alone, nor for others
// once the pools are filled.
func TestAllocations(t *testing.T) {
	if kerneltest.Race {
		t.Skip("the race detector empties pools")
	}
	s := Stream{Seed: 1}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, n := range []int{1000, 2 * grainOf(set)} {
			x, y, bits := make([]float32, n), make([]float64, n), make([]uint64, n/GroupSize)
			if allocs := kerneltest.Allocations(func() {
				apply(set, x, x, 3, s, 30000)
				apply(set, y, y, 3, s, 30000)
				draw(set, bits, 0, s, 30000)
			}); allocs >= 1 {
				t.Errorf("%v allocations for %d elements, want none", allocs, n)
			}
		}
	})
}
