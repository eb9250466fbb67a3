package optim

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Both loops of Adam's update give the same bits, at any length and alignment.
func TestAdamLoopsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, scale float64) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(scale * rng.NormFloat64() * math.Exp(10*rng.NormFloat64()))
		}
		return out
	}
	for n := range 70 {
		for _, offset := range []int{0, 1, 3} {
			var k adamKernel32
			k.set(adamSettings{1e-3, 0.9, 0.999, 1e-8}, int64(n+1))
			w, g, m, v := draw(n+offset, 1)[offset:], draw(n+offset, 1)[offset:], draw(n+offset, 1)[offset:], draw(n+offset, 1)[offset:]
			for i, x := range v {
				v[i] = float32(math.Abs(float64(x)))
			}
			if n > 5 {
				g[5], m[5], v[5] = 0, 0, 0
			}
			clone := func(x []float32) []float32 { return append([]float32(nil), x...) }
			w2, m2, v2 := clone(w), clone(m), clone(v)
			k.update(w, g, m, v)
			k.adamKernel.update(w2, g, m2, v2)
			for i := range w {
				for _, pair := range [][2]float32{{w[i], w2[i]}, {m[i], m2[i]}, {v[i], v2[i]}} {
					if math.Float32bits(pair[0]) != math.Float32bits(pair[1]) {
						t.Fatalf("length %d, element %d: %v, want %v", n, i, pair[0], pair[1])
					}
				}
			}
		}
	}
}
