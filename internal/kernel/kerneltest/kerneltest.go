// Package kerneltest has what the tests of kernels share: awkward numbers,
// memory that notices writes outside it, and comparison of bits.
package kerneltest

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// ForEachSet runs a test with every instruction set that this processor has.
func ForEachSet(t *testing.T, f func(t *testing.T, set isa.Set)) {
	t.Helper()
	for _, set := range isa.Supported() {
		t.Run(set.String(), func(t *testing.T) { f(t, set) })
	}
}

// Awkward returns n numbers of every kind, zeros, infinities and NaN included.
func Awkward[F float32 | float64](n int) []F {
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

// GuardValue surrounds guarded memory.
const GuardValue = -12345

// Guarded returns a slice of n elements that begins shift elements after a
// boundary of 64 bytes, and a function that reports whether the memory around
// it is unchanged.
func Guarded[F float32 | float64](n, shift int) (inner []F, intact func() bool) {
	const guard = 64
	all := make([]F, n+2*guard+shift+64)
	for i := range all {
		all[i] = GuardValue
	}
	at := guard
	for uintptr(unsafe.Pointer(&all[at]))%64 != 0 {
		at++
	}
	at += shift
	changed := func(x F) bool { return x != GuardValue }
	return all[at : at+n : at+n], func() bool {
		return !slices.ContainsFunc(all[:at], changed) && !slices.ContainsFunc(all[at+n:], changed)
	}
}

// EveryGroup returns ascending indices, and the number of things that they are of: among
// its groups of eight things each of the 256 possible choices is found once.
func EveryGroup() (indices []int, of int) {
	for set := range 1 << 8 {
		for i := range 8 {
			if set>>i&1 == 1 {
				indices = append(indices, 8*set+i)
			}
		}
	}
	return indices, 8 << 8
}

// Same reports whether a and b are equal, with +0 different from -0 and all
// NaNs alike.
func Same[F float32 | float64](a, b F) bool {
	if a != a || b != b {
		return a != a && b != b
	}
	return a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

// Differs returns the first index at which two slices differ, or -1 if they do
// not.
func Differs[F float32 | float64](a, b []F) int {
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	for i := range a {
		if !Same(a[i], b[i]) {
			return i
		}
	}
	return -1
}

// Verify returns an error if got differs from want, or if the memory around it
// is not intact.
func Verify[F float32 | float64](what string, got, want []F, intact func() bool) error {
	if i := Differs(got, want); i >= 0 {
		return fmt.Errorf("%s: element %d is %v, want %v", what, i, got[i], want[i])
	}
	if !intact() {
		return fmt.Errorf("%s: wrote outside", what)
	}
	return nil
}

// Bench reports the time that f takes for each of n elements, as the best of
// all iterations: on a machine that does other work too, a mean says little.
func Bench(b *testing.B, name string, n int, f func()) {
	b.Helper()
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

// Allocations returns how often f allocates on average, on all cores:
// testing.AllocsPerRun would use one. The first calls do not count. The result is the
// lowest of several: a garbage collection empties the pools between two calls, and a busy
// machine starts other goroutines than before.
func Allocations(f func()) float64 {
	for range 10 {
		f()
	}
	const runs = 50
	lowest := math.Inf(1)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			f()
		}
		runtime.ReadMemStats(&after)
		lowest = min(lowest, float64(after.Mallocs-before.Mallocs)/runs)
	}
	return lowest
}
