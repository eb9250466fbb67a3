package product

import (
	"math/rand/v2"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// Goroutines that pack several blocks for themselves do what one does.
func TestPrivateBlocks(t *testing.T) {
	forEachSet(t, testPrivateBlocks[float32], testPrivateBlocks[float64])
}

func testPrivateBlocks[F Float](t *testing.T, k *kernels[F]) {
	if k.set == isa.Generic {
		return // it has the plan of the others, and would take seconds
	}
	const m, n, d, goroutines = 30, 390, 9000, 3
	if p := k.planFor(m, n, d, goroutines); p.blocks() < 2 || !p.private {
		t.Errorf("want several blocks that each goroutine packs for itself: %+v", p)
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	a, b := view[F](rnd, m, d, "rows", false), view[F](rnd, d, n, "rows", false)
	want, got := view[F](rnd, m, n, "rows", false), view[F](rnd, m, n, "rows", false)
	k.multiply(1, 1, a, b, 0, want)
	for range 5 {
		k.multiply(goroutines, 1, a, b, 0, got)
		for i := range m {
			for j := range n {
				if got, want := got.from(i, j)[0], want.from(i, j)[0]; got != want {
					t.Fatalf("element %d, %d is %v, want %v", i, j, got, want)
				}
			}
		}
	}
}
