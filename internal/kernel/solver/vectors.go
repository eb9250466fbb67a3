//go:build (amd64 || arm64) && !noasm

package solver

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// vectors returns how many of n elements vector instructions process: eight at
// a time. The loops in Go do the rest.
func vectors(set isa.Set, n int) int {
	if set == isa.Generic {
		return 0
	}
	return n &^ 7
}

func adam32(set isa.Set, k *Adam[float32], w, g, m, v []float32) {
	n := vectors(set, len(w))
	if n > 0 {
		adamVectors(&w[0], &g[0], &m[0], &v[0], n, k.Step, k.Beta1, k.Beta2, k.Rest1, k.Rest2, k.Eps)
	}
	k.update(w[n:], g[n:], m[n:], v[n:])
}

func momentum32(set isa.Set, w, g, v []float32, lr, mu float32) {
	n := vectors(set, len(w))
	if n > 0 {
		momentumVectors(&w[0], &g[0], &v[0], n, lr, mu)
	}
	momentum(w[n:], g[n:], v[n:], lr, mu)
}

// squares32 adds the squares of elements to eight sums in turn and returns how
// many elements it did.
func squares32(set isa.Set, sums *[8]float64, g []float32) int {
	n := vectors(set, len(g))
	if n > 0 {
		squaresVectors(&sums[0], &g[0], n)
	}
	return n
}

// addSquares32 adds the squares of four rows to sums and returns how many
// columns it did.
func addSquares32(set isa.Set, sums []float64, a, b, c, d []float32) int {
	n := vectors(set, len(sums))
	if n > 0 {
		addSquaresVectors(&sums[0], &a[0], &b[0], &c[0], &d[0], n)
	}
	return n
}

// scaleBy32 multiplies elements by their factors and returns how many it did.
func scaleBy32(set isa.Set, x []float32, by []float64) int {
	n := vectors(set, len(x))
	if n > 0 {
		scaleByVectors(&x[0], &by[0], n)
	}
	return n
}
