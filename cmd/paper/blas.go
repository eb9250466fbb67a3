package main

import (
	"runtime"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

// useBLAS gives Gorgonia the best BLAS there is for the given number of trainings
// at a time, and describes it.
func useBLAS(runs int) string {
	b := blas.Find()
	gorgonia.Use(b)
	if threads := max(1, runtime.NumCPU()/runs); b.Library() != "" && threads < b.Threads() {
		// A library that cannot be told runs as many as it likes.
		_ = b.SetThreads(threads)
	}
	return b.Describe()
}
