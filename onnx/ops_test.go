package onnx

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

func TestView(t *testing.T) {
	for name, v := range map[string]view{
		"transposed": {to: []int{4, 2, 3}, strides: []int{1, 12, 4}},
		"sliced":     {to: []int{2, 2, 2}, strides: []int{12, 4, 2}, offset: 5},
		"broadcast":  {to: []int{2, 2, 3, 4}, strides: []int{0, 12, 4, 1}},
		"reshaped":   rowMajor([]int{6, 4}),
	} {
		t.Run(name, func(t *testing.T) {
			testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) { return v.apply(in[0]) }, []int{2, 3, 4})
		})
	}
}

func TestConstantOp(t *testing.T) {
	for _, k := range []arithmetic{add, sub, reversedSub, mul, div} {
		t.Run(k.String(), func(t *testing.T) {
			testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				return k.apply(in[0], []float64{1.5, -2, 0.25}, broadcast([]int{3}, []int{2, 3}))
			}, []int{2, 3})
		})
	}
}
