package product_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	library "github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/kernel/product"
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

// BenchmarkMultiply compares products of each instruction set with gonum's and with
// those of the library that DROPOUT_BLAS names, or the first one found, on one and two
// threads, all in turn. It reports the best speed of each in GFLOP/s: another program
// that runs at the same time slows down all.
func BenchmarkMultiply(b *testing.B) {
	name := os.Getenv(library.Variable)
	if name == "" {
		name = "library"
	}
	lib, err := library.Open(name)
	if err != nil {
		b.Log(err)
	}
	sets := product.Float32Sets()
	names := slices.Sorted(maps.Keys(sets))
	for _, s := range shapes {
		rnd := rand.New(rand.NewPCG(1, 2))
		x, y, z := normal(rnd, s.m*s.k), normal(rnd, s.k*s.n), make([]float32, s.m*s.n)
		tA, tB, lda, ldb := blas.NoTrans, blas.NoTrans, s.k, s.n
		ma := product.Matrix[float32]{x, s.m, s.k, s.k, 1}
		if s.form[0] == 'T' {
			ma, tA, lda = product.Matrix[float32]{x, s.k, s.m, s.m, 1}.T(), blas.Trans, s.m
		}
		mb := product.Matrix[float32]{y, s.k, s.n, s.n, 1}
		if s.form[1] == 'T' {
			mb, tB, ldb = product.Matrix[float32]{y, s.n, s.k, s.k, 1}.T(), blas.Trans, s.k
		}
		mc := product.Matrix[float32]{z, s.m, s.n, s.n, 1}
		type contender struct {
			name string
			do   func()
		}
		var all []contender
		for g := 1; g <= 2; g++ {
			for _, name := range names {
				all = append(all, contender{fmt.Sprintf("%s-%d", name, g), func() { sets[name](g, ma, mb, mc) }})
			}
			if lib != nil {
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

func normal(rnd *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rnd.NormFloat64())
	}
	return x
}
