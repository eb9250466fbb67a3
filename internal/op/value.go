package op

import (
	"fmt"
	"unsafe"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Values returns the elements of v, a scalar or a dense tensor of F, in
// row-major logical order. The slice is v's own memory if that has this order,
// and else a copy.
func Values[F Float](v gorgonia.Value) ([]F, error) {
	switch v := v.(type) {
	case *gorgonia.F32, *gorgonia.F64:
		if s := scalarMemory[F](v); s != nil {
			return s, nil
		}
	case *tensor.Dense:
		if data, ok := backing[F](v); ok {
			if RowMajor(v) {
				return data[:Size(v.Shape())], nil
			}
			return gather(data, v.Shape(), v.Strides())
		}
	}
	var want F
	return nil, errors.Errorf("must be a %T scalar or dense tensor, got %s", want, Describe(v))
}

// backing returns the memory of a dense tensor of F, whatever its strides.
func backing[F Float](d *tensor.Dense) ([]F, bool) {
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

// Size is the number of elements of a shape; unlike Shape.TotalSize it is 1 for
// a scalar and 0 for an empty tensor.
func Size(s tensor.Shape) int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// RowMajor reports whether the elements of d lie in memory in row-major order
// without gaps.
func RowMajor(d *tensor.Dense) bool {
	shape, strides := d.Shape(), d.Strides()
	if len(strides) != len(shape) {
		// Package tensor omits the strides of scalars and some vectors.
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
	if Size(shape) > 0 && last >= len(data) {
		return nil, errors.Errorf("shape %v with strides %v must fit in memory of %d elements", shape, strides, len(data))
	}
	out := make([]F, 0, Size(shape))
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

// scalar returns x as a value.
func scalar[F Float](x F) gorgonia.Value {
	if x, ok := any(x).(float32); ok {
		return gorgonia.NewF32(x)
	}
	return gorgonia.NewF64(float64(x))
}

// scalarMemory returns the memory of a scalar value of F.
func scalarMemory[F Float](v gorgonia.Value) []F {
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
	return errors.Errorf("cannot add %s to a gradient of %s", Describe(delta), Describe(grad))
}

// Describe names a value's type and shape for error messages.
func Describe(v gorgonia.Value) string {
	if v == nil {
		return "nothing"
	}
	if t, ok := v.(tensor.Tensor); ok {
		return fmt.Sprintf("%T of %v %v", v, t.Dtype(), t.Shape())
	}
	return fmt.Sprintf("%T", v)
}

// DtypeOf returns the element type of a node, an error where it has none.
func DtypeOf(n *gorgonia.Node) (dt tensor.Dtype, err error) {
	switch t := n.Type().(type) {
	case tensor.Dtype:
		return t, nil
	case gorgonia.TensorType:
		if dt, ok := t.Of.(tensor.Dtype); ok {
			return dt, nil
		}
	}
	return dt, errors.Errorf("must be a scalar or tensor, got %v", n.Type())
}

// IsFloat reports whether ops can compute in a type.
func IsFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

// stepValue returns a step as the value of a node, in prealloc if that fits. It
// is a tensor because the NaN and Inf watches of Gorgonia's machines panic on a
// *gorgonia.I64, in a place where nothing can recover.
func stepValue(prealloc gorgonia.Value, step int64) gorgonia.Value {
	if p, ok := prealloc.(*tensor.Dense); ok && p.Dtype() == tensor.Int64 && p.IsScalar() {
		p.Int64s()[0] = step
		return p
	}
	return tensor.New(tensor.FromScalar(step))
}

// StepIn reads the step that a node holds.
func StepIn(v gorgonia.Value) (int64, error) {
	switch v := v.(type) {
	case *gorgonia.I64:
		return int64(*v), nil
	case *tensor.Dense:
		if v.Dtype() == tensor.Int64 && Size(v.Shape()) == 1 && len(v.Int64s()) > 0 {
			return v.Int64s()[0], nil
		}
	}
	return 0, errors.Errorf("must be an int64 scalar, got %s", Describe(v))
}

// scalarOf reads the float that a scalar holds.
func scalarOf(v gorgonia.Value) (float64, error) {
	if Size(v.Shape()) == 1 {
		switch v.Dtype() {
		case tensor.Float32:
			x, err := Values[float32](v)
			if err == nil {
				return float64(x[0]), nil
			}
		case tensor.Float64:
			if x, err := Values[float64](v); err == nil {
				return x[0], nil
			}
		}
	}
	return 0, errors.Errorf("must be a float32 or float64 scalar, got %s", Describe(v))
}
