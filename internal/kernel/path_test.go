package kernel

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

func TestChoose(t *testing.T) {
	all := []path{generic, avx2, avx512}
	for _, tt := range []struct {
		p         path
		supported []path
		want      path
	}{
		{avx512, all, avx512}, {generic, all, generic}, {avx2, all, avx2}, {avx512, all[:2], generic},
		{path(isa.NEON), all[:1], generic},
	} {
		if got := choose(tt.p, tt.supported); got != tt.want {
			t.Errorf("choose(%v, %v) = %v, want %v", tt.p, tt.supported, got, tt.want)
		}
	}
}

func TestNameIsSupported(t *testing.T) {
	if !slices.Contains(supported(), active) || Name() != active.String() {
		t.Errorf("Name() = %q for path %v, want one of %v", Name(), active, supported())
	}
	t.Logf("%s of %v", Name(), supported())
}

// forEachPath runs a test on every path of this processor.
func forEachPath(t *testing.T, f func(t *testing.T, p path)) {
	for _, p := range supported() {
		t.Run(p.String(), func(t *testing.T) { f(t, p) })
	}
}

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

// awkward returns numbers of every kind.
func awkward[F float32 | float64](n int) []F {
	x := make([]F, n)
	for i := range x {
		x[i] = F(i%251) - 125
		switch i % 61 {
		case 7:
			x[i] = F(math.NaN())
		case 17:
			x[i] = F(math.Inf(1))
		case 27:
			x[i] = F(math.Inf(-1))
		case 37:
			x[i] = F(math.Copysign(0, -1))
		case 47:
			x[i] = F(math.SmallestNonzeroFloat32)
		case 57:
			x[i] = math.MaxFloat32
		}
	}
	return x
}

// guard surrounds memory under test; writes outside must leave it.
const (
	guard      = 64
	guardValue = -12345
)

// guarded returns a slice of n elements at shift elements from a boundary of 64
// bytes, and a function that reports whether what is around it is unchanged.
func guarded[F float32 | float64](n, shift int) (inner []F, intact func() bool) {
	all := make([]F, n+2*guard+shift+64)
	for i := range all {
		all[i] = guardValue
	}
	at := guard
	for uintptr(unsafe.Pointer(&all[at]))%64 != 0 {
		at++
	}
	at += shift
	isGuard := func(x F) bool { return x == guardValue }
	return all[at : at+n : at+n], func() bool {
		return !slices.ContainsFunc(all[:at], func(x F) bool { return !isGuard(x) }) &&
			!slices.ContainsFunc(all[at+n:], func(x F) bool { return !isGuard(x) })
	}
}

// differs returns the first index at which two slices differ, or -1.
func differs[F float32 | float64](a, b []F) int {
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	for i := range a {
		if !same(float64(a[i]), float64(b[i])) {
			return i
		}
	}
	return -1
}

// checkApply compares one path with the reference, between slices and in place.
func checkApply[F float32 | float64](p path, n, shift int, offset uint64, s Stream, t uint32, stream bool) error {
	src := awkward[F](n)
	want := reference(src, offset, s, t)
	apply := func(dst, src []F) {
		if stream && 0 < t && t < Always {
			m := newMask(s, t)
			applyPiece(p, dst, src, offset, &m, stream)
			return
		}
		apply(p, dst, src, offset, s, t)
	}
	dst, intact := guarded[F](n, shift)
	for i := range dst {
		dst[i] = guardValue
	}
	apply(dst, src)
	if i := differs(dst, want); i >= 0 {
		return fmt.Errorf("element %d of %v is %v, want %v", i, src[i], dst[i], want[i])
	}
	if !intact() {
		return fmt.Errorf("wrote outside dst")
	}
	if i := differs(src, awkward[F](n)); i >= 0 {
		return fmt.Errorf("changed element %d of src", i)
	}
	if stream {
		return nil
	}
	copy(dst, src)
	apply(dst, dst)
	if i := differs(dst, want); i >= 0 {
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
	forEachPath(t, func(t *testing.T, p path) {
		for offset := range uint64(GroupSize) {
			// All lengths at all offsets take too long, but each with some.
			for n := int(offset % 3); n <= 200; n += 3 {
				threshold := someThresholds[(int(offset)+n)%len(someThresholds)]
				for _, err := range []error{
					checkApply[float32](p, n, n%16, offset, s, threshold, false),
					checkApply[float64](p, n, n%8, offset, s, threshold, false),
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
	forEachPath(t, func(t *testing.T, p path) {
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
				checkApply[float32](p, n, shift, offset, s, threshold, stream),
				checkApply[float64](p, n, shift, offset, s, threshold, stream),
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
		for _, p := range supported() {
			for _, err := range []error{
				checkApply[float32](p, int(n), int(shift%16), offset%(1<<62), s, threshold%(Always+1), shift >= 128),
				checkApply[float64](p, int(n), int(shift%16), offset%(1<<62), s, threshold%(Always+1), shift >= 128),
			} {
				if err != nil {
					t.Fatalf("%s: %v", p.String(), err)
				}
			}
		}
	})
}

func TestBits(t *testing.T) {
	forEachPath(t, func(t *testing.T, p path) {
		shared := 2 * p.piece() / GroupSize // so many groups are shared out over cores
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
			draw(p, all[1:n+1], first, s, threshold)
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
	forEachPath(t, func(t *testing.T, p path) {
		for _, tt := range []struct {
			n      int
			offset uint64
		}{{2*p.piece() - 1, 0}, {2 * p.piece(), 5}, {3*p.piece() + 77, 63}} {
			if err := checkApply[float32](p, tt.n, int(tt.offset%16), tt.offset, s, 20000, false); err != nil {
				t.Fatalf("n=%d offset=%d: %v", tt.n, tt.offset, err)
			}
		}
	})
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(t, "n")
		size := GroupSize * rapid.IntRange(1, 4).Draw(t, "groups")
		offset := rapid.Uint64Range(0, 1000).Draw(t, "offset")
		var mu sync.Mutex
		seen := make([]int, n)
		split(n, size, offset, func(lo, hi int) {
			mu.Lock()
			defer mu.Unlock()
			if lo > 0 && (offset+uint64(lo))%GroupSize != 0 || hi-lo > size || hi <= lo {
				t.Errorf("piece [%d, %d)", lo, hi)
			}
			for i := lo; i < hi; i++ {
				seen[i]++
			}
		})
		for i, times := range seen {
			if times != 1 {
				t.Fatalf("element %d is in %d pieces, want 1", i, times)
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
		bench := func(name string, f func()) { benchElements(b, name, n, f) }
		s := Stream{Seed: 1, Layer: 2, Step: 3}
		m := newMask(s, Always/2)
		bench("copy", func() { copy(y, x) })
		for _, p := range supported() {
			bench(p.String(), func() { apply(p, y, x, 0, s, Always/2) })
			bench(p.String()+"-one-core", func() { applyPiece(p, y, x, 0, &m, len(x)*4 >= streamBytes) })
		}
	}
}

// benchElements reports the time of f for each of n elements, as the best of all
// iterations: means on a machine that does other work too say little.
func benchElements(b *testing.B, name string, n int, f func()) {
	repeat := max(1, 1<<14/n) // to be long beside the reading of the clock
	b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
		best := time.Duration(math.MaxInt64)
		for b.Loop() {
			start := time.Now()
			for range repeat {
				f()
			}
			best = min(best, time.Since(start))
		}
		b.ReportMetric(float64(best.Nanoseconds())/float64(repeat)/float64(n), "best-ns/element")
	})
}
