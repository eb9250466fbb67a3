package blas

import (
	"math"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/blas"
)

// The sizes m, n and k of products that are checked. Of the small ones, one is
// below and one above the blocks of the usual kernels. The large ones are
// divided into several blocks and among threads.
var (
	smallSizes = [][3]int{{3, 2, 4}, {37, 19, 41}}
	largeSizes = [][3]int{{51, 7, 9}, {131, 97, 259}, {517, 5, 3}, {5, 519, 7}, {3, 6, 1031}}
)

// check returns an error that names the first routine whose answer is not
// gonum's. The numbers are small integers, so that answers are exact in any
// order of summation.
func (impl *Implementation) check(sizes [][3]int) error {
	if routine := disagreement(float32Routines(impl), float32Routines(&impl.native), sizes); routine != "" {
		return errors.Errorf("%s: s%s gives a wrong answer", impl.lib.name, routine)
	}
	if routine := disagreement(float64Routines(impl), float64Routines(&impl.native), sizes); routine != "" {
		return errors.Errorf("%s: d%s gives a wrong answer", impl.lib.name, routine)
	}
	return nil
}

// level has the routines of one element type, to compare two BLAS.
type level[T float] struct {
	gemm func(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int)
	gemv func(tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int)
	ger  func(m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int)
	dot  func(n int, x []T, incX int, y []T, incY int) T
	axpy func(n int, alpha T, x []T, incX int, y []T, incY int)
	scal func(n int, alpha T, x []T, incX int)
}

func float32Routines(b blas.Float32) level[float32] {
	return level[float32]{b.Sgemm, b.Sgemv, b.Sger, b.Sdot, b.Saxpy, b.Sscal}
}

func float64Routines(b blas.Float64) level[float64] {
	return level[float64]{b.Dgemm, b.Dgemv, b.Dger, b.Ddot, b.Daxpy, b.Dscal}
}

// disagreement returns the first routine in which two BLAS disagree, "" if
// there is none.
func disagreement[T float](got, want level[T], sizes [][3]int) string {
	for _, size := range sizes {
		m, n, k := size[0], size[1], size[2]
		for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
			for _, tB := range []blas.Transpose{blas.NoTrans, blas.Trans} {
				for _, beta := range []T{0, 2} {
					ld := max(m, n, k) + 1
					a, b := integers[T](ld*ld, 7), integers[T](ld*ld, 5)
					if !agree(ld*ld, beta == 0, func(l level[T], c []T) {
						l.gemm(tA, tB, m, n, k, 3, a, ld, b, ld, beta, c, ld)
					}, got, want) {
						return "gemm"
					}
				}
			}
			a, x := integers[T](m*(n+1), 7), integers[T](2*max(m, n), 5)
			if !agree(max(m, n), false, func(l level[T], y []T) {
				l.gemv(tA, m, n, 3, a, n+1, x, 2, 2, y, -1)
			}, got, want) {
				return "gemv"
			}
		}
		x, y := integers[T](2*m, 7), integers[T](3*max(m, n), 5)
		if !agree(m*n, false, func(l level[T], a []T) { l.ger(m, n, 3, x, 2, y, 3, a, n) }, got, want) {
			return "ger"
		}
		if !agree(m, false, func(l level[T], x []T) { x[0] = l.dot(m, x, 1, y, -1) }, got, want) {
			return "dot"
		}
		if !agree(m, false, func(l level[T], y []T) { l.axpy(m, 3, x, -2, y, 1) }, got, want) {
			return "axpy"
		}
		if !agree(2*m, false, func(l level[T], x []T) { l.scal(m, 3, x, 2) }, got, want) {
			return "scal"
		}
	}
	return ""
}

// agree runs f with both BLAS on n integers, or on n NaN, and compares the
// results.
func agree[T float](n int, nan bool, f func(level[T], []T), got, want level[T]) bool {
	x, y := integers[T](n, 3), integers[T](n, 3)
	if nan {
		for i := range x {
			x[i] = T(math.NaN())
			y[i] = x[i]
		}
	}
	f(got, x)
	f(want, y)
	for i := range x {
		if x[i] != y[i] && (x[i] == x[i] || y[i] == y[i]) {
			return false
		}
	}
	return true
}

// integers returns n whole numbers between -limit and limit, without a simple
// pattern.
func integers[T float](n, limit int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T((i*i+3*i)%(2*limit+1) - limit)
	}
	return x
}
