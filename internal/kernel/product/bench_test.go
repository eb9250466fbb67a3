package product

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var shapes = []struct {
	form    string
	m, n, k int
}{
	{"NN", 128, 1024, 784},
	{"TN", 784, 1024, 128},
	{"NT", 128, 1024, 1024},
	{"NN", 1024, 1024, 1024},
	{"TN", 784, 256, 100},
	{"NN", 64, 128, 128},
}

func BenchmarkQuick(b *testing.B) {
	for _, s := range shapes {
		rnd := rand.New(rand.NewPCG(1, 2))
		x, y, z := numbers[float32](rnd, s.m*s.k, false), numbers[float32](rnd, s.k*s.n, false), make([]float32, s.m*s.n)
		ma := Matrix[float32]{x, s.m, s.k, s.k, 1}
		if s.form[0] == 'T' {
			ma = Matrix[float32]{x, s.m, s.k, 1, s.m}
		}
		mb := Matrix[float32]{y, s.k, s.n, s.n, 1}
		if s.form[1] == 'T' {
			mb = Matrix[float32]{y, s.k, s.n, 1, s.k}
		}
		mc := Matrix[float32]{z, s.m, s.n, s.n, 1}
		for _, k := range sets32[1:] {
			for g := 1; g <= 2; g++ {
				b.Run(fmt.Sprintf("%s%dx%dx%d/%s/%d", s.form, s.m, s.n, s.k, k.set, g), func(b *testing.B) {
					best := time.Hour
					for b.Loop() {
						t := time.Now()
						k.multiply(g, 1, ma, mb, 0, mc)
						best = min(best, time.Since(t))
					}
					b.ReportMetric(2*float64(s.m*s.n*s.k)/best.Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
