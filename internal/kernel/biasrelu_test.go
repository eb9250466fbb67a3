package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// referenceBiasReLU is BiasReLUDrop, element by element.
func referenceBiasReLU[F float32 | float64](src, bias []F, offset uint64, s Stream, t uint32) []F {
	x := make([]F, len(src))
	for i := range src {
		x[i] = src[i] + bias[i%len(bias)]
		if x[i] <= 0 {
			x[i] = 0
		}
	}
	return reference(x, offset, s, t)
}

// referenceBiasReLUBack is BiasReLUDropBack, element by element.
func referenceBiasReLUBack[F float32 | float64](dy, y []F, cols int, t uint32) (dx, dbias []F) {
	dx, dbias = make([]F, len(dy)), make([]F, cols)
	for i, g := range dy {
		if y[i] > 0 {
			dx[i] = F(g * F(Scale(t)))
		}
		dbias[i%cols] += dx[i]
	}
	return dx, dbias
}

// checkBiasReLU compares forward and backward pass on one path with the
// reference, between slices and in place.
func checkBiasReLU[F float32 | float64](p path, rows, cols, shift int, offset uint64, s Stream, t uint32) error {
	n := rows * cols
	src, bias := awkward[F](n), awkward[F](cols + 5)[5:]
	dst, dstIntact := guarded[F](n, shift)
	verify := func(what string, got, want []F, intact func() bool) error {
		if i := differs(got, want); i >= 0 {
			return fmt.Errorf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
		if !intact() {
			return fmt.Errorf("%s: wrote outside", what)
		}
		return nil
	}

	y := referenceBiasReLU(src, bias, offset, s, t)
	biasReLU(p, dst, src, bias, offset, s, t)
	if err := verify("forward", dst, y, dstIntact); err != nil {
		return err
	}
	copy(dst, src)
	biasReLU(p, dst, dst, bias, offset, s, t)
	if err := verify("forward in place", dst, y, dstIntact); err != nil {
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
	dbias, dbiasIntact := guarded[F](cols, shift)
	for _, name := range []string{"back", "back in place of dy", "back in place of y"} {
		g, out := slices.Clone(dy), slices.Clone(y)
		dx, dxIntact := guarded[F](n, shift)
		switch name {
		case "back in place of dy":
			dx = g
		case "back in place of y":
			dx = out
		}
		biasReLUBack(p, dx, dbias, g, out, t)
		if err := verify(name+": dx", dx, wantX, dxIntact); err != nil {
			return err
		}
		if err := verify(name+": dbias", dbias, wantBias, dbiasIntact); err != nil {
			return err
		}
	}
	return nil
}

func TestBiasReLU(t *testing.T) {
	forEachPath(t, func(t *testing.T, p path) {
		rapid.Check(t, func(t *rapid.T) {
			s := Stream{Seed: rapid.Uint64().Draw(t, "seed"), Layer: 1, Step: rapid.Uint64().Draw(t, "step")}
			rows := rapid.IntRange(0, 20).Draw(t, "rows")
			cols := rapid.IntRange(1, 300).Draw(t, "cols")
			shift := rapid.IntRange(0, 15).Draw(t, "shift")
			offset := rapid.Uint64Range(0, 1<<36).Draw(t, "offset")
			threshold := rapid.OneOf(rapid.SampledFrom(someThresholds), rapid.Uint32Range(0, Always)).Draw(t, "threshold")
			for _, err := range []error{
				checkBiasReLU[float32](p, rows, cols, shift, offset, s, threshold),
				checkBiasReLU[float64](p, rows, cols, shift, offset, s, threshold),
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
	s := Stream{Seed: 1, Layer: 2, Step: 3}
	forEachPath(t, func(t *testing.T, p path) {
		n := 2*p.piece() + 1000
		for _, cols := range []int{10, 333, n} {
			for _, offset := range []uint64{0, 7} {
				if err := checkBiasReLU[float32](p, n/cols, cols, 3, offset, s, 30000); err != nil {
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
		s := Stream{Seed: seed, Layer: 9, Step: step}
		r, c := int(rows%32), int(cols%1024)+1
		for _, p := range supported() {
			for _, err := range []error{
				checkBiasReLU[float32](p, r, c, int(shift%16), offset%(1<<62), s, threshold%(Always+1)),
				checkBiasReLU[float64](p, r, c, int(shift%16), offset%(1<<62), s, threshold%(Always+1)),
			} {
				if err != nil {
					t.Fatalf("%s: %v", p.String(), err)
				}
			}
		}
	})
}

// The kernels take no memory of the heap for slices that one core does alone.
func TestAllocations(t *testing.T) {
	x, bias := make([]float32, 1000), make([]float32, 100)
	y := make([]float64, 1000)
	s := Stream{Seed: 1}
	forEachPath(t, func(t *testing.T, p path) {
		if n := testing.AllocsPerRun(10, func() {
			apply(p, x, x, 3, s, 30000)
			apply(p, y, y, 3, s, 30000)
			biasReLU(p, x, x, bias, 0, s, 30000)
			biasReLUBack(p, x, bias, x, x, 30000)
		}); n != 0 {
			t.Errorf("%v allocations, want none", n)
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
		s := Stream{Seed: 1, Layer: 2, Step: 3}
		bench := func(name string, f func()) { benchElements(b, name, n, f) }
		bench("copy", func() { copy(y, x) })
		for _, p := range supported() {
			bench(p.String()+"-forward", func() { biasReLU(p, y, x, bias, 0, s, Always/2) })
			bench(p.String()+"-forward-without-drop", func() { biasReLU(p, y, x, bias, 0, s, 0) })
			bench(p.String()+"-back", func() { biasReLUBack(p, y, bias, x, x, Always/2) })
		}
	}
}
