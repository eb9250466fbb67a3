package dense

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// referenceBiasReLU is BiasReLUDrop, element by element.
func referenceBiasReLU[F float32 | float64](src, bias []F, offset uint64, s drop.Stream, t uint32) []F {
	x := make([]F, len(src))
	for i := range src {
		x[i] = src[i] + bias[i%len(bias)]
		if x[i] <= 0 {
			x[i] = 0
		}
	}
	return masked(x, offset, s, t)
}

// referenceBiasReLUBack is BiasReLUDropBack, element by element.
func referenceBiasReLUBack[F float32 | float64](dy, y []F, cols int, t uint32) (dx, dbias []F) {
	dx, dbias = make([]F, len(dy)), make([]F, cols)
	for i, g := range dy {
		if y[i] > 0 {
			dx[i] = F(g * F(drop.Scale(t)))
		}
		dbias[i%cols] += dx[i]
	}
	return dx, dbias
}

// masked is the mask of s applied element by element to src.
func masked[F float32 | float64](src []F, offset uint64, s drop.Stream, t uint32) []F {
	skip := int(offset % drop.GroupSize)
	kept := make([]uint64, (skip+len(src)+drop.GroupSize-1)/drop.GroupSize)
	drop.Bits(kept, offset/drop.GroupSize, s, t)
	dst := make([]F, len(src))
	for i, x := range src {
		if e := skip + i; kept[e/drop.GroupSize]>>(e%drop.GroupSize)&1 == 1 {
			dst[i] = x * F(drop.Scale(t))
		}
	}
	return dst
}

// checkBiasReLU compares forward and backward pass on one path with the
// reference, between slices and in place.
func checkBiasReLU[F float32 | float64](set isa.Set, rows, cols, shift int, offset uint64, s drop.Stream, t uint32) error {
	n := rows * cols
	src, bias := kerneltest.Awkward[F](n), kerneltest.Awkward[F](cols + 5)[5:]
	dst, dstIntact := kerneltest.Guarded[F](n, shift)

	y := referenceBiasReLU(src, bias, offset, s, t)
	biasReLU(set, dst, src, bias, offset, s, t)
	if err := kerneltest.Verify("forward", dst, y, dstIntact); err != nil {
		return err
	}
	copy(dst, src)
	biasReLU(set, dst, dst, bias, offset, s, t)
	if err := kerneltest.Verify("forward in place", dst, y, dstIntact); err != nil {
		return err
	}

	dy := make([]F, n) // sums of many awkward numbers would all be NaN
	for i := range dy {
		dy[i] = F(i%97-48) * 0.1
	}
	if n > 0 {
		dy[n/2] = F(math.NaN())
	}
	wantX, wantBias := referenceBiasReLUBack(dy, y, cols, t)
	dbias, dbiasIntact := kerneltest.Guarded[F](cols, shift)
	for _, name := range []string{"back", "back in place of dy", "back in place of y"} {
		g, out := slices.Clone(dy), slices.Clone(y)
		dx, dxIntact := kerneltest.Guarded[F](n, shift)
		switch name {
		case "back in place of dy":
			dx = g
		case "back in place of y":
			dx = out
		}
		biasReLUBack(set, dx, dbias, g, out, t)
		if err := kerneltest.Verify(name+": dx", dx, wantX, dxIntact); err != nil {
			return err
		}
		if err := kerneltest.Verify(name+": dbias", dbias, wantBias, dbiasIntact); err != nil {
			return err
		}
	}
	return nil
}

