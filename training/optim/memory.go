package optim

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// float is the element types that solvers compute in.
type float interface{ float32 | float64 }

// kind is what must not change about a parameter from step to step.
type kind struct {
	shape tensor.Shape
	wide  bool // float64, else float32
}

func (k kind) equal(l kind) bool { return k.wide == l.wide && slices.Equal(k.shape, l.shape) }

func (k kind) clone() kind { return kind{slices.Clone(k.shape), k.wide} }

func (k kind) String() string {
	if k.wide {
		return fmt.Sprintf("float64 of shape %v", k.shape)
	}
	return fmt.Sprintf("float32 of shape %v", k.shape)
}

// size returns the number of elements; unlike Shape.TotalSize it is 1 for a
// scalar.
func (k kind) size() int {
	n := 1
	for _, d := range k.shape {
		n *= d
	}
	return n
}

// memory is a value's own memory, f64 or f32 according to its kind. Row-major
// memory has size() elements and no strides; other memory is addressed by the
// strides.
type memory struct {
	kind
	f32     []float32
	f64     []float64
	strides []int
}

// view returns the memory of v without copying it; the shape and strides are
// v's own.
func view(v gorgonia.Value) (m memory, err error) {
	switch v := v.(type) {
	case nil:
		return m, errors.New("must be a value, got none")
	case *gorgonia.F32:
		if v != nil {
			m.f32 = unsafe.Slice((*float32)(v), 1)
			return m, nil
		}
	case *gorgonia.F64:
		if v != nil {
			m.wide = true
			m.f64 = unsafe.Slice((*float64)(v), 1)
			return m, nil
		}
	case *tensor.Dense:
		if v != nil {
			return viewDense(v)
		}
	}
	return m, errors.Errorf("must be a scalar or dense tensor of float32 or float64, got %T of %v", v, v)
}

func viewDense(d *tensor.Dense) (m memory, err error) {
	if !d.IsNativelyAccessible() {
		return m, errors.New("must be in memory of this process, got a tensor on a device")
	}
	m.shape = d.Shape()
	length := 0
	switch d.Dtype() {
	case tensor.Float32:
		m.f32 = d.Float32s()
		length = len(m.f32)
	case tensor.Float64:
		m.wide = true
		m.f64 = d.Float64s()
		length = len(m.f64)
	default:
		return m, errors.Errorf("must be of float32 or float64, got %v", d.Dtype())
	}

	n := m.size()
	if n < 1 {
		return m, errors.Errorf("must have at least one element, got shape %v", m.shape)
	}
	last := n - 1
	if !op.RowMajor(d) {
		m.strides = d.Strides()
		if len(m.strides) != len(m.shape) {
			return m, errors.Errorf("must have a stride for each axis, got %v for shape %v", m.strides, m.shape)
		}
		last = 0
		for i, s := range m.strides {
			if s < 0 {
				return m, errors.Errorf("strides must not be negative, got %v", m.strides)
			}
			last += (m.shape[i] - 1) * s
		}
	}
	if last >= length {
		return m, errors.Errorf("must have memory of more than %d elements for shape %v, got %d", last, m.shape, length)
	}
	if m.wide {
		m.f64 = m.f64[:last+1]
	} else {
		m.f32 = m.f32[:last+1]
	}
	return m, nil
}

// span returns where the elements of m lie, from lo up to but not including hi.
func (m *memory) span() (lo, hi uintptr) {
	if m.wide {
		lo = uintptr(unsafe.Pointer(unsafe.SliceData(m.f64)))
		return lo, lo + 8*uintptr(len(m.f64))
	}
	lo = uintptr(unsafe.Pointer(unsafe.SliceData(m.f32)))
	return lo, lo + 4*uintptr(len(m.f32))
}

// gather copies strided elements into row-major order and returns the rest of
// dst. Without strides src is already row-major.
func gather[F float](dst, src []F, shape, strides []int) []F {
	switch {
	case strides == nil:
		return dst[copy(dst, src):]
	case len(shape) == 0:
		dst[0] = src[0]
		return dst[1:]
	}
	for i := range shape[0] {
		dst = gather(dst, src[i*strides[0]:], shape[1:], strides[1:])
	}
	return dst
}

// clearStrided sets strided elements to zero.
func clearStrided[F float](dst []F, shape, strides []int) {
	switch {
	case strides == nil:
		clear(dst)
		return
	case len(shape) == 0:
		dst[0] = 0
		return
	}
	for i := range shape[0] {
		clearStrided(dst[i*strides[0]:], shape[1:], strides[1:])
	}
}
