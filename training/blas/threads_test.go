package blas_test

import (
	"runtime"
	"testing"

	"gorgonia.org/gorgonia"

	library "github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// Trainings that run side by side share the cores: the threads of a library are divided.
func TestUseDividesThreads(t *testing.T) {
	t.Cleanup(func() { gorgonia.Use(new(library.Implementation)) })
	t.Setenv(library.Variable, "library")
	all := library.Find()
	if all.Library() == "" {
		t.Skipf("no library is found: %s", all.Describe())
	}
	most := all.Threads()
	if most < 2 {
		t.Skipf("%s runs one thread, which cannot be divided", all.Describe())
	}
	for _, trainings := range []int{1, 2, runtime.NumCPU(), runtime.NumCPU() + 5} {
		if err := all.SetThreads(most); err != nil {
			t.Fatal(err)
		}
		blas.Use(trainings)
		b, ok := gorgonia.WhichBLAS().(*library.Implementation)
		if want := min(most, max(1, runtime.NumCPU()/trainings)); !ok || b.Threads() != want {
			t.Errorf("%d trainings on %d cores: want %d threads each, got %d", trainings, runtime.NumCPU(), want, b.Threads())
		}
	}
}
