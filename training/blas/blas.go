// Package blas gives Gorgonia the fastest library for matrix products that there
// is on the machine:
//
//	fmt.Println(blas.Use(1))
//
// OpenBLAS, MKL, BLIS or Accelerate is loaded when the program runs, without cgo, and
// trusted after it has given Gonum's answers; where there is none the products stay
// with Gonum. Training is several times faster with such a library. Its results are
// rounded in another order, which may depend on the processor and the number of
// threads: for weights that are equal to the bit everywhere stay with Gonum.
//
// The environment variable DROPOUT_BLAS chooses: auto (the default), gonum, or the
// name or path of a library.
package blas

import (
	"runtime"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

// Use makes gorgonia.Use take the best BLAS there is, for the given number of
// trainings that run side by side, and returns a line that says which, such as
// "BLAS: OpenBLAS 0.3.21 (libopenblas.so.0), 2 threads". Trainings share the cores
// better than threads of one product do, so each gets its share of them. It holds
// for the whole process: call it once, before any graph runs.
func Use(trainings int) string {
	b := blas.Find()
	gorgonia.Use(b)
	if threads := max(1, runtime.NumCPU()/max(1, trainings)); b.Library() != "" && threads < b.Threads() {
		// A library that cannot be told runs as many as it likes.
		_ = b.SetThreads(threads)
	}
	return b.Describe()
}
