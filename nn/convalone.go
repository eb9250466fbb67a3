package nn

import (
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// alone is a convolution in products so small that a BLAS computes them in its
// caller's thread: goroutines divide the images, and none waits for threads of
// the BLAS. Its blocks are rows of window positions in one image, whose results
// go straight to their place in y.
type alone struct {
	layout
	rows int // of places in a block
}

// leastPlaces is the number of window positions in a block below which products
// of many images at a time are faster.
const leastPlaces = 64

// alone returns the convolution in small products, and whether that is
// worthwhile. Groups have no other way, as each has filters of its own.
func (l layout) alone() (alone, bool) {
	rows := min(l.oh, threadedSize/(l.k*l.patch()*l.ow))
	if l.groups > 1 {
		rows = max(rows, 1)
	} else if rows*l.ow < leastPlaces {
		return alone{}, false
	}
	blocks := (l.oh + rows - 1) / rows
	return alone{l, (l.oh + blocks - 1) / blocks}, true
}

// each calls f for the blocks of image n, with their number of window positions
// and their first element in y.
func (a alone) each(n int, f func(b block, places, at int)) {
	for from := 0; from < a.oh; from += a.rows {
		b := block{n, 1, from, min(a.oh, from+a.rows)}
		f(b, b.places(a.layout), n*a.k*a.area()+from*a.ow)
	}
}

// patches returns the size of the memory for the patches of a block.
func (a alone) patches() int { return a.patch() * a.rows * a.ow }

func convolveAlone[F op.Float](a alone, pool *parallel.Scratch[F], y, x []F, w matrix[F], bias []F, positive bool) {
	parallel.Each(a.n, a.patch()*a.area(), func(n int) {
		col := pool.Take(a.patches())
		w, bias := w, group(a.layout, bias, n)
		w.data = group(a.layout, w.data, n)
		a.each(n, func(b block, places, at int) {
			for c := range a.c {
				gatherPlane(a.layout, col, x, b, 0, c)
			}
			var beta F
			for k, bias := range bias {
				fill(y[at+k*a.area():][:places], bias)
				beta = 1
			}
			gemm(a.k, places, a.patch(), w, matrix[F]{data: col, stride: places}, beta, y[at:], a.area())
			for k := 0; k < a.k && positive; k++ {
				keepPositive(y[at+k*a.area():][:places])
			}
		})
		pool.Give(col)
	})
}

func deconvolveAlone[F op.Float](a alone, pool *parallel.Scratch[F], dx []F, w matrix[F], dy []F) {
	image := a.c * a.h * a.w
	parallel.Each(a.n, a.patch()*a.area(), func(n int) {
		col := pool.Take(a.patches())
		clear(dx[n*image:][:image])
		w := w
		w.data = group(a.layout, w.data, n)
		a.each(n, func(b block, places, at int) {
			gemm(a.patch(), places, a.k, w, matrix[F]{data: dy[at:], stride: a.area()}, 0, col, places)
			for c := range a.c {
				scatterPlane(a.layout, dx, col, b, 0, c)
			}
		})
		pool.Give(col)
	})
}

// parts returns the number of parts into which the sum over all images is
// split.
const parts = 8

func correlateAlone[F op.Float](a alone, m *parallel.Memory, dw, x, dy []F) {
	images := a.n / a.groups
	parts, size := min(parts, images), len(dw)
	pool, shared := parallel.ScratchOf[F](m), parallel.SharedOf[F](m)
	sums := shared.Take(parts * size)
	parallel.Each(parts*a.groups, images*a.patch()*a.area()/parts, func(i int) {
		p, g := i/a.groups, i%a.groups
		col := pool.Take(a.patches())
		sum, beta := group(a.layout, sums[p*size:][:size], g), F(0)
		for n := p * images / parts; n < (p+1)*images/parts; n++ {
			a.each(n*a.groups+g, func(b block, places, at int) {
				for c := range a.c {
					gatherPlane(a.layout, col, x, b, 0, c)
				}
				gemm(a.k, a.patch(), places, matrix[F]{data: dy[at:], stride: a.area()},
					matrix[F]{col, places, true}, beta, sum, a.patch())
				beta = 1
			})
		}
		pool.Give(col)
	})
	parallel.Ranges(size, parts, func(from, to int) {
		dw := dw[from:to]
		copy(dw, sums[from:])
		for p := 1; p < parts; p++ {
			for i, v := range sums[p*size+from:][:len(dw)] {
				dw[i] += v
			}
		}
	})
	shared.Give(sums)
}
