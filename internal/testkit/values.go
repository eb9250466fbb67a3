// Package testkit is shared by the tests of several packages: it makes tensors,
// runs graphs, and has the checks that every op must pass.
package testkit

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Ramp returns a dense tensor of 1, 2, 3, ... with the given dtype and shape.
func Ramp(dt tensor.Dtype, shape ...int) *tensor.Dense {
	n := 1
	for _, d := range shape {
		n *= d
	}
	if dt == tensor.Float32 {
		data := make([]float32, n)
		for i := range data {
			data[i] = float32(i + 1)
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	}
	data := make([]float64, n)
	for i := range data {
		data[i] = float64(i + 1)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// Floats returns the elements of a value in row-major order as float64.
func Floats(t testing.TB, v gorgonia.Value) []float64 {
	t.Helper()
	switch v := v.(type) {
	case *gorgonia.F32:
		return []float64{float64(*v)}
	case *gorgonia.F64:
		return []float64{float64(*v)}
	case *tensor.Dense:
		d := v
		if v.RequiresIterator() {
			d = v.Materialize().(*tensor.Dense)
		}
		if d.Dtype() == tensor.Float64 {
			return slices.Clone(d.Float64s())
		}
		out := make([]float64, 0, d.DataSize())
		for _, x := range d.Float32s() {
			out = append(out, float64(x))
		}
		return out
	}
	t.Fatalf("want a float value, got %T", v)
	return nil
}

// Wave returns a tensor of varied values between -1 and 1.
func Wave(dt tensor.Dtype, seed float64, shape ...int) *tensor.Dense {
	d := Ramp(dt, shape...)
	if dt == tensor.Float32 {
		for i, x := range d.Float32s() {
			d.Float32s()[i] = float32(math.Sin(seed + 2.4*float64(x)))
		}
		return d
	}
	for i, x := range d.Float64s() {
		d.Float64s()[i] = math.Sin(seed + 2.4*x)
	}
	return d
}

// Varied returns one tensor for each shape.
func Varied(dt tensor.Dtype, shapes ...[]int) []*tensor.Dense {
	var all []*tensor.Dense
	for i, s := range shapes {
		all = append(all, Wave(dt, float64(7*i), s...))
	}
	return all
}

// Reversed returns a tensor with the elements of d whose memory has the axes in
// reverse order.
func Reversed(t testing.TB, d *tensor.Dense) *tensor.Dense {
	t.Helper()
	n := d.Dims()
	if n < 2 {
		return d
	}
	axes := make([]int, n)
	for i := range axes {
		axes[i] = n - 1 - i
	}
	c := d.Clone().(*tensor.Dense)
	if err := c.T(axes...); err != nil {
		t.Fatal(err)
	}
	if err := c.Transpose(); err != nil {
		t.Fatal(err)
	}
	if err := c.T(axes...); err != nil {
		t.Fatal(err)
	}
	return c
}

// Ones returns a tensor of ones.
func Ones(dt tensor.Dtype, shape ...int) *tensor.Dense { return tensor.Ones(dt, shape...) }

// SameBits reports whether a and b are equal bit for bit, NaN and -0 included.
func SameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// Labels returns an int tensor of the given shape and elements.
func Labels(shape []int, y ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(y))
}

// Sines returns a float64 tensor of sin(1), sin(2), ...
func Sines(shape ...int) *tensor.Dense {
	x := Ramp(tensor.Float64, shape...)
	for i := range x.Float64s() {
		x.Float64s()[i] = math.Sin(float64(i + 1))
	}
	return x
}

// Dtypes are the element types that ops compute in.
var Dtypes = []tensor.Dtype{tensor.Float32, tensor.Float64}

// Waves returns a tensor of values between -1 and 1.
func Waves(shape ...int) *tensor.Dense {
	x := Ramp(tensor.Float64, shape...)
	for i := range x.Float64s() {
		x.Float64s()[i] = math.Sin(float64(3*i + 1))
	}
	return x
}

// ScaledWaves returns waves times a factor, from another start.
func ScaledWaves(factor, start float64, shape ...int) *tensor.Dense {
	x := Waves(shape...)
	for i := range x.Float64s() {
		x.Float64s()[i] = factor * math.Sin(float64(2*i)+start)
	}
	return x
}
