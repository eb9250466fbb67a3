package kernel

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// All paths draw the words of the contract, whole groups or not, and nothing beyond.
func TestWords(t *testing.T) {
	forEachPath(t, func(t *testing.T, p path) {
		rapid.Check(t, func(t *rapid.T) {
			s := Stream{Seed: rapid.Uint64().Draw(t, "seed"), Layer: rapid.Uint32().Draw(t, "layer"), Step: rapid.Uint64().Draw(t, "step")}
			n, first := rapid.IntRange(0, 300).Draw(t, "n"), uint64(rapid.Uint32Max(1<<28).Draw(t, "first"))
			want, got := make([]uint32, n), make([]uint32, n+8)
			wordsGeneric(want, first, s)
			drawWords(p, got[:n], first, s)
			if !slices.Equal(got[:n], want) {
				t.Errorf("got %08x, want %08x", got[:n], want)
			}
			if slices.ContainsFunc(got[n:], func(w uint32) bool { return w != 0 }) {
				t.Errorf("wrote beyond %d words", n)
			}
		})
	})
}

// All paths give the quantiles of package portable to the bit, also where the middle
// ends.
func TestNormals(t *testing.T) {
	words := []uint32{0, 1, 1<<31 - 1, 1 << 31, math.MaxUint32}
	for d := range uint32(40) {
		words = append(words, middleFirst-20+d, middleLast-20+d)
	}
	more := make([]uint32, 5000)
	Words(more, 0, Stream{Seed: 1})
	words = append(words, more...)
	forEachPath(t, func(t *testing.T, p path) {
		for from := range 5 {
			for _, n := range []int{0, 1, 3, 4, 7, len(words) - from} {
				some, got := words[from:from+n], make([]float64, n+4)
				normals(p, got[:n], some)
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

func BenchmarkNormals(b *testing.B) {
	words, z := make([]uint32, 8192), make([]float64, 8192)
	for b.Loop() {
		Words(words, 0, Stream{Seed: 1})
		Normals(z, words)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(words)), "ns/element")
}
