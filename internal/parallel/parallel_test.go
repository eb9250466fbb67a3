package parallel_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Every index is visited once, whatever the number of items and their size.
func TestEachAndRanges(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 1000, 40_001} {
		for _, elements := range []int{0, 1, 100, 1 << 15} {
			t.Run(fmt.Sprintf("%d of %d", n, elements), func(t *testing.T) {
				each, ranges := make([]atomic.Int32, n), make([]atomic.Int32, n)
				parallel.Each(n, elements, func(i int) { each[i].Add(1) })
				parallel.Ranges(n, elements, func(from, to int) {
					for i := from; i < to; i++ {
						ranges[i].Add(1)
					}
				})
				for i := range n {
					if each[i].Load() != 1 || ranges[i].Load() != 1 {
						t.Fatalf("index %d: Each visited it %d times, Ranges %d times", i, each[i].Load(), ranges[i].Load())
					}
				}
			})
		}
	}
}

// What is taken has the size asked for and is its taker's alone.
func TestScratch(t *testing.T) {
	var m parallel.Memory
	check(t, parallel.ScratchOf[float32](&m))
	check(t, parallel.ScratchOf[float64](&m))
	check(t, parallel.SharedOf[float32](&m))
	check(t, parallel.SharedOf[float64](&m))
}

func check[F float32 | float64](t *testing.T, s *parallel.Scratch[F]) {
	t.Helper()
	for _, n := range []int{10, 4, 20, 0} {
		a, b := s.Take(n), s.Take(n)
		if len(a) != n || len(b) != n {
			t.Fatalf("want %d elements, got %d and %d", n, len(a), len(b))
		}
		if n > 0 && &a[0] == &b[0] {
			t.Fatal("two takers have one memory")
		}
		s.Give(a)
		s.Give(b)
	}
}
