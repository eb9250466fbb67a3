package optim

import "golang.org/x/sys/cpu"

// The vector instructions do eight elements at a time, in the order of operations of
// the portable loops and so to the same bits; those loops do the rest. Without AVX
// they do all.

// vectors is how many of n elements are done by vector instructions.
func vectors(n int) int {
	if !cpu.X86.HasAVX {
		return 0
	}
	return n &^ 7
}

func (k *adamKernel32) update(w, g, m, v []float32) {
	n := vectors(len(w))
	if n > 0 {
		// These check what the assembly does not.
		g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
		adamAVX(&w[0], &g[0], &m[0], &v[0], n, &k.adamKernel)
	}
	k.adamKernel.update(w[n:], g[n:], m[n:], v[n:])
}

func (k *sgdKernel32) update(w, g, v, _ []float32) {
	if !k.velocity || k.nesterov {
		k.sgdKernel.update(w, g, v, nil)
		return
	}
	n := vectors(len(w))
	if n > 0 {
		g, v = g[:len(w)], v[:len(w)]
		momentumAVX(&w[0], &g[0], &v[0], n, k.lr, k.momentum)
	}
	k.sgdKernel.update(w[n:], g[n:], v[n:], nil)
}

// squares32 adds the squares of elements to eight sums in turn and returns how many
// it did.
func squares32(sums *[8]float64, g []float32) int {
	n := vectors(len(g))
	if n > 0 {
		squaresAVX(sums, &g[0], n)
	}
	return n
}

// addSquares32 adds the squares of four rows to sums and returns how many of the
// columns it did.
func addSquares32(sums []float64, a, b, c, d []float32) int {
	n := vectors(len(sums))
	if n > 0 {
		a, b, c, d = a[:n], b[:n], c[:n], d[:n]
		addSquaresAVX(&sums[0], &a[0], &b[0], &c[0], &d[0], n)
	}
	return n
}

// scaleBy32 multiplies elements by factors and returns how many it did.
func scaleBy32(x []float32, by []float64) int {
	n := vectors(len(x))
	if n > 0 {
		by = by[:n]
		scaleByAVX(&x[0], &by[0], n)
	}
	return n
}

// The number of elements n is a positive multiple of 8.

// adamAVX updates n elements.
//
//go:noescape
func adamAVX(w, grad, m, v *float32, n int, k *adamKernel[float32])

// momentumAVX updates n elements.
//
//go:noescape
func momentumAVX(w, grad, v *float32, n int, lr, momentum float32)

// squaresAVX adds the squares of n elements to eight sums in turn.
//
//go:noescape
func squaresAVX(sums *[8]float64, grad *float32, n int)

// addSquaresAVX adds the squares of n columns of four rows.
//
//go:noescape
func addSquaresAVX(sums *float64, a, b, c, d *float32, n int)

// scaleByAVX multiplies n elements.
//
//go:noescape
func scaleByAVX(x *float32, by *float64, n int)
