package product_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas/gonum"

	"github.com/gorgonia-dropout/dropout/internal/kernel/product"
)

// BenchmarkVectors compares sums and updates of float32 vectors with gonum's and with
// copying as much, all in turn, and reports the best speed of each in elements a
// nanosecond.
func BenchmarkVectors(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 14, 1 << 22} {
		rnd := rand.New(rand.NewPCG(1, 2))
		e, f := normal(rnd, n), normal(rnd, n)
		x := product.Vector[float32]{Elements: e, Step: 1, N: n}
		y := product.Vector[float32]{Elements: f, Step: 1, N: n}
		var theirs gonum.Implementation
		all := []struct {
			name string
			do   func() error
		}{
			{"dot", func() error { _, err := product.Dot(x, y); return err }},
			{"dot-gonum", func() error { theirs.Sdot(n, e, 1, f, 1); return nil }},
			{"add", func() error { return product.AddScaled(1e-9, x, y) }},
			{"add-gonum", func() error { theirs.Saxpy(n, 1e-9, e, 1, f, 1); return nil }},
			{"scale", func() error { return product.Scale(1, x) }},
			{"scale-gonum", func() error { theirs.Sscal(n, 1, e, 1); return nil }},
			{"norm", func() error { _, err := product.Norm(x); return err }},
			{"norm-gonum", func() error { theirs.Snrm2(n, e, 1); return nil }},
			{"copy", func() error { copy(f, e); return nil }},
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			best := make([]time.Duration, len(all))
			for i := range best {
				best[i] = math.MaxInt64
			}
			repeat := max(1, 1<<18/n)
			for b.Loop() {
				for i, c := range all {
					start := time.Now()
					for range repeat {
						if err := c.do(); err != nil {
							b.Fatal(err)
						}
					}
					best[i] = min(best[i], time.Since(start))
				}
			}
			for i, c := range all {
				b.ReportMetric(float64(repeat*n)/float64(best[i].Nanoseconds()), c.name)
			}
		})
	}
}
