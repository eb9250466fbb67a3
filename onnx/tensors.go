package onnx

import (
	"encoding/binary"
	"math"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
)

// floatTensor returns a tensor of float32, in the little-endian bytes that the
// format asks for.
func floatTensor(name string, shape tensor.Shape, values []float64) *onnxpb.TensorProto {
	t := &onnxpb.TensorProto{Name: name, DataType: int32(onnxpb.TensorProto_FLOAT), RawData: make([]byte, 0, 4*len(values))}
	for _, d := range shape {
		t.Dims = append(t.Dims, int64(d))
	}
	for _, v := range values {
		t.RawData = binary.LittleEndian.AppendUint32(t.RawData, math.Float32bits(float32(v)))
	}
	return t
}

// intTensor returns a vector of int64.
func intTensor(name string, values []int64) *onnxpb.TensorProto {
	t := &onnxpb.TensorProto{Name: name, DataType: int32(onnxpb.TensorProto_INT64), Dims: []int64{int64(len(values))}}
	for _, v := range values {
		t.RawData = binary.LittleEndian.AppendUint64(t.RawData, uint64(v))
	}
	return t
}

// integer, float and integers return attributes of nodes.
func integer(name string, v int) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: name, Type: onnxpb.AttributeProto_INT, I: int64(v)}
}

func float(name string, v float64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: name, Type: onnxpb.AttributeProto_FLOAT, F: float32(v)}
}

func integers(name string, v ...int) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: name, Type: onnxpb.AttributeProto_INTS}
	for _, i := range v {
		a.Ints = append(a.Ints, int64(i))
	}
	return a
}
