package training

import (
	"sync"

	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

var products sync.Once

// chooseProducts gives Gorgonia the BLAS of training/blas if the program has chosen none,
// the first time that a trainer builds a graph.
func chooseProducts() {
	products.Do(func() {
		if _, untouched := tensor.WhichBLAS().(gonum.Implementation); untouched {
			gorgonia.Use(blas.Find())
		}
	})
}
