package blas

import "gonum.org/v1/gonum/blas"

// Sgemm computes C = alpha*tA(A)*tB(B) + beta*C for an m×n matrix C, with k the
// shared dimension. It panics as gonum's does.
func (impl *Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if impl.builtin && gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		return
	}
	if !impl.single.multiply(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		impl.native.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dgemm is Sgemm for float64.
func (impl *Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if impl.builtin && gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		return
	}
	if !impl.double.multiply(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
		impl.native.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Sgemv computes y = alpha*tA(A)*x + beta*y for an m×n matrix A. It panics as
// gonum's does.
func (impl *Implementation) Sgemv(tA blas.Transpose, m, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	if impl.builtin && gemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		return
	}
	if !impl.single.apply(tA, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		impl.native.Sgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Dgemv is Sgemv for float64.
func (impl *Implementation) Dgemv(tA blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	if impl.builtin && gemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		return
	}
	if !impl.double.apply(tA, m, n, alpha, a, lda, x, incX, beta, y, incY) {
		impl.native.Dgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
	}
}

// Sger computes A += alpha*x*yᵀ for an m×n matrix A. It panics as gonum's does.
func (impl *Implementation) Sger(m, n int, alpha float32, x []float32, incX int, y []float32, incY int, a []float32, lda int) {
	if impl.builtin && ger(m, n, alpha, x, incX, y, incY, a, lda) {
		return
	}
	if !impl.single.update(m, n, alpha, x, incX, y, incY, a, lda) {
		impl.native.Sger(m, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Dger is Sger for float64.
func (impl *Implementation) Dger(m, n int, alpha float64, x []float64, incX int, y []float64, incY int, a []float64, lda int) {
	if impl.builtin && ger(m, n, alpha, x, incX, y, incY, a, lda) {
		return
	}
	if !impl.double.update(m, n, alpha, x, incX, y, incY, a, lda) {
		impl.native.Dger(m, n, alpha, x, incX, y, incY, a, lda)
	}
}

// Sdot returns the inner product of x and y. It panics as gonum's does.
func (impl *Implementation) Sdot(n int, x []float32, incX int, y []float32, incY int) float32 {
	if impl.builtin {
		if sum, ok := dot(n, x, incX, y, incY); ok {
			return sum
		}
	}
	if sum, ok := impl.single.dot(n, x, incX, y, incY); ok {
		return sum
	}
	return impl.native.Sdot(n, x, incX, y, incY)
}

// Ddot is Sdot for float64.
func (impl *Implementation) Ddot(n int, x []float64, incX int, y []float64, incY int) float64 {
	if impl.builtin {
		if sum, ok := dot(n, x, incX, y, incY); ok {
			return sum
		}
	}
	if sum, ok := impl.double.dot(n, x, incX, y, incY); ok {
		return sum
	}
	return impl.native.Ddot(n, x, incX, y, incY)
}

// Saxpy computes y += alpha*x. It panics as gonum's does.
func (impl *Implementation) Saxpy(n int, alpha float32, x []float32, incX int, y []float32, incY int) {
	if impl.builtin && axpy(n, alpha, x, incX, y, incY) {
		return
	}
	if !impl.single.add(n, alpha, x, incX, y, incY) {
		impl.native.Saxpy(n, alpha, x, incX, y, incY)
	}
}

// Daxpy is Saxpy for float64.
func (impl *Implementation) Daxpy(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
	if impl.builtin && axpy(n, alpha, x, incX, y, incY) {
		return
	}
	if !impl.double.add(n, alpha, x, incX, y, incY) {
		impl.native.Daxpy(n, alpha, x, incX, y, incY)
	}
}

// Sscal computes x *= alpha. It panics as gonum's does.
func (impl *Implementation) Sscal(n int, alpha float32, x []float32, incX int) {
	if impl.builtin && scal(n, alpha, x, incX) {
		return
	}
	if !impl.single.scale(n, alpha, x, incX) {
		impl.native.Sscal(n, alpha, x, incX)
	}
}

// Dscal is Sscal for float64.
func (impl *Implementation) Dscal(n int, alpha float64, x []float64, incX int) {
	if impl.builtin && scal(n, alpha, x, incX) {
		return
	}
	if !impl.double.scale(n, alpha, x, incX) {
		impl.native.Dscal(n, alpha, x, incX)
	}
}

// Sasum returns the sum of the absolute values of x. It panics as gonum's does.
func (impl *Implementation) Sasum(n int, x []float32, incX int) float32 {
	if impl.builtin {
		if y, ok := asum(n, x, incX); ok {
			return y
		}
	}
	return impl.native.Sasum(n, x, incX)
}

// Snrm2 returns the Euclidean norm of x. It panics as gonum's does.
func (impl *Implementation) Snrm2(n int, x []float32, incX int) float32 {
	if impl.builtin {
		if y, ok := nrm2(n, x, incX); ok {
			return y
		}
	}
	return impl.native.Snrm2(n, x, incX)
}

// Dasum is Sasum for float64.
func (impl *Implementation) Dasum(n int, x []float64, incX int) float64 {
	if impl.builtin {
		if y, ok := asum(n, x, incX); ok {
			return y
		}
	}
	return impl.native.Dasum(n, x, incX)
}

// Dnrm2 is Snrm2 for float64.
func (impl *Implementation) Dnrm2(n int, x []float64, incX int) float64 {
	if impl.builtin {
		if y, ok := nrm2(n, x, incX); ok {
			return y
		}
	}
	return impl.native.Dnrm2(n, x, incX)
}
