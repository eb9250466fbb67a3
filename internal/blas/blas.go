// Package blas gives Gorgonia its matrix products.
//
//	b := blas.Find()
//	gorgonia.Use(b)
//	log.Print(b.Describe())
//
// The products are those of package product, which give the same bits on every
// machine, unless DROPOUT_BLAS asks for gonum's or for those of OpenBLAS, MKL,
// BLIS, Accelerate or any other library with the Fortran interface. Libraries
// are loaded at run time, without cgo, and trusted only after they have given
// gonum's answers to another process, so that a library of another architecture,
// with integers of 64 bits, or that crashes does no harm here. None is looked for in
// the current directory.
//
// The chosen BLAS computes the general matrix and vector routines in float32
// and float64 that Gorgonia calls: gemm, gemv, ger, dot, axpy, scal and, with
// the built-in products, asum and nrm2. Everything else is gonum's. So are
// calls too small to be worth calling a library for, and calls with arguments
// that gonum rejects or answers without arithmetic, so that panics have gonum's
// words. The answers differ from gonum's in two ways. They are rounded in
// another order, which for a library may depend on the library, the processor
// and the number of threads. And gonum skips zeros where others multiply, so
// that a NaN or an infinity that meets a zero may give a finite number with
// gonum and NaN with others.
//
// Libraries are loaded on Linux, macOS and Windows on amd64 and arm64. A Linux
// binary that can load libraries is itself linked to the C library. The build
// tag gonumblas omits the loader, for a static binary.
package blas

import (
	"fmt"
	"runtime"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/gorgonia-dropout/dropout/internal/kernel/product"
)

// native is embedded, under a name that is not exported, to give Implementation
// the routines that it does not have itself.
type native = gonum.Implementation

// Implementation is a BLAS for gorgonia.Use and tensor.Use; see [Find] and
// [Open]. The zero value is gonum's. Its methods may be called by several
// goroutines at once.
type Implementation struct {
	native
	builtin bool     // it is package product
	lib     *library // nil if not a library
	reason  string   // why it is not what was asked for
	single  routines[float32]
	double  routines[float64]
}

var (
	_ blas.Float32    = (*Implementation)(nil)
	_ blas.Float64    = (*Implementation)(nil)
	_ blas.Complex64  = (*Implementation)(nil)
	_ blas.Complex128 = (*Implementation)(nil)
)

// Describe names the BLAS in one line, such as "BLAS: built-in, avx512", "BLAS:
// gonum" or "BLAS: OpenBLAS 0.3.21 (/usr/lib/libopenblas.so.0), 2 threads". If it is
// not the one that was asked for, the line says why.
func (impl *Implementation) Describe() string {
	if impl.lib == nil {
		s := "BLAS: gonum"
		if impl.builtin {
			s = "BLAS: built-in, " + product.Name()
		}
		if impl.reason != "" {
			s += " (" + impl.reason + ")"
		}
		return s
	}
	file := impl.lib.path
	if file == "" {
		file = impl.lib.name
	}
	s := "BLAS: " + file
	if impl.lib.product != "" {
		s = fmt.Sprintf("BLAS: %s (%s)", impl.lib.product, file)
	}
	switch n := impl.Threads(); n {
	case 0:
		return s
	case 1:
		return s + ", 1 thread"
	default:
		return fmt.Sprintf("%s, %d threads", s, n)
	}
}

// Library returns the name under which the library was loaded, "" without a
// library.
func (impl *Implementation) Library() string {
	if impl.lib == nil {
		return ""
	}
	return impl.lib.name
}

// Threads returns the number of threads that share a large product, 0 if the
// library does not tell, and GOMAXPROCS without a library.
func (impl *Implementation) Threads() int {
	if impl.lib == nil {
		return runtime.GOMAXPROCS(0)
	}
	return impl.lib.threads()
}

// SetThreads makes n threads share a large product. The number belongs to the
// library and holds for the whole process. Some versions of BLIS keep it for
// each system thread, so that BLIS_NUM_THREADS is more reliable there. It is an
// error if n < 1, if there is no library (the number is then GOMAXPROCS), if
// the library has no such routine (as with Accelerate), or if it uses another
// number.
func (impl *Implementation) SetThreads(n int) error {
	if n < 1 {
		return errors.Errorf("blas: SetThreads: n must be at least 1, got %d", n)
	}
	if impl.lib == nil {
		return errors.New("blas: SetThreads: there must be a library, got none, which uses GOMAXPROCS threads")
	}
	return errors.Wrap(impl.lib.setThreads(n), "blas: SetThreads")
}
