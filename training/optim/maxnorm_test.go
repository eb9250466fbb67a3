package optim_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A solver's MaxNorm is ops.MaxNorm on each parameter with units, and leaves
// the others alone.
func TestMaxNormIsThatOfOps(t *testing.T) {
	for _, c := range []struct {
		shape []int
		axis  int // -1 for parameters without units
	}{
		{[]int{}, -1}, {[]int{9}, -1}, {[]int{5, 6, 7}, -1},
		{[]int{1, 1}, 1}, {[]int{9, 1}, 1}, {[]int{1, 9}, 1}, {[]int{37, 1031}, 1}, {[]int{1031, 37}, 1}, {[]int{2, 20011}, 1},
		{[]int{1, 1, 1, 1}, 0}, {[]int{3, 5, 1, 1}, 0}, {[]int{65, 3, 5, 5}, 0}, {[]int{3, 65, 17, 13}, 0}, {[]int{700, 1, 3, 3}, 0},
	} {
		for _, wide := range []bool{false, true} {
			for _, bound := range []float64{0.01, 1.5, 6, 1e6} {
				model := newModel(seeded(6), wide, [][]int{c.shape})
				want := model[0].Value().(*tensor.Dense).Clone().(*tensor.Dense)
				if c.axis >= 0 {
					if err := ops.MaxNorm(want, bound, c.axis); err != nil {
						t.Fatal(err)
					}
				}
				solver := &optim.SGD{LR: 1, Regularization: optim.Regularization{MaxNorm: bound}}
				if err := solver.Step(model); err != nil {
					t.Fatal(err)
				}
				tolerance := 1e-13
				if !wide {
					tolerance = 1e-6
				}
				got, want64 := numbers(model[0].Value()), numbers(want)
				for i, x := range got {
					if !near(x, want64[i], tolerance) {
						t.Fatalf("shape %v, float64 %t, bound %v, element %d: %v, want %v", c.shape, wide, bound, i, x, want64[i])
					}
				}
			}
		}
	}
}

// Units may lie along any axis that a parameter names.
func TestMaxNormAlongAnyAxis(t *testing.T) {
	for axis := range 4 {
		p := &chosen{parameter{zeros[float32]([]int{7, 5, 9, 3}), zeros[float32]([]int{7, 5, 9, 3})}, false, axis}
		assign(p.value, draw(seeded(8), 7*5*9*3, 0, 1))
		want := p.value.(*tensor.Dense).Clone().(*tensor.Dense)
		if err := ops.MaxNorm(want, 3, axis); err != nil {
			t.Fatal(err)
		}
		solver := &optim.SGD{LR: 1, Regularization: optim.Regularization{MaxNorm: 3}}
		if err := solver.Step([]gorgonia.ValueGrad{p}); err != nil {
			t.Fatal(err)
		}
		for i, x := range numbers(p.value) {
			if !near(x, numbers(want)[i], 1e-6) {
				t.Fatalf("axis %d, element %d: %v, want %v", axis, i, x, numbers(want)[i])
			}
		}
	}
}
