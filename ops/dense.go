package ops

import (
	"unsafe"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// float is what the ops compute in.
type float interface{ float32 | float64 }

// values returns the elements of v, a scalar or a dense tensor of F, in
// row-major logical order. The slice is v's own memory where that has this
// order, else a copy.
func values[F float](v gorgonia.Value) ([]F, error) {
	switch v := v.(type) {
	case *gorgonia.F32, *gorgonia.F64:
		if s := scalarMemory[F](v); s != nil {
			return s, nil
		}
	case *tensor.Dense:
		if data, ok := backing[F](v); ok {
			if rowMajor(v) {
				return data[:size(v.Shape())], nil
			}
			return gather(data, v.Shape(), v.Strides())
		}
	}
	var want F
	return nil, errors.Errorf("want a %T scalar or dense tensor, got %s", want, describe(v))
}

// backing returns the memory of a dense tensor of F, whatever its strides.
func backing[F float](d *tensor.Dense) ([]F, bool) {
	switch d.Dtype() {
	case tensor.Float32:
		s, ok := any(d.Float32s()).([]F)
		return s, ok
	case tensor.Float64:
		s, ok := any(d.Float64s()).([]F)
		return s, ok
	}
	return nil, false
}

// size is the number of elements of a shape; unlike Shape.TotalSize it is 1 for
// a scalar and 0 for an empty tensor.
func size(s tensor.Shape) int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// rowMajor reports whether the elements of d lie in memory in row-major order
// without gaps.
func rowMajor(d *tensor.Dense) bool {
	shape, strides := d.Shape(), d.Strides()
	if len(strides) != len(shape) {
		// Tensor leaves the strides of scalars and some vectors out.
		return !d.RequiresIterator()
	}
	want := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 && strides[i] != want {
			return false
		}
		want *= shape[i]
	}
	return true
}

// gather copies strided data into row-major order.
func gather[F any](data []F, shape tensor.Shape, strides []int) ([]F, error) {
	last := 0
	for d, stride := range strides {
		last += (shape[d] - 1) * stride
	}
	if size(shape) > 0 && last >= len(data) {
		return nil, errors.Errorf("shape %v with strides %v must fit in memory of %d elements", shape, strides, len(data))
	}
	out := make([]F, 0, size(shape))
	index := make([]int, len(shape))
	for at := 0; len(out) < cap(out); {
		out = append(out, data[at])
		for d := len(shape) - 1; d >= 0; d-- {
			index[d]++
			at += strides[d]
			if index[d] < shape[d] {
				break
			}
			at -= index[d] * strides[d]
			index[d] = 0
		}
	}
	return out, nil
}

// output returns memory for the result of an op with the kind and shape of x,
// and the value that holds it: prealloc where that fits, else a new one. The
// memory's old contents are undefined.
func output[F float](prealloc, x gorgonia.Value) ([]F, gorgonia.Value) {
	// A scalar that was fed as a tensor gives a scalar: the checks for NaN and Inf of a
	// machine panic at tensors of floats without axes.
	if d, ok := x.(*tensor.Dense); ok && d.Dims() == 0 {
		x = nil
	}
	switch x := x.(type) {
	case *tensor.Dense:
		if p, ok := prealloc.(*tensor.Dense); ok && p.Shape().Eq(x.Shape()) && rowMajor(p) {
			if data, ok := backing[F](p); ok {
				return data[:size(p.Shape())], prealloc
			}
		}
		data := make([]F, size(x.Shape()))
		return data, tensor.New(tensor.WithShape(x.Shape().Clone()...), tensor.WithBacking(data))
	default:
		v := scalar(F(0))
		return scalarMemory[F](v), v
	}
}

// scalar returns x as a value.
func scalar[F float](x F) gorgonia.Value {
	if x, ok := any(x).(float32); ok {
		return gorgonia.NewF32(x)
	}
	return gorgonia.NewF64(float64(x))
}

// scalarMemory returns the memory of a scalar value of F.
func scalarMemory[F float](v gorgonia.Value) []F {
	switch v := v.(type) {
	case *gorgonia.F32:
		s, _ := any(unsafe.Slice((*float32)(v), 1)).([]F)
		return s
	case *gorgonia.F64:
		s, _ := any(unsafe.Slice((*float64)(v), 1)).([]F)
		return s
	}
	return nil
}

// accumulate adds delta to the gradient that a LispMachine holds for n.
func accumulate(n *gorgonia.Node, delta gorgonia.Value) error {
	grad, err := n.Grad()
	if err != nil {
		return err
	}
	switch g := grad.(type) {
	case *gorgonia.F32:
		if d, ok := delta.(*gorgonia.F32); ok {
			*g += *d
			return nil
		}
	case *gorgonia.F64:
		if d, ok := delta.(*gorgonia.F64); ok {
			*g += *d
			return nil
		}
	case *tensor.Dense:
		switch d := delta.(type) {
		// A scalar that was fed as a tensor has a gradient of that form.
		case *gorgonia.F32:
			_, err = tensor.Add(g, float32(*d), tensor.UseUnsafe())
		case *gorgonia.F64:
			_, err = tensor.Add(g, float64(*d), tensor.UseUnsafe())
		default:
			_, err = tensor.Add(g, delta, tensor.UseUnsafe())
		}
		return err
	}
	return errors.Errorf("cannot add %s to a gradient of %s", describe(delta), describe(grad))
}
