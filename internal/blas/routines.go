package blas

import (
	"math"
	"sync"
	"unsafe"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/blas"
)

type float interface{ float32 | float64 }

// routines calls a library's routines for one element type. Each method does
// nothing and returns false if gonum has to do the work: without a library,
// with arguments that gonum rejects or needs no arithmetic for, with sizes
// beyond 32 bits, and with too little work to be worth a call.
//
// The Fortran interface takes all arguments by pointer, and matrices stored by
// columns. A matrix stored by rows is its transpose stored by columns, so
// operands are swapped instead of copied.
type routines[T float] struct {
	lib                         *library
	gemm, gemv, ger, axpy, scal uintptr
	least                       work
	blocks                      sync.Pool // of *arguments[T]
}

// work is the number of multiplications for which each routine is called.
type work struct{ gemm, gemv, ger, dot, axpy, scal int }

// worthwhile is where a library overtakes gonum, as measured on amd64 with
// OpenBLAS. Calling a library costs 100 to 200 ns. dot and axpy are bound by
// memory, and gain only where gonum has no assembly, which is everywhere but on
// amd64.
var worthwhile = work{gemm: 1 << 8, gemv: 1 << 16, ger: 1 << 16, dot: 1 << 16, axpy: 1 << 16, scal: 1 << 10}

// arguments holds what a call points to, so that a call allocates nothing.
//
// Integers take 64 bits. On little-endian machines, which includes all that can
// load libraries, a library that expects 32 reads the low half, so that both
// kinds of library work. Operands are kept as pointers although the library
// gets numbers: that puts their memory on the heap, where it does not move, and
// keeps it until the call is over.
type arguments[T float] struct {
	transX, transY      byte
	m, n, k             int64
	alpha, beta         T
	x, y, z             *T
	stepX, stepY, stepZ int64 // leading dimensions and increments
	result              T
	list                [15]uintptr
}

// characters is the length of a character argument, which Fortran passes by
// value after all other arguments.
const characters = 1

// bind looks up the routines of lib, whose names begin with the letter of
// their type.
func (r *routines[T]) bind(lib *library, prefix string) error {
	for _, routine := range []struct {
		name string
		fn   *uintptr
	}{{"gemm_", &r.gemm}, {"gemv_", &r.gemv}, {"ger_", &r.ger}, {"axpy_", &r.axpy}, {"scal_", &r.scal}} {
		if *routine.fn = symbol(lib.handle, prefix+routine.name); *routine.fn == 0 {
			return errors.Errorf("%s lacks %s%s", lib.name, prefix, routine.name)
		}
	}
	r.lib = lib
	r.blocks.New = func() any { return new(arguments[T]) }
	return nil
}

// run calls fn with args, which point into p or equal p.x, p.y and p.z. It then
// drops the operands, so that the pool does not keep them alive.
func (r *routines[T]) run(fn uintptr, p *arguments[T], args ...uintptr) {
	list := p.list[:copy(p.list[:], args)]
	r.lib.enter()
	call(fn, list...)
	r.lib.leave()
	p.x, p.y, p.z = nil, nil, nil
}

// multiply is gemm: c = alpha*tA(a)*tB(b) + beta*c, where c is m×n.
func (r *routines[T]) multiply(tA, tB blas.Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) bool {
	if r.lib == nil || k < 1 || alpha == 0 || m*n*k < r.least.gemm ||
		!small(m, n, k, lda, ldb, ldc) || !multiplies(tA, tB, m, n, k, a, lda, b, ldb, c, ldc) {
		return false
	}
	p := r.blocks.Get().(*arguments[T])
	defer r.blocks.Put(p)
	p.transX, p.transY = letter(tB), letter(tA)
	p.m, p.n, p.k = int64(n), int64(m), int64(k)
	p.alpha, p.beta = alpha, beta
	p.x, p.y, p.z = &b[0], &a[0], &c[0]
	p.stepX, p.stepY, p.stepZ = int64(ldb), int64(lda), int64(ldc)
	r.run(r.gemm, p, at(&p.transX), at(&p.transY), at(&p.m), at(&p.n), at(&p.k), at(&p.alpha),
		at(p.x), at(&p.stepX), at(p.y), at(&p.stepY), at(&p.beta), at(p.z), at(&p.stepZ),
		characters, characters)
	return true
}

// apply is gemv: y = alpha*tA(a)*x + beta*y, where a is m×n.
func (r *routines[T]) apply(tA blas.Transpose, m, n int, alpha T, a []T, lda int, x []T, incX int, beta T, y []T, incY int) bool {
	if r.lib == nil || m < 1 || n < 1 || alpha == 0 || m*n < r.least.gemv ||
		!small(m, n, lda, incX, incY) || !valid(tA) || !holds(a, m, n, lda) {
		return false
	}
	trans, lenX, lenY := byte('T'), n, m
	if tA != blas.NoTrans {
		trans, lenX, lenY = 'N', m, n
	}
	if !reaches(x, lenX, incX) || !reaches(y, lenY, incY) {
		return false
	}
	if beta == 0 {
		// Some libraries multiply y by 0, which keeps NaN.
		step := max(incY, -incY)
		for i := range lenY {
			y[i*step] = 0
		}
		beta = 1
	}
	p := r.blocks.Get().(*arguments[T])
	defer r.blocks.Put(p)
	p.transX, p.m, p.n, p.alpha, p.beta = trans, int64(n), int64(m), alpha, beta
	p.x, p.y, p.z = &a[0], &x[0], &y[0]
	p.stepX, p.stepY, p.stepZ = int64(lda), int64(incX), int64(incY)
	r.multiplyVector(p)
	return true
}

