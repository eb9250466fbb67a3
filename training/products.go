package training

import (
	"sync"

	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/building"
)

var products sync.Once

// chooseProducts gives Gorgonia the BLAS of training/blas if the program has chosen none,
// the first time that a trainer builds a graph.
func chooseProducts() {
	products.Do(func() {
		// Other goroutines may build and run graphs of their own meanwhile.
		building.Alone(func() {
			if _, untouched := tensor.WhichBLAS().(gonum.Implementation); untouched {
				gorgonia.Use(blas.Find())
			}
		})
	})
}
