package product

import (
	"fmt"
	"testing"
	"time"
)

func BenchmarkTile(b *testing.B) {
	for _, k := range sets32[1:] {
		for _, d := range []int{64, 128, 256, 512} {
			b.Run(fmt.Sprintf("%s/%d", k.set, d), func(b *testing.B) {
				a, y, c := make([]float32, k.rows*d), make([]float32, k.columns()*d), make([]float32, k.rows*k.columns())
				best := time.Hour
				for b.Loop() {
					t := time.Now()
					for range 10 {
						k.tile(k.rows, 2, d, &a[0], k.rows, &y[0], k.columns(), &c[0], k.columns(), k.columns(), 1)
					}
					best = min(best, time.Since(t)/10)
				}
				b.ReportMetric(2*float64(k.rows*k.columns()*d)/best.Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
