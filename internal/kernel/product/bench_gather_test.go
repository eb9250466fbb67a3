package product

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

// BenchmarkGather compares two ways to multiply by half of the rows and columns of a matrix of
// 1024×1024 float32: "extract" copies them once for the products of a step, each of which then
// packs the copy ("pack"); "gather" packs them straight from the matrix, for each product. It
// reports the least time of each in µs, with a matrix that was not used just before.
func BenchmarkGather(b *testing.B) {
	const n, kept, columns, depth = 1024, 512, 16, 256
	r := rand.New(rand.NewPCG(1, 1))
	half := func() []int {
		all := r.Perm(n)[:kept]
		slices.Sort(all)
		return all
	}
	rows, cols := half(), half()
	var u units.Units
	if err := u.Set(cols, n); err != nil {
		b.Fatal(err)
	}
	matrices := make([][]float32, 8) // more than a core's cache holds
	for i := range matrices {
		matrices[i] = make([]float32, n*n)
	}
	sub, sliver := make([]float32, kept*kept), make([]float32, columns*depth+2*maxLanes)
	w := newWorker(active[float32]())
	var x []float32
	ways := []struct {
		name string
		do   func()
	}{
		{"extract", func() {
			for i, row := range rows {
				ahead := n
				if i+1 < kept {
					ahead *= rows[i+1] - row
				}
				units.Choose(sub[i*kept:][:kept], x[row*n:][:n], &u, ahead)
			}
		}},
		{"pack", func() {
			for first := 0; first < kept; first += columns {
				for p := 0; p < kept; p += depth {
					w.pack(sliver, columns, sub[p*kept+first:], 1, kept, columns, depth)
				}
			}
		}},
		{"gather", func() {
			for first := 0; first < kept; first += columns {
				of := cols[first:][:columns]
				for p := 0; p < kept; p += depth {
					for i, row := range rows[p:][:depth] {
						src, dst := x[row*n:][:n], sliver[i*columns:][:columns]
						for j, at := range of {
							dst[j] = src[at]
						}
					}
				}
			}
		}},
	}
	best := make([]time.Duration, len(ways))
	for i := range best {
		best[i] = math.MaxInt64
	}
	for i := 0; b.Loop(); i++ {
		for k, way := range ways {
			x = matrices[(i+4*k)%len(matrices)]
			start := time.Now()
			way.do()
			best[k] = min(best[k], time.Since(start))
		}
	}
	for k, way := range ways {
		b.ReportMetric(float64(best[k].Nanoseconds())/1e3, way.name+"-µs")
	}
}
