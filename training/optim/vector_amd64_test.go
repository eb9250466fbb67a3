package optim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// drawn returns numbers of many sizes.
func drawn(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(rng.NormFloat64() * math.Exp(10*rng.NormFloat64()))
	}
	return out
}

// Both loops of Adam's update give the same bits, at any length and alignment.
func TestAdamLoopsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 70 {
		for _, offset := range []int{0, 1, 3} {
			var k adamKernel32
			k.set(adamSettings{1e-3, 0.9, 0.999, 1e-8}, int64(n+1))
			w, g, m, v := drawn(rng, n+offset)[offset:], drawn(rng, n+offset)[offset:], drawn(rng, n+offset)[offset:], drawn(rng, n+offset)[offset:]
			for i, x := range v {
				v[i] = float32(math.Abs(float64(x)))
			}
			if n > 5 {
				g[5], m[5], v[5] = 0, 0, 0
			}
			w2, m2, v2 := slices.Clone(w), slices.Clone(m), slices.Clone(v)
			k.update(w, g, m, v)
			k.adamKernel.update(w2, g, m2, v2)
			sameBits(t, "w", w, w2)
			sameBits(t, "m", m, m2)
			sameBits(t, "v", v, v2)
		}
	}
}

// sameBits fails where the elements differ.
func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, x := range got {
		if math.Float32bits(x) != math.Float32bits(want[i]) {
			t.Fatalf("%s, length %d, element %d: %v, want %v", what, len(got), i, x, want[i])
		}
	}
}

func TestMomentumLoopsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 70 {
		for _, offset := range []int{0, 1, 3} {
			k := sgdKernel32{sgdKernel[float32]{lr: 0.02, momentum: 0.95, velocity: true}}
			w, g, v := drawn(rng, n+offset)[offset:], drawn(rng, n+offset)[offset:], drawn(rng, n+offset)[offset:]
			if n > 5 {
				g[5], v[5], w[3] = float32(math.Inf(1)), 0, float32(math.NaN())
			}
			w2, v2 := slices.Clone(w), slices.Clone(v)
			k.update(w, g, v, nil)
			k.sgdKernel.update(w2, g, v2, nil)
			sameBits(t, "w", w, w2)
			sameBits(t, "v", v, v2)
		}
	}
}

func TestSumsOfSquaresAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for n := range 70 {
		g := drawn(rng, n)
		wide := make([]float64, n) // its loop is the portable one
		for i, x := range g {
			wide[i] = float64(x)
		}
		if got, want := squares(g), squares(wide); got != want {
			t.Errorf("length %d: %v, want %v", n, got, want)
		}
	}
}

// Float32 weights are projected with vector instructions to the same bits as
// element by element.
func TestProjectionLoopsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := 1; n < 40; n++ {
		for _, rows := range []int{1, 3, 4, 5, 8, 11} {
			w := drawn(rng, rows*n)
			sums := make([]float64, n)
			columnSquares(sums, w, n, rows)
			for i, got := range sums {
				want, row := 0.0, 0
				square := func(r int) float64 { return float64(w[r*n+i]) * float64(w[r*n+i]) }
				for ; row+4 <= rows; row += 4 {
					want += (square(row) + square(row+1)) + (square(row+2) + square(row+3))
				}
				for ; row < rows; row++ {
					want += square(row)
				}
				if got != want {
					t.Fatalf("%d rows, column %d of %d: %v, want %v", rows, i, n, got, want)
				}
				sums[i] = 1 / (1 + math.Sqrt(got))
			}
			want := slices.Clone(w[:n])
			for i, x := range want {
				want[i] = float32(float64(x) * sums[i])
			}
			done := scaleBy(w[:n], sums)
			sameBits(t, "scaled", w[:done], want[:done])
		}
	}
}
