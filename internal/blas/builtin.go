package blas

import (
	"gonum.org/v1/gonum/blas"

	"github.com/gorgonia-dropout/dropout/internal/kernel/product"
)

// The functions here do a routine's work with package product and report true.
// With arguments that gonum rejects or answers without arithmetic they do
// nothing and report false.

// rows returns a matrix stored by rows, where op(a) is rows×cols.
func rows[T float](t blas.Transpose, rows, cols int, a []T, ld int) product.Matrix[T] {
	if t == blas.NoTrans {
		return product.Matrix[T]{Elements: a, Rows: rows, Cols: cols, RowStep: ld, ColStep: 1}
	}
	return product.Matrix[T]{Elements: a, Rows: rows, Cols: cols, RowStep: 1, ColStep: ld}
}

// vector returns n elements with a distance of inc, from the last one on if inc
// is negative.
func vector[T float](n int, x []T, inc int) product.Vector[T] {
	return product.Vector[T]{Elements: x, First: max(0, -inc) * (n - 1), Step: inc, N: n}
}

// done panics if the arguments were wrong after all.
func done(err error) bool {
	if err != nil {
		panic(err)
	}
	return true
}

func gemm[T float](tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) bool {
	if k < 1 || alpha == 0 || !multiplies(tA, tB, m, n, k, a, lda, b, ldb, c, ldc) {
		return false
	}
	return done(product.Multiply(alpha, rows(tA, m, k, a, lda), rows(tB, k, n, b, ldb), beta, rows(blas.NoTrans, m, n, c, ldc)))
}

func gemv[T float](tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) bool {
	lenX, lenY := n, m
	if tA != blas.NoTrans {
		lenX, lenY = m, n
	}
	if m < 1 || n < 1 || alpha == 0 || !valid(tA) || !holds(a, m, n, lda) || !reaches(x, lenX, incX) || !reaches(y, lenY, incY) {
		return false
	}
	return done(product.Apply(alpha, rows(tA, lenY, lenX, a, lda), vector(lenX, x, incX), beta, vector(lenY, y, incY)))
}

func ger[T float](m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) bool {
	if m < 1 || n < 1 || alpha == 0 || !holds(a, m, n, lda) || !reaches(x, m, incX) || !reaches(y, n, incY) {
		return false
	}
	return done(product.Update(alpha, vector(m, x, incX), vector(n, y, incY), rows(blas.NoTrans, m, n, a, lda)))
}

func dot[T float](n int, x []T, incX int, y []T, incY int) (T, bool) {
	if n < 1 || !reaches(x, n, incX) || !reaches(y, n, incY) {
		return 0, false
	}
	sum, err := product.Dot(vector(n, x, incX), vector(n, y, incY))
	return sum, done(err)
}

func axpy[T float](n int, alpha T, x []T, incX int, y []T, incY int) bool {
	if n < 1 || alpha == 0 || !reaches(x, n, incX) || !reaches(y, n, incY) {
		return false
	}
	return done(product.AddScaled(alpha, vector(n, x, incX), vector(n, y, incY)))
}

func scal[T float](n int, alpha T, x []T, incX int) bool {
	// gonum sets x to 0 where alpha is 0, whatever x holds.
	if n < 1 || alpha == 0 || incX < 1 || !reaches(x, n, incX) {
		return false
	}
	return done(product.Scale(alpha, vector(n, x, incX)))
}

func asum[T float](n int, x []T, incX int) (T, bool) {
	if n < 1 || incX < 1 || !reaches(x, n, incX) {
		return 0, false
	}
	sum, err := product.AbsoluteSum(vector(n, x, incX))
	return sum, done(err)
}

func nrm2[T float](n int, x []T, incX int) (T, bool) {
	if n < 1 || incX < 1 || !reaches(x, n, incX) {
		return 0, false
	}
	norm, err := product.Norm(vector(n, x, incX))
	return norm, done(err)
}
