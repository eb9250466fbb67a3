package optim

import "golang.org/x/sys/cpu"

// update does eight elements at a time, in the order of operations of the
// portable loop and so to the same bits; that loop does the rest. Without AVX
// it does all.
func (k *adamKernel32) update(w, g, m, v []float32) {
	n := 0
	if cpu.X86.HasAVX && len(w) >= 8 {
		n = len(w) &^ 7
		// These check what the assembly does not.
		g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
		adamAVX(&w[0], &g[0], &m[0], &v[0], n, &k.adamKernel)
	}
	k.adamKernel.update(w[n:], g[n:], m[n:], v[n:])
}

// adamAVX updates n elements, a positive multiple of 8.
//
//go:noescape
func adamAVX(w, grad, m, v *float32, n int, k *adamKernel[float32])