func TestBiasReLU(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		rapid.Check(t, func(t *rapid.T) {
			s := drop.Stream{Seed: rapid.Uint64().Draw(t, "seed"), Layer: 1, Step: rapid.Uint64().Draw(t, "step")}
			rows := rapid.IntRange(0, 20).Draw(t, "rows")
			cols := rapid.IntRange(1, 300).Draw(t, "cols")
			shift := rapid.IntRange(0, 15).Draw(t, "shift")
			offset := rapid.Uint64Range(0, 1<<36).Draw(t, "offset")
			threshold := rapid.OneOf(rapid.SampledFrom([]uint32{0, 1, 13107, 32768, 65535, 65536}), rapid.Uint32Range(0, drop.Always)).Draw(t, "threshold")
			for _, err := range []error{
				checkBiasReLU[float32](set, rows, cols, shift, offset, s, threshold),
				checkBiasReLU[float64](set, rows, cols, shift, offset, s, threshold),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

// With a scale of its own the layer's end is that of the threshold of this scale,
// but for the mask.
func TestBiasReLUScale(t *testing.T) {
	const n, cols = 300, 75
	src, dy, bias := make([]float32, n), make([]float32, n), make([]float32, cols)
	for i := range src {
		src[i], dy[i] = float32(i%13-6), float32(i%7)-2.5
	}
	for i := range bias {
		bias[i] = float32(i%3) - 1
	}
	const scale = 1.7
	y, dx, dbias, sums := make([]float32, n), make([]float32, n), make([]float32, cols), make([]float32, cols)
	BiasReLU(y, src, bias, cols, scale)
	BiasReLUBack(dx, dbias, dy, y, cols, scale)
	for i, x := range src {
		want, back := max(x+bias[i%cols], 0)*float32(scale), float32(0)
		if want > 0 {
			back = float32(dy[i] * float32(scale))
		}
		sums[i%cols] += back
		if y[i] != want || dx[i] != back {
			t.Fatalf("element %d is %v with gradient %v, want %v with %v", i, y[i], dx[i], want, back)
		}
	}
	if !slices.Equal(dbias, sums) {
		t.Errorf("gradient of the bias is %v, want %v", dbias, sums)
	}
}

// Matrices that are shared out over cores agree too: narrow ones, wide ones and
// a single row.
func TestBiasReLULarge(t *testing.T) {
	s := drop.Stream{Seed: 1, Layer: 2, Step: 3}
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		n := 1<<17 + 1000
		for _, cols := range []int{10, 333, n} {
			for _, offset := range []uint64{0, 7} {
				if err := checkBiasReLU[float32](set, n/cols, cols, 3, offset, s, 30000); err != nil {
					t.Fatalf("%d columns, offset %d: %v", cols, offset, err)
				}
			}
		}
	})
}

func FuzzBiasReLU(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint64(3), byte(4), uint16(5), uint32(32768), byte(6))
	f.Add(uint64(0), uint64(0), uint64(63), byte(1), uint16(1000), uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, seed, step, offset uint64, rows byte, cols uint16, threshold uint32, shift byte) {
		s := drop.Stream{Seed: seed, Layer: 9, Step: step}
		r, c := int(rows%32), int(cols%1024)+1
		for _, set := range isa.Supported() {
			for _, err := range []error{
				checkBiasReLU[float32](set, r, c, int(shift%16), offset%(1<<62), s, threshold%(drop.Always+1)),
				checkBiasReLU[float64](set, r, c, int(shift%16), offset%(1<<62), s, threshold%(drop.Always+1)),
			} {
				if err != nil {
					t.Fatalf("%s: %v", set, err)
				}
			}
		}
	})
}

// Nothing is taken from the heap for slices that one core does alone, nor for others
// once the pools are filled.
func TestAllocations(t *testing.T) {
	if kerneltest.Race {
		t.Skip("the race detector empties pools")
	}
	s := drop.Stream{Seed: 1}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, n := range []int{1000, 131100} {
			x, bias := make([]float32, n), make([]float32, 100)
			if allocs := kerneltest.Allocations(func() {
				biasReLU(set, x, x, bias, 0, s, 30000)
				biasReLUBack(set, x, bias, x, x, 30000)
			}); allocs >= 1 {
				t.Errorf("%v allocations for %d elements, want none", allocs, n)
			}
		}
	})
}

func BenchmarkBiasReLU(b *testing.B) {
	for _, shape := range [][2]int{{8, 128}, {1024, 1024}, {16384, 1024}} {
		rows, cols := shape[0], shape[1]
		n := rows * cols
		x, y, bias := make([]float32, n), make([]float32, n), make([]float32, cols)
		for i := range x {
			x[i] = float32(math.Sin(float64(i)))
		}
		s := drop.Stream{Seed: 1, Layer: 2, Step: 3}
		bench := func(name string, f func()) { kerneltest.Bench(b, name, n, f) }
		bench("copy", func() { copy(y, x) })
		for _, set := range isa.Supported() {
			bench(set.String()+"-forward", func() { biasReLU(set, y, x, bias, 0, s, drop.Always/2) })
			bench(set.String()+"-forward-without-drop", func() { biasReLU(set, y, x, bias, 0, s, 0) })
			bench(set.String()+"-back", func() { biasReLUBack(set, y, bias, x, x, drop.Always/2) })
		}
	}
}
