package onnx

import (
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/formula"
)

// attention adds multi-head self-attention of (batch, time, 3·width).
func (e *exporter) attention(f formula.Attention, qkv *gorgonia.Node) (string, error) {
	x, err := e.value(qkv)
	if err != nil {
		return "", err
	}
	times, width := qkv.Shape()[1], qkv.Shape()[2]/3
	size := width / f.Heads
	// Keys are turned, so that the product of queries and keys is one.
	perms := [3][]int{{0, 2, 1, 3}, {0, 2, 3, 1}, {0, 2, 1, 3}}
	var parts [3]string
	for i, perm := range perms {
		from, to := int64(i*width), int64((i+1)*width)
		part := e.emit("Slice", []string{x, e.ints("start", from), e.ints("end", to), e.ints("axis", 2)})
		part = e.reshape(part, tensor.Shape{-1, times, f.Heads, size})
		parts[i] = e.emit("Transpose", []string{part}, integers("perm", perm...))
	}
	scores := e.emit("MatMul", parts[:2])
	scores = e.emit("Div", []string{scores, e.scalarOf(math.Sqrt(float64(size)))})
	if f.Causal {
		scores = e.emit("Add", []string{scores, e.causalMask(times)})
	}
	weights := e.emit("Softmax", []string{scores}, integer("axis", -1))
	if f.Dropout > 0 {
		if weights, err = e.plainDropout(weights, f.Dropout); err != nil {
			return "", err
		}
	}
	y := e.emit("Transpose", []string{e.emit("MatMul", []string{weights, parts[2]})}, integers("perm", 0, 2, 1, 3))
	return e.reshape(y, tensor.Shape{-1, times, width}), nil
}

// causalMask adds what hides later times: a number far below all scores.
func (e *exporter) causalMask(times int) string {
	mask := make([]float64, times*times)
	for row := range times {
		for col := row + 1; col < times; col++ {
			mask[row*times+col] = -1e30
		}
	}
	return e.floats("mask", tensor.Shape{times, times}, mask)
}
