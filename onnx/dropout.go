package onnx

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/formula"
	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
)

// plainDropout adds a dropout of single elements that is always on.
func (e *exporter) plainDropout(x string, p float64) (string, error) {
	y, mask, err := e.dropped(x, p)
	if err != nil {
		return "", err
	}
	// onnxruntime removes a Dropout whose mask nothing needs, on or not.
	return e.emit("Where", []string{mask, y, e.scalarOf(0)}), nil
}

// dropped adds a Dropout that is on, and returns the names of its output and of
// its mask, which is true for kept elements.
func (e *exporter) dropped(x string, p float64) (y, mask string, err error) {
	if p >= 1 {
		return "", "", errors.Errorf("dropout: p must be less than 1, got %v", p)
	}
	on := e.fresh("training")
	e.graph.Initializer = append(e.graph.Initializer, &onnxpb.TensorProto{
		Name: on, DataType: int32(onnxpb.TensorProto_BOOL), RawData: []byte{1},
	})
	y = e.emit("Dropout", []string{x, e.scalarOf(p), on})
	mask = e.fresh("mask")
	node := e.graph.Node[len(e.graph.Node)-1]
	node.Output = append(node.Output, mask)
	return y, mask, nil
}

// dropout adds a dropout of x, of the given shape. Where elements share their
// fate, or do not become zero, the mask is that of ones of its own shape.
func (e *exporter) dropout(f formula.Dropout, x string, shape tensor.Shape) (string, error) {
	if f.Shared == nil && f.Shift == 0 && f.Dropped == 0 {
		return e.plainDropout(x, f.P)
	}
	_, mask, err := e.dropped(e.ones(x, shape, f.Shared), f.P)
	if err != nil {
		return "", err
	}
	kept := e.emit("Mul", []string{x, e.scalarOf(f.Scale)})
	if f.Shift != 0 {
		kept = e.emit("Add", []string{kept, e.scalarOf(f.Shift)})
	}
	return e.emit("Where", []string{mask, kept, e.scalarOf(f.Dropped)}), nil
}

// ones returns the name of ones in the shape of x, with length 1 for the axes
// that share.
func (e *exporter) ones(x string, shape tensor.Shape, shared []bool) string {
	sizes := e.emit("Shape", []string{x})
	if shared != nil {
		picked := make([]int64, 0, len(shape))
		for axis := range shape {
			if axis < len(shared) && shared[axis] {
				picked = append(picked, int64(len(shape))) // the one behind the sizes
			} else {
				picked = append(picked, int64(axis))
			}
		}
		all := e.emit("Concat", []string{sizes, e.ints("one", 1)}, integer("axis", 0))
		sizes = e.emit("Gather", []string{all, e.ints("axes", picked...)}, integer("axis", 0))
	}
	one := &onnxpb.AttributeProto{Name: "value", Type: onnxpb.AttributeProto_TENSOR, T: floatTensor("", tensor.Shape{1}, []float64{1})}
	return e.emit("ConstantOfShape", []string{sizes}, one)
}
