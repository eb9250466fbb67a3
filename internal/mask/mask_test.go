package mask

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

func drawStream(t *rapid.T) drop.Stream {
	return drop.Stream{
		Seed:  rapid.Uint64().Draw(t, "seed"),
		Layer: rapid.Uint32().Draw(t, "layer"),
		Step:  rapid.Uint64().Draw(t, "step"),
	}
}

// index returns the mask's element for element i of a tensor, axis by axis.
func index(shape []int, shared []bool, i int) int {
	m, step := 0, 1
	for d := len(shape) - 1; d >= 0; d-- {
		at := i % shape[d]
		i /= shape[d]
		if shared == nil || !shared[d] {
			m += at * step
			step *= shape[d]
		}
	}
	return m
}

// A mask applied over any axes is, element by element, what the definition of
// its shape says, in both precisions.
func TestLayouts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5).Draw(t, "shape")
		shared := rapid.SliceOfN(rapid.Bool(), len(shape), len(shape)).Draw(t, "shared")
		s := drawStream(t)
		threshold := rapid.Uint32Range(1, drop.Always-1).Draw(t, "threshold")
		l := NewLayout(shape, shared)
		size, masked := 1, 1
		for d, n := range shape {
			size *= n
			if shared[d] {
				n = 1
			}
			masked *= n
			if l.Shape()[d] != n {
				t.Fatalf("mask has shape %v for %v shared over %v", l.Shape(), shape, shared)
			}
		}
		if l.Size() != masked {
			t.Fatalf("mask has %d elements, want %d", l.Size(), masked)
		}
		kept := Draw(l, s, threshold)
		b := Bits{Layout: l, Kept: kept, Form: Form{Scale: 2, Shift: 1, Dropped: -3}}
		noise := Normal(l, s)
		words := make([]uint32, masked)
		drop.Words(words, 0, s)
		x32, x64 := make([]float32, size), make([]float64, size)
		for i := range x32 {
			x32[i], x64[i] = float32(i+1), float64(i+1)
		}
		y32, y64, n32, n64, a64 := slices.Clone(x32), slices.Clone(x64), slices.Clone(x32), slices.Clone(x64), slices.Clone(x64)
		b.Float32(y32, x32)
		b.Float64(y64, y64)
		noise.Float32(n32, n32)
		noise.Float64(n64, x64)
		noise.Added = true
		noise.Float64(a64, a64)
		for i := range x32 {
			m := index(shape, shared, i)
			want := -3.0
			if kept[m/64]>>(m%64)&1 == 1 {
				want = 2*x64[i] + 1
			}
			if float64(y32[i]) != want || y64[i] != want {
				t.Fatalf("shape %v shared over %v: element %d is %v and %v, want %v", shape, shared, i, y32[i], y64[i], want)
			}
			factor := portable.Normal(words[m])
			if n64[i] != x64[i]*factor || n32[i] != x32[i]*float32(factor) {
				t.Fatalf("shape %v shared over %v: noise makes element %d %v and %v, want %v", shape, shared, i, n32[i], n64[i], x64[i]*factor)
			}
			if a64[i] != x64[i]+factor {
				t.Fatalf("shape %v shared over %v: added noise makes element %d %v, want %v", shape, shared, i, a64[i], x64[i]+factor)
			}
		}
	})
}

// More numbers than are drawn at a time, shared or not.
func TestNoiseOfManyElements(t *testing.T) {
	s := drop.Stream{Seed: 3, Layer: 1, Step: 9}
	for _, tt := range []struct {
		shape  []int
		shared []bool
	}{{[]int{2*piece + 276}, nil}, {[]int{3, 2*piece + 276}, []bool{true, false}}, {[]int{2*piece + 276, 3}, []bool{false, true}}} {
		l := NewLayout(tt.shape, tt.shared)
		words := make([]uint32, l.Size())
		drop.Words(words, 0, s)
		size := 1
		for _, n := range tt.shape {
			size *= n
		}
		y := slices.Repeat([]float64{1}, size)
		Normal(l, s).Float64(y, y)
		for i, got := range y {
			m := i
			if tt.shared != nil {
				m = index(tt.shape, tt.shared, i)
			}
			if want := portable.Normal(words[m]); got != want {
				t.Fatalf("shape %v shared over %v: element %d is %v, want %v", tt.shape, tt.shared, i, got, want)
			}
		}
	}
}

func TestExactKKeepsTheSmallestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		s := drawStream(t)
		kept := ExactK(n, k, s)
		units := Indices(kept)
		if len(units) != k || !slices.IsSorted(units) || k > 0 && units[k-1] >= n {
			t.Fatalf("%d of %d: %d units, want %d in order below %d", k, n, len(units), k, n)
		}
		keys := appendKeys(nil, n, s)
		var most uint64
		least := uint64(math.MaxUint64)
		for i, key := range keys {
			if kept[i/64]>>(i%64)&1 == 1 {
				most = max(most, key)
			} else {
				least = min(least, key)
			}
		}
		if k > 0 && k < n && most >= least {
			t.Fatalf("%d of %d: kept key %x, dropped key %x", k, n, most, least)
		}
	})
}

// Each unit is kept k/n of the time, and two of them together as often as
// sampling without replacement says: k(k-1)/(n(n-1)).
func TestExactKStatistics(t *testing.T) {
	const n, k, draws = 20, 7, 40000
	var single [n]float64
	var pairs [n][n]float64
	for step := range draws {
		units := Indices(ExactK(n, k, drop.Stream{Seed: 11, Layer: 2, Step: uint64(step)}))
		for _, i := range units {
			single[i]++
			for _, j := range units {
				pairs[i][j]++
			}
		}
	}
	check := func(what string, count, p float64) {
		if se := math.Sqrt(p * (1 - p) / draws); math.Abs(count/draws-p) > 5*se {
			t.Errorf("%s: share %v, want %v within %v", what, count/draws, p, 5*se)
		}
	}
	for i := range n {
		check("unit", single[i], float64(k)/n)
		for j := range i {
			check("pair", pairs[i][j], float64(k*(k-1))/(n*(n-1)))
		}
	}
}

// Blocks are what marking each corner's square by hand gives.
func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		planes := rapid.IntRange(0, 4).Draw(t, "planes")
		height, width := rapid.IntRange(1, 20).Draw(t, "height"), rapid.IntRange(1, 70).Draw(t, "width")
		side := rapid.IntRange(1, min(height, width)).Draw(t, "side")
		threshold := rapid.Uint32Range(1, drop.Always).Draw(t, "threshold")
		s := drawStream(t)
		kept, count := Blocks(planes, height, width, side, s, threshold)
		rows, cols := height-side+1, width-side+1
		corners := Draw(NewLayout([]int{planes, rows, cols}, nil), s, threshold)
		want := slices.Repeat([]bool{true}, planes*height*width)
		for c := range planes * rows * cols {
			if corners[c/64]>>(c%64)&1 == 1 {
				continue
			}
			plane, row, col := c/(rows*cols), c/cols%rows, c%cols
			for r := range side {
				for k := range side {
					want[(plane*height+row+r)*width+col+k] = false
				}
			}
		}
		total := 0
		for _, w := range kept {
			total += bits.OnesCount64(w)
		}
		if got := Bools(kept, len(want)); !slices.Equal(got, want) || total != count {
			t.Fatalf("%d planes of %dx%d, side %d: got %v with %d counted as %d, want %v", planes, height, width, side, got, total, count, want)
		}
	})
}

func TestGaussianMoments(t *testing.T) {
	const n, sigma = 1 << 19, 0.5
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	Gaussian(NewLayout([]int{n}, nil), drop.Stream{Seed: 1, Layer: 2, Step: 3}, sigma).Float64(x, x)
	var sum, squares, fourth float64
	for _, v := range x {
		z := (v - 1) / sigma
		sum, squares, fourth = sum+z, squares+z*z, fourth+z*z*z*z
	}
	for _, m := range []struct {
		name            string
		got, want, var1 float64
	}{{"mean", sum / n, 0, 1}, {"variance", squares / n, 1, 2}, {"fourth moment", fourth / n, 3, 96}} {
		if bound := 5 * math.Sqrt(m.var1/n); math.Abs(m.got-m.want) > bound {
			t.Errorf("%s is %v, want %v within %v", m.name, m.got, m.want, bound)
		}
	}
}
