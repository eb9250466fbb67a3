package ops_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/ops"
)

func TestMaxNorm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(t, "shape")
		axis := rapid.IntRange(0, len(shape)-1).Draw(t, "axis")
		c := rapid.Float64Range(0.01, 20).Draw(t, "c")
		dt := rapid.SampledFrom([]tensor.Dtype{tensor.Float32, tensor.Float64}).Draw(t, "dtype")
		w := ramp(dt, shape...)
		before := w.Clone().(*tensor.Dense)
		if err := ops.MaxNorm(w, c, axis); err != nil {
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
	transposed := ramp(tensor.Float64, 2, 3)
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		w    *tensor.Dense
		c    float64
		axis int
		want string
	}{
		{ramp(tensor.Float64, 2, 3), 0, 1, "c must be positive, got 0"},
		{ramp(tensor.Float64, 2, 3), math.NaN(), 1, "c must be positive, got NaN"},
		{ramp(tensor.Float64, 2, 3), 1, 2, "axis must be one of w's, got axis 2"},
		{nil, 1, 0, "got axis 0 of no tensor"},
		{transposed, 1, 0, "w must be row-major"},
		{tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2)), 1, 0, "must be of float32 or float64, got int"},
	}
	for _, tt := range tests {
		if err := ops.MaxNorm(tt.w, tt.c, tt.axis); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
