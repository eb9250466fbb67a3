package product

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	library "github.com/gorgonia-dropout/dropout/internal/blas"
)

// shapes are those of the products of a network's step, and larger and smaller ones. A
// form says which operand is stored transposed.
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
	{"NN", 128, 10, 1024},
	{"TN", 1024, 10, 128},
	{"NT", 128, 1024, 10},
	{"NN", 1, 1024, 1024},
	{"NT", 1, 1024, 1024},
	{"NN", 16, 1024, 1024},
	{"NN", 16, 16, 30},
}

// BenchmarkMultiply compares one- and two-goroutine products of each instruction set
// with gonum and with the libraries that DROPOUT_BLAS names, all in turn, and reports
// the best speed of each in GFLOP/s: another program that runs at the same time slows
// down all.
func BenchmarkMultiply(b *testing.B) {
	lib, err := library.Open(os.Getenv(library.Variable))
	if err != nil {
		lib = nil
	}
	for _, s := range shapes {
		rnd := rand.New(rand.NewPCG(1, 2))
		x, y, z := numbers[float32](rnd, s.m*s.k, false), numbers[float32](rnd, s.k*s.n, false), make([]float32, s.m*s.n)
		tA, tB, lda, ldb := blas.NoTrans, blas.NoTrans, s.k, s.n
		ma := Matrix[float32]{x, s.m, s.k, s.k, 1}
		if s.form[0] == 'T' {
			ma, tA, lda = Matrix[float32]{x, s.k, s.m, s.m, 1}.T(), blas.Trans, s.m
		}
		mb := Matrix[float32]{y, s.k, s.n, s.n, 1}
		if s.form[1] == 'T' {
			mb, tB, ldb = Matrix[float32]{y, s.n, s.k, s.k, 1}.T(), blas.Trans, s.k
		}
		mc := Matrix[float32]{z, s.m, s.n, s.n, 1}
		type contender struct {
			name string
			do   func()
		}
		var all []contender
		for g := 1; g <= 2; g++ {
			for _, k := range sets32[1:] {
				all = append(all, contender{fmt.Sprintf("%s-%d", k.set, g), func() { k.multiply(g, 1, ma, mb, 0, mc) }})
			}
			if lib != nil && lib.Library() != "" {
				all = append(all, contender{fmt.Sprintf("library-%d", g), func() {
					if lib.Threads() != g {
						if err := lib.SetThreads(g); err != nil {
							b.Fatal(err)
						}
					}
					lib.Sgemm(tA, tB, s.m, s.n, s.k, 1, x, lda, y, ldb, 0, z, s.n)
				}})
			}
		}
		all = append(all, contender{"gonum", func() {
			gonum.Implementation{}.Sgemm(tA, tB, s.m, s.n, s.k, 1, x, lda, y, ldb, 0, z, s.n)
		}})
		b.Run(fmt.Sprintf("%s/%dx%dx%d", s.form, s.m, s.n, s.k), func(b *testing.B) {
			best := make([]time.Duration, len(all))
			for i := range best {
				best[i] = math.MaxInt64
			}
			// Runs long beside the reading of the clock, and short beside a time slice.
			repeat := max(1, 1<<20/(s.m*s.n*s.k))
			for b.Loop() {
				for i, c := range all {
					c.do()
					start := time.Now()
					for range repeat {
						c.do()
					}
					best[i] = min(best[i], time.Since(start)/time.Duration(repeat))
				}
			}
			for i, c := range all {
				b.ReportMetric(2*float64(s.m*s.n*s.k)/best[i].Seconds()/1e9, c.name)
			}
		})
	}
}