// dot returns the inner product of x and y. Fortran functions return numbers in
// a floating-point register, some as float64 whatever the type. So dot calls
// gemv instead, with x as the only column of the matrix.
func (r *routines[T]) dot(n int, x []T, incX int, y []T, incY int) (T, bool) {
	if r.lib == nil || n < 1 || n < r.least.dot || incX != 1 || !small(n, incY) ||
		!reaches(x, n, incX) || !reaches(y, n, incY) {
		return 0, false
	}
	p := r.blocks.Get().(*arguments[T])
	defer r.blocks.Put(p)
	p.transX, p.m, p.n, p.alpha, p.beta, p.result = 'T', int64(n), 1, 1, 1, 0
	p.x, p.y, p.z = &x[0], &y[0], &p.result
	p.stepX, p.stepY, p.stepZ = int64(n), int64(incY), 1
	r.multiplyVector(p)
	return p.result, true
}

func (r *routines[T]) multiplyVector(p *arguments[T]) {
	r.run(r.gemv, p, at(&p.transX), at(&p.m), at(&p.n), at(&p.alpha), at(p.x), at(&p.stepX),
		at(p.y), at(&p.stepY), at(&p.beta), at(p.z), at(&p.stepZ), characters)
}

// update is ger: a += alpha*x*yᵀ, where a is m×n. Negative increments go to the
// library at any size, because gonum v0.17.0 then reads outside of x and y, in
// float32 on amd64.
func (r *routines[T]) update(m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) bool {
	if r.lib == nil || m < 1 || n < 1 || alpha == 0 || m*n < r.least.ger && incX > 0 && incY > 0 ||
		!small(m, n, lda, incX, incY) || !holds(a, m, n, lda) || !reaches(x, m, incX) || !reaches(y, n, incY) {
		return false
	}
	p := r.blocks.Get().(*arguments[T])
	defer r.blocks.Put(p)
	p.m, p.n, p.alpha = int64(n), int64(m), alpha
	p.x, p.y, p.z = &y[0], &x[0], &a[0]
	p.stepX, p.stepY, p.stepZ = int64(incY), int64(incX), int64(lda)
	r.run(r.ger, p, at(&p.m), at(&p.n), at(&p.alpha),
		at(p.x), at(&p.stepX), at(p.y), at(&p.stepY), at(p.z), at(&p.stepZ))
	return true
}

// add is axpy: y += alpha*x.
func (r *routines[T]) add(n int, alpha T, x []T, incX int, y []T, incY int) bool {
	if r.lib == nil || n < 1 || alpha == 0 || n < r.least.axpy || !small(n, incX, incY) ||
		!reaches(x, n, incX) || !reaches(y, n, incY) {
		return false
	}
	p := r.blocks.Get().(*arguments[T])
	defer r.blocks.Put(p)
	p.n, p.alpha = int64(n), alpha
	p.x, p.y = &x[0], &y[0]
	p.stepX, p.stepY = int64(incX), int64(incY)
	r.run(r.axpy, p, at(&p.n), at(&p.alpha), at(p.x), at(&p.stepX), at(p.y), at(&p.stepY))
	return true
}

// scale is scal: x *= alpha.
func (r *routines[T]) scale(n int, alpha T, x []T, incX int) bool {
	if r.lib == nil || n < 1 || alpha == 0 || n < r.least.scal || incX < 0 || !small(n, incX) || !reaches(x, n, incX) {
		return false
	}
	p := r.blocks.Get().(*arguments[T])
	defer r.blocks.Put(p)
	p.n, p.alpha = int64(n), alpha
	p.x = &x[0]
	p.stepX = int64(incX)
	r.run(r.scal, p, at(&p.n), at(&p.alpha), at(p.x), at(&p.stepX))
	return true
}

func at[E any](p *E) uintptr { return uintptr(unsafe.Pointer(p)) }

// small reports whether a library with 32-bit integers understands all of v.
func small(v ...int) bool {
	for _, v := range v {
		if v > math.MaxInt32 || v < -math.MaxInt32 {
			return false
		}
	}
	return true
}

// multiplies reports whether gemm has something to multiply and its slices are
// long enough; k is at least 1.
func multiplies[T float](tA, tB blas.Transpose, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) bool {
	if m < 1 || n < 1 || !valid(tA) || !valid(tB) {
		return false
	}
	rowsA, colsA, rowsB, colsB := m, k, k, n
	if tA != blas.NoTrans {
		rowsA, colsA = k, m
	}
	if tB != blas.NoTrans {
		rowsB, colsB = n, k
	}
	return holds(a, rowsA, colsA, lda) && holds(b, rowsB, colsB, ldb) && holds(c, m, n, ldc)
}

// holds reports whether a is long enough for rows×cols elements with rows ld
// elements apart.
func holds[T float](a []T, rows, cols, ld int) bool {
	return ld >= cols && len(a) >= (rows-1)*ld+cols
}

// reaches reports whether x is long enough for n elements inc apart.
func reaches[T float](x []T, n, inc int) bool {
	return inc != 0 && len(x) > (n-1)*max(inc, -inc)
}

func valid(t blas.Transpose) bool {
	return t == blas.NoTrans || t == blas.Trans || t == blas.ConjTrans
}

// letter names a transpose; the conjugate of a real matrix is itself.
func letter(t blas.Transpose) byte {
	if t == blas.NoTrans {
		return 'N'
	}
	return 'T'
}
