package main

import (
	"runtime"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

// useBLAS gives Gorgonia the best BLAS there is for the given number of runs at a
// time, and describes it. Runs that go on side by side share the cores better
// than threads of one product do.
func useBLAS(runs int) string {
	b := blas.Find()
	gorgonia.Use(b)
	if threads := max(1, runtime.NumCPU()/runs); b.Library() != "" && threads < b.Threads() {
		// A library that cannot be told runs as many as it likes.
		_ = b.SetThreads(threads)
	}
	return b.Describe()
}
