package blas_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	library "github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// Whatever is found multiplies, with the threads that it was given.
func TestUse(t *testing.T) {
	t.Cleanup(func() { gorgonia.Use(new(library.Implementation)) })
	for i, trainings := range []int{1, 2, 0, 2} {
		if i == 3 {
			t.Setenv("DROPOUT_BLAS", "library") // where there is one, it gets its share
		}
		if got := blas.Use(trainings); !strings.HasPrefix(got, "BLAS: ") || strings.Contains(got, "\n") {
			t.Errorf("%d trainings: want one line that begins with BLAS:, got %q", trainings, got)
		}
		a := tensor.New(tensor.WithShape(70, 70), tensor.WithBacking(tensor.Range(tensor.Float64, 0, 4900)))
		y, err := a.MatMul(tensor.I(tensor.Float64, 70, 70, 0))
		if err != nil {
			t.Fatal(err)
		}
		if !y.Eq(a) {
			t.Errorf("%d trainings: a matrix times the unit matrix must be itself", trainings)
		}
	}
}

func ExampleUse() {
	os.Setenv("DROPOUT_BLAS", "gonum") // for the same line on every machine
	fmt.Println(blas.Use(1))
	// Output: BLAS: gonum
}
