package normal

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// All paths give the quantiles of package portable to the bit, also where the middle
// ends.
func TestQuantiles(t *testing.T) {
	words := []uint32{0, 1, 1<<31 - 1, 1 << 31, math.MaxUint32}
	for d := range uint32(40) {
		words = append(words, middleFirst-20+d, middleLast-20+d)
	}
	more := make([]uint32, 5000)
	drop.Words(more, 0, drop.Stream{Seed: 1})
	words = append(words, more...)
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for from := range 5 {
			for _, n := range []int{0, 1, 3, 4, 7, len(words) - from} {
				some, got := words[from:from+n], make([]float64, n+4)
				quantiles(set, got[:n], some)
				for i, w := range some {
					if want := portable.Normal(w); math.Float64bits(got[i]) != math.Float64bits(want) {
						t.Fatalf("word %d: %v, want %v", w, got[i], want)
					}
				}
				if got[n] != 0 {
					t.Fatalf("wrote beyond %d numbers", n)
				}
			}
		}
	})
}

func BenchmarkQuantiles(b *testing.B) {
	words, z := make([]uint32, 8192), make([]float64, 8192)
	for b.Loop() {
		drop.Words(words, 0, drop.Stream{Seed: 1})
		Quantiles(z, words)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(words)), "ns/element")
}
