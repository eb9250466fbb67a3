package onnx

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

const (
	maxElements = math.MaxInt32 // of a tensor of a file, whose bytes are there
	maxComputed = 1 << 24       // of a tensor that a few bytes ask for
	maxAxes     = 8
)

// An array is a tensor whose numbers are known before the network runs: weights,
// and sizes and indices.
type array struct {
	name   string // of the initializer; "" for what is computed
	shape  []int
	values []float64
	whole  bool   // the elements are integers, whose quotients are too
	filled bool   // values has one number, which all elements are
	turned *array // the tensor of the file of which this is the transpose; nil: none
}

// arrayOf returns the numbers of a tensor of a file.
func arrayOf(t *onnxpb.TensorProto) (*array, error) {
	if t.GetDataLocation() == onnxpb.TensorProto_EXTERNAL {
		return nil, errors.New("data must be in the file, got a reference to another")
	}
	if len(t.GetDims()) > maxAxes {
		return nil, errors.Errorf("tensor must have at most %d axes, got %d", maxAxes, len(t.GetDims()))
	}
	shape := make([]int, len(t.GetDims()))
	for i, d := range t.GetDims() {
		if d < 0 || d > maxElements {
			return nil, errors.Errorf("sizes must be in [0, %d], got %v", maxElements, t.GetDims())
		}
		shape[i] = int(d)
	}
	n, err := bounded.Product(maxElements, shape...)
	if err != nil {
		return nil, err
	}
	a := &array{name: t.GetName(), shape: shape}
	switch onnxpb.TensorProto_DataType(t.GetDataType()) {
	case onnxpb.TensorProto_FLOAT:
		a.values = decode(t, t.GetFloatData(), 4, func(b []byte) float64 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		})
	case onnxpb.TensorProto_DOUBLE:
		a.values = decode(t, t.GetDoubleData(), 8, func(b []byte) float64 {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		})
	case onnxpb.TensorProto_FLOAT16:
		a.values = decode(t, sixteen(t, tensorfile.FromF16), 2, func(b []byte) float64 {
			return float64(tensorfile.FromF16(binary.LittleEndian.Uint16(b)))
		})
	case onnxpb.TensorProto_BFLOAT16:
		a.values = decode(t, sixteen(t, tensorfile.FromBF16), 2, func(b []byte) float64 {
			return float64(tensorfile.FromBF16(binary.LittleEndian.Uint16(b)))
		})
	case onnxpb.TensorProto_INT64:
		a.whole = true
		a.values = decode(t, t.GetInt64Data(), 8, func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) })
	case onnxpb.TensorProto_INT32:
		a.whole = true
		a.values = decode(t, t.GetInt32Data(), 4, func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) })
	case onnxpb.TensorProto_BOOL:
		a.whole = true
		a.values = decode(t, t.GetInt32Data(), 1, func(b []byte) float64 { return float64(b[0]) })
	default:
		return nil, errors.Errorf("type must be FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT64, INT32 or BOOL, got %v", onnxpb.TensorProto_DataType(t.GetDataType()))
	}
	if len(a.values) != n {
		return nil, errors.Errorf("shape %v must have %d elements, got %d", shape, n, len(a.values))
	}
	return a, nil
}

// decode returns the elements of raw data or, without, of the typed list.
func decode[T float32 | float64 | int64 | int32](t *onnxpb.TensorProto, list []T, width int, number func([]byte) float64) []float64 {
	raw := t.GetRawData()
	if len(raw) == 0 {
		values := make([]float64, len(list))
		for i, v := range list {
			values[i] = float64(v)
		}
		return values
	}
	if len(raw)%width != 0 {
		return nil
	}
	values := make([]float64, len(raw)/width)
	for i := range values {
		values[i] = number(raw[i*width:])
	}
	return values
}

// sixteen returns the numbers of 16 bits that a tensor has in its list of int32.
func sixteen(t *onnxpb.TensorProto, number func(uint16) float32) []float32 {
	var list []float32
	for _, bits := range t.GetInt32Data() {
		list = append(list, number(uint16(bits)))
	}
	return list
}

// ints returns the elements as sizes or indices. Numbers that stand for "to the
// end" become the largest int32.
func (a *array) ints() ([]int, error) {
	if a == nil || !a.whole || len(a.shape) > 1 {
		return nil, errors.New("sizes and indices must be constant integers, got others or none")
	}
	a, err := a.dense()
	if err != nil {
		return nil, err
	}
	all := make([]int, len(a.values))
	for i, v := range a.values {
		all[i] = int(max(-math.MaxInt32, min(math.MaxInt32, v)))
	}
	return all, nil
}

// dense returns the same with all elements in memory.
func (a *array) dense() (*array, error) {
	if a == nil || !a.filled {
		return a, nil
	}
	n, err := bounded.Product(maxComputed, a.shape...)
	if err != nil {
		return nil, err
	}
	return &array{shape: a.shape, values: slices.Repeat(a.values, n), whole: a.whole}, nil
}

// seen returns the elements at a view's places.
func (a *array) seen(v view) *array {
	if a.filled {
		return &array{shape: v.to, values: a.values, whole: a.whole, filled: true}
	}
	b := &array{shape: v.to, values: make([]float64, size(v.to)), whole: a.whole}
	v.each(func(i, at int) { b.values[i] = a.values[at] })
	return b
}

// integersOf returns a vector of integers.
func integersOf(values ...int) *array {
	a := &array{shape: []int{len(values)}, whole: true}
	for _, v := range values {
		a.values = append(a.values, float64(v))
	}
	return a
}

// finiteNumbers returns an error that names the first element that is not
// finite.
func (a *array) finiteNumbers() error {
	for i, v := range a.values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.Errorf("weights must be finite, got %v at %d of %q", v, i, a.name)
		}
	}
	return nil
}
