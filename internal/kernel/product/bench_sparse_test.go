package product

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkSparse compares products from lists with those with the zeros, for layers of
// several widths and batches, all in turn. It reports the best speed of each on one and two
// threads in GFLOP/s, zeros counted.
func BenchmarkSparse(b *testing.B) {
	k := active32()
	if k.sparse == nil {
		b.Skip("these kernels have no loops for zeros")
	}
	for _, s := range []struct{ batch, units int }{{100, 1024}, {100, 256}, {100, 64}, {32, 256}, {32, 64}, {500, 1024}} {
		for _, form := range []string{"output", "input", "weights"} {
			for _, density := range []float64{0.05, 0.15, 0.25, 0.4, 0.5, 1} {
				rnd := rand.New(rand.NewPCG(1, 2))
				rows, inner, a, x := s.batch, s.units, "rows", "rows"
				switch form {
				case "input":
					x = "columns"
				case "weights":
					rows, inner, a = s.units, s.batch, "columns"
				}
				left, right := thin(rnd, view[float32](rnd, rows, inner, a, false), density), view[float32](rnd, inner, s.units, x, false)
				c := Matrix[float32]{make([]float32, rows*s.units), rows, s.units, s.units, 1}
				b.Run(fmt.Sprintf("%dx%d/%s/%g", s.batch, s.units, form, density), func(b *testing.B) {
					best := [4]time.Duration{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}
					for b.Loop() {
						for i := range best {
							start := time.Now()
							if i%2 == 0 {
								k.run(1+i/2, 1, left, 1, right, false, c)
							} else if !k.runSparse(1+i/2, 1, left, right, c) {
								b.Fatal("the product was refused")
							}
							best[i] = min(best[i], time.Since(start))
						}
					}
					flop := 2 * float64(rows*inner*s.units) / 1e9
					for i, name := range []string{"all-1", "lists-1", "all-2", "lists-2"} {
						b.ReportMetric(flop/best[i].Seconds(), name)
					}
				})
			}
		}
	}
}
