// Package blas gives Gorgonia fast matrix products:
//
//	fmt.Println(blas.Use(1))
//
// They are this module's own, in Go and assembly: each element of a product is the chain
// of fused multiply-adds in order of the inner dimension, so that the weights of a network
// have the same bits on every machine, with any number of cores.
//
// The environment variable DROPOUT_BLAS chooses others: gonum; library, the first of
// OpenBLAS, MKL, BLIS and Accelerate that is found; or the name or path of a library. It is
// loaded when the program runs, without cgo, and trusted after it has given Gonum's
// answers. A library's results may depend on the processor and the number of threads.
//
// A training.Trainer does the same in a program that has given gorgonia.Use nothing.
package blas

import (
	"runtime"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

// Use makes gorgonia.Use take the BLAS that DROPOUT_BLAS asks for, and returns a line that
// says which, such as "BLAS: built-in, avx2". If it is a library, each of the given number
// of trainings that run side by side gets its share of the cores for threads; the built-in
// products share them by themselves. It holds for the whole process: call it once, before
// any graph runs.
func Use(trainings int) string {
	b := blas.Find()
	gorgonia.Use(b)
	if threads := max(1, runtime.NumCPU()/max(1, trainings)); b.Library() != "" && threads < b.Threads() {
		// A library that cannot be told runs as many as it likes.
		_ = b.SetThreads(threads)
	}
	return b.Describe()
}
