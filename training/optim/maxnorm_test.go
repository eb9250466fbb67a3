package optim_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A solver's MaxNorm is MaxNorm on each parameter with units, and leaves
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
					bounded(want, bound, c.axis)
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
		if err := optim.MaxNorm(want, 3, axis); err != nil {
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

// bounded scales the units of w along an axis down to a norm of at most c, as the
// definition says.
func bounded(w *tensor.Dense, c float64, axis int) {
	stride, units := 1, w.Shape()[axis]
	for _, d := range w.Shape()[axis+1:] {
		stride *= d
	}
	values := numbers(w)
	squares := make([]float64, units)
	for i, x := range values {
		squares[i/stride%units] += x * x
	}
	for i := range values {
		if norm := math.Sqrt(squares[i/stride%units]); norm > c {
			values[i] *= c / norm
		}
	}
	assign(w, values)
}

func TestMaxNorm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(t, "shape")
		axis := rapid.IntRange(0, len(shape)-1).Draw(t, "axis")
		c := rapid.Float64Range(0.01, 20).Draw(t, "c")
		dt := rapid.SampledFrom([]tensor.Dtype{tensor.Float32, tensor.Float64}).Draw(t, "dtype")
		w := testkit.Ramp(dt, shape...)
		before := w.Clone().(*tensor.Dense)
		if err := optim.MaxNorm(w, c, axis); err != nil {
			t.Fatal(err)
		}
		stride, units := 1, shape[axis]
		for _, d := range shape[axis+1:] {
			stride *= d
		}
		at := func(d *tensor.Dense, i int) float64 {
			if dt == tensor.Float32 {
				return float64(d.Float32s()[i])
			}
			return d.Float64s()[i]
		}
		was, is := make([]float64, units), make([]float64, units)
		for i := range w.DataSize() {
			was[i/stride%units] += at(before, i) * at(before, i)
			is[i/stride%units] += at(w, i) * at(w, i)
		}
		for u := range units {
			if want := min(math.Sqrt(was[u]), c); math.Abs(math.Sqrt(is[u])-want) > 1e-5*want {
				t.Fatalf("unit %d of %v: norm must be %v, got %v", u, shape, want, math.Sqrt(is[u]))
			}
		}
	})
}

func TestMaxNormRejects(t *testing.T) {
	transposed := testkit.Ramp(tensor.Float64, 2, 3)
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		w    *tensor.Dense
		c    float64
		axis int
		want string
	}{
		{testkit.Ramp(tensor.Float64, 2, 3), 0, 1, "c must be positive, got 0"},
		{testkit.Ramp(tensor.Float64, 2, 3), math.NaN(), 1, "c must be positive, got NaN"},
		{testkit.Ramp(tensor.Float64, 2, 3), 1, 2, "axis must be one of w's, got axis 2"},
		{nil, 1, 0, "w must be a tensor, got nil"},
		{transposed, 1, 0, "w must be row-major"},
		{tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2)), 1, 0, "must be of float32 or float64, got int"},
	}
	for _, tt := range tests {
		if err := optim.MaxNorm(tt.w, tt.c, tt.axis); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
