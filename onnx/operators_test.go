package onnx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/internal/onnxruntime"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// A node is one of a graph under test: operator, inputs and outputs as in "a b ->
// c", attributes as in "axis=1 perm=0,2,1 mode=text".
type node struct{ op, wires, attrs string }

// graph returns a file whose input is x, of shape (batch, input...), and whose
// output is y. Names of constants are their numbers: "i:1,2" is a vector of
// int64, "s:1" a scalar of int64, "f:1,2" a vector of float32, "g:0.5" a scalar,
// "1x2:3,4" a tensor of that shape.
func graph(t *testing.T, input []int, nodes ...node) []byte {
	t.Helper()
	g := &onnxpb.GraphProto{Name: "test"}
	dims := []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "batch"}}}
	for _, d := range input {
		dims = append(dims, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}})
	}
	typ := func(shape *onnxpb.TensorShapeProto) *onnxpb.TypeProto {
		return &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: int32(onnxpb.TensorProto_FLOAT), Shape: shape}}}
	}
	g.Input = []*onnxpb.ValueInfoProto{{Name: "x", Type: typ(&onnxpb.TensorShapeProto{Dim: dims})}}
	g.Output = []*onnxpb.ValueInfoProto{{Name: "y", Type: typ(nil)}}
	seen := make(map[string]bool)
	for i, n := range nodes {
		in, out, _ := strings.Cut(n.wires, "->")
		p := &onnxpb.NodeProto{OpType: n.op, Name: fmt.Sprint(n.op, i), Output: strings.Fields(out)}
		for _, name := range strings.Fields(in) {
			if name == "_" {
				name = ""
			}
			p.Input = append(p.Input, name)
			if c := constantOf(t, name); c != nil && !seen[name] {
				seen[name] = true
				g.Initializer = append(g.Initializer, c)
			}
		}
		for _, a := range strings.Fields(n.attrs) {
			p.Attribute = append(p.Attribute, attributeOf(t, a))
		}
		g.Node = append(g.Node, p)
	}
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: 8, OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: 17}}, Graph: g})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func constantOf(t *testing.T, name string) *onnxpb.TensorProto {
	t.Helper()
	kind, list, ok := strings.Cut(name, ":")
	if !ok {
		return nil
	}
	values := numbersIn(t, list)
	c := &onnxpb.TensorProto{Name: name, DataType: int32(onnxpb.TensorProto_FLOAT)}
	if kind == "i" || kind == "f" {
		c.Dims = []int64{int64(len(values))}
	}
	for size := range strings.SplitSeq(kind, "x") {
		if d, err := strconv.ParseInt(size, 10, 64); err == nil {
			c.Dims = append(c.Dims, d)
		}
	}
	if kind == "m" { // a square matrix
		side := int64(math.Sqrt(float64(len(values))))
		c.Dims = []int64{side, side}
	}
	for _, v := range values {
		if kind == "i" || kind == "s" {
			c.DataType = int32(onnxpb.TensorProto_INT64)
			c.RawData = binary.LittleEndian.AppendUint64(c.RawData, uint64(int64(v)))
		} else {
			c.RawData = binary.LittleEndian.AppendUint32(c.RawData, math.Float32bits(float32(v)))
		}
	}
	return c
}

func attributeOf(t *testing.T, text string) *onnxpb.AttributeProto {
	t.Helper()
	name, list, _ := strings.Cut(text, "=")
	a := &onnxpb.AttributeProto{Name: name}
	switch {
	case strings.ContainsAny(list, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"):
		a.Type, a.S = onnxpb.AttributeProto_STRING, []byte(list)
	case strings.Contains(list, "."):
		a.Type, a.F = onnxpb.AttributeProto_FLOAT, float32(numbersIn(t, list)[0])
	case strings.Contains(list, ","):
		a.Type = onnxpb.AttributeProto_INTS
		for _, v := range numbersIn(t, strings.TrimSuffix(list, ",")) {
			a.Ints = append(a.Ints, int64(v))
		}
	default:
		a.Type, a.I = onnxpb.AttributeProto_INT, int64(numbersIn(t, list)[0])
	}
	return a
}

func numbersIn(t *testing.T, list string) []float64 {
	t.Helper()
	var all []float64
	for _, field := range strings.Split(list, ",") {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// graphs are what importing must do as onnxruntime does.
var graphs = []struct {
	name  string
	input []int
	nodes []node
}{
	{"slices", []int{4, 5}, []node{{"Slice", "x i:1,-4 i:9,-1 i:-2,2 i:2,1 -> y", ""}}},
	{"split", []int{2, 6}, []node{{"Split", "x -> a b c", "axis=-1"}, {"Sub", "a c -> d", ""}, {"Mul", "d b -> y", ""}}},
	{"uneven split", []int{6}, []node{{"Split", "x i:4,2 -> a y", "axis=1"}}},
	{"squeeze and unsqueeze", []int{1, 3, 1}, []node{{"Squeeze", "x i:1,-1 -> a", ""}, {"Unsqueeze", "a i:0,-1 -> b", ""}, {"Squeeze", "b i:0 -> y", ""}}},
	{"transpose", []int{2, 3, 4}, []node{{"Transpose", "x -> a", "perm=0,3,1,2"}, {"Flatten", "a -> y", "axis=2"}}},
	{"reshape by sizes", []int{4, 3}, []node{
		{"Shape", "x -> s", ""}, {"Gather", "s s:0 -> n", ""}, {"Unsqueeze", "n i:0 -> n1", ""}, {"Gather", "s s:-1 -> k", ""}, {"Div", "k s:2 -> half", ""},
		{"Mul", "half s:2 -> two", ""}, {"Unsqueeze", "two i:0 -> two1", ""}, {"Concat", "n1 two1 i:-1 -> shape", "axis=0"}, {"Reshape", "x shape -> y", ""}}},
	{"one of an axis", []int{3, 4}, []node{{"Gather", "x s:-1 -> a", "axis=1"}, {"Gather", "a i:2 -> y", "axis=1"}}},
	{"picked sizes", []int{2, 6}, []node{{"Shape", "x -> s", ""}, {"Gather", "s i:0,2,1 -> to", ""}, {"Reshape", "x to -> y", ""}}},
	{"means of images", []int{2, 3, 4}, []node{{"ReduceMean", "x -> y", "axes=-1,-2 keepdims=0"}}},
	{"means that keep axes", []int{2, 3, 4}, []node{{"ReduceMean", "x -> a", "axes=2,3"}, {"Sub", "x a -> y", ""}}},
	{"padding", []int{2, 4, 4}, []node{{"Pad", "x i:0,0,0,0,0,0,0,0 -> a", ""}, {"AveragePool", "a -> y", "kernel_shape=2,3 strides=1,2 pads=1,1,1,1 count_include_pad=1"}}},
	{"pooling", []int{2, 6, 5}, []node{{"MaxPool", "x -> y", "kernel_shape=3,2 strides=2,1 pads=1,0,1,0 dilations=1,2"}}},
	{"pooling of sequences", []int{2, 7}, []node{{"MaxPool", "x -> a", "kernel_shape=3, strides=2, pads=1,1"}, {"AveragePool", "a -> y", "kernel_shape=2,"}}},
	{"means of sequences", []int{2, 5}, []node{{"ReduceMean", "x -> a", "axes=-1,"}, {"Sub", "x a -> b", ""}, {"GlobalAveragePool", "b -> c", ""}, {"ReduceMean", "x -> d", "axes=2, keepdims=0"}, {"Flatten", "c -> e", ""}, {"Add", "d e -> y", ""}}},
	{"convolution of sequences", []int{2, 6}, []node{{"Conv", "x 3x2x2:1,2,3,-4,5,6,-1,0.5,2,1,0,3 f:1,2,3 -> y", "strides=2, pads=1,1 dilations=2,"}}},
	{"convolution in groups", []int{4, 3, 3}, []node{{"Conv", "x 2x2x1x2:1,2,3,-4,5,6,-1,0.5 -> y", "group=2"}}},
	{"constants", []int{3}, []node{{"Sub", "g:2 x -> a", ""}, {"Div", "a f:1,2,-4 -> b", ""}, {"Mul", "f:3,0.5,1 b -> c", ""}, {"Sub", "c g:0.25 -> y", ""}}},
	{"known before", []int{3}, []node{{"Add", "f:1,2,3 g:0.5 -> a", ""}, {"Mul", "a f:2,1,0.5 -> b", ""}, {"Mul", "x b -> y", ""}}},
	{"filled", []int{3}, []node{{"Shape", "x -> s", ""}, {"ConstantOfShape", "s -> z", ""}, {"Add", "z g:2 -> two", ""}, {"Mul", "x two -> a", ""}, {"Sub", "a z -> y", ""}}},
	{"broadcast of what is computed", []int{1, 3}, []node{{"Transpose", "x -> a", "perm=0,2,1"}, {"Mul", "x a -> b", ""}, {"Add", "b f:1,2,3 -> y", ""}}},
	{"products", []int{3, 2}, []node{{"Transpose", "x -> a", "perm=0,2,1"}, {"MatMul", "x a -> b", ""}, {"Softmax", "b -> y", "axis=2"}}},
	{"rows", []int{3, 2}, []node{{"MatMul", "x m:1,2,3,4 -> a", ""}, {"Add", "a f:1,-1 -> b", ""}, {"Relu", "b -> y", ""}}},
	{"layer without transposition", []int{2}, []node{{"Gemm", "x m:1,2,3,4 f:0.5,1 -> y", ""}}},
	{"normalization without bias", []int{2, 3}, []node{{"LayerNormalization", "x f:1,2,3 -> y", "epsilon=0.01"}}},
	{"GELU of products", []int{3}, []node{{"Mul", "x g:0.7071067811865476 -> a", ""}, {"Erf", "a -> b", ""}, {"Add", "g:1 b -> c", ""}, {"Mul", "c x -> d", ""}, {"Mul", "g:0.5 d -> y", ""}}},
	{"identity and casts", []int{3}, []node{{"Cast", "x -> a", "to=1"}, {"Identity", "f:1,2,3 -> w", ""}, {"Cast", "w -> v", "to=1"}, {"Mul", "a v -> y", ""}}},
	{"unused", []int{3}, []node{{"NonZero", "x -> z", ""}, {"Sigmoid", "x -> y", ""}}},
}

func TestImportedOperators(t *testing.T) {
	var runs []onnxruntime.Network
	var ours [][][]float64
	for _, g := range graphs {
		file := graph(t, g.input, g.nodes...)
		n, err := onnx.Import(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
		m, err := n.Model()
		if err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
		x := network{input: g.input}.inputs(2)
		ours = append(ours, predict(t, m, x))
		runs = append(runs, onnxruntime.Network{File: file, Inputs: []onnxruntime.Tensor{batch(m, x)}})
	}
	got := onnxruntime.Run(t, runs...)
	for i, g := range graphs {
		t.Run(g.name, func(t *testing.T) { agree(t, got[i][0], ours[i], 1e-5) })
	}
}

func TestImportRejectsOperators(t *testing.T) {
	for _, tt := range []struct {
		input []int
		node  node
		want  string
	}{
		{[]int{3}, node{"Add", "x f:1,2 -> y", ""}, "shapes must fit each other"},
		{[]int{3}, node{"Add", "x -> y", ""}, "inputs must be two, got 1"},
		{[]int{3}, node{"Div", "g:1 x -> y", ""}, "divisor must be a constant where the dividend is one"},
		{[]int{3}, node{"Mul", "x g:NaN -> y", ""}, "constants must be numbers, got NaN"},
		{[]int{3}, node{"Cast", "x -> y", "to=9"}, "to must be a type of floats, INT64 or INT32, got BOOL"},
		{[]int{3}, node{"Concat", "x x -> y", "axis=1"}, "input 0 must be a constant, got one that is computed"},
		{[]int{3}, node{"Constant", " -> y", ""}, "value must be a tensor"},
		{[]int{3}, node{"ConstantOfShape", "x -> y", ""}, "sizes and indices must be constant integers"},
		{[]int{3}, node{"ConstantOfShape", "i:-1 -> y", ""}, "shape must be one of a tensor, got [-1]"},
		{[]int{3}, node{"Flatten", "x -> y", "axis=3"}, "axis must be in [-2, 2), got 3"},
		{[]int{3}, node{"Gather", "x i:0,1 -> y", "axis=1"}, "indices must be one number where the input is computed, got [0 1]"},
		{[]int{3}, node{"Gather", "x i:3 -> y", "axis=1"}, "axis must be in [-3, 3), got 3"},
		{[]int{3}, node{"Gather", "f:1,2 x -> y", ""}, "rows must be those of a constant matrix"},
		{[]int{2}, node{"Gemm", "x m:1,2,3,4 -> y", "alpha=0.5"}, "alpha, beta and transA must be 1, 1 and 0, got 0.5, 1 and 0"},
		{[]int{2}, node{"Gemm", "x m:1,2,3,4 f:1,2,3 -> y", ""}, "bias must have 2 elements, got shape [3]"},
		{[]int{2}, node{"Gemm", "x f:1,2 -> y", ""}, "weights must be a matrix, got shape [2]"},
		{[]int{3}, node{"MatMul", "x m:1,2,3,4 -> y", ""}, "x must have rows of 2"},
		{[]int{3}, node{"MatMul", "f:1,2 x -> y", ""}, "input 0 must be computed from the input of the network"},
		{[]int{3}, node{"BatchNormalization", "x f:1,2 f:1,2 f:1,2 f:1,2 -> y", ""}, "input 1 must have shape [3], got [2]"},
		{[]int{3}, node{"LayerNormalization", "x f:1,2 -> y", ""}, "scale and bias must have shape [3], got [2] and [3]"},
		{[]int{3}, node{"Softmax", "x -> y", "axis=0"}, "axis must be the last of"},
		{[]int{3}, node{"Selu", "x -> y", "alpha=1.0"}, "alpha and gamma must be those of the paper"},
		{[]int{3}, node{"Dropout", "x f:1,2 -> y", ""}, "ratio must be one constant number"},
		{[]int{3}, node{"Where", "x x x -> y", ""}, "inputs must be the mask of a Dropout, its output and 0, got others"},
		{[]int{3}, node{"Pad", "x i:0,1,0,1 -> y", ""}, "pads must be 0, got [0 1 0 1]"},
		{[]int{3}, node{"ReduceMean", "x -> y", "axes=1,"}, "axes must be those of images"},
		{[]int{3}, node{"Reshape", "x -> y", ""}, "inputs must be 2, got 1"},
		{[]int{3}, node{"Reshape", "x i:2,-1 -> y", ""}, "shape must divide the elements"},
		{[]int{3}, node{"Reshape", "x i:4 -> y", ""}, "shape must have the 3 elements of"},
		{[]int{3}, node{"Reshape", "x i:1,3,0 -> y", ""}, "must keep axes that are there"},
		{[]int{3}, node{"Shape", "x -> y", "start=1"}, "start and end must be left out"},
		{[]int{3}, node{"Slice", "x i:2 i:1 i:1 -> y", ""}, "must have elements in [2, 1)"},
		{[]int{3}, node{"Slice", "x i:0 i:1 i:1 i:-1 -> y", ""}, "steps must be positive"},
		{[]int{3}, node{"Split", "x i:1,1 -> y z", "axis=1"}, "parts must be 2 of axis 1"},
		{[]int{3}, node{"Squeeze", "x i:1 -> y", ""}, "must have length 1"},
		{[]int{3}, node{"Unsqueeze", "x i:0,0 -> y", ""}, "axes must be different"},
		{[]int{3}, node{"Transpose", "x -> y", "perm=0,0"}, "perm must have each axis"},
		{[]int{1, 4, 4}, node{"MaxPool", "x -> y", "kernel_shape=2,2 auto_pad=SAME_UPPER"}, `auto_pad must be NOTSET or VALID, got "SAME_UPPER"`},
		{[]int{1, 4, 4}, node{"MaxPool", "x -> y", "kernel_shape=2,2 ceil_mode=1"}, "ceil_mode must be one of [0], got 1"},
		{[]int{1, 4, 4}, node{"MaxPool", "x -> y", "kernel_shape=2,"}, "windows must be over images or sequences, got a kernel of [2] for x of ["},
		{[]int{1, 4, 4}, node{"MaxPool", "x -> y", "kernel_shape=2,2,2"}, "windows must be over images or sequences, got a kernel of [2 2 2]"},
		{[]int{1, 4, 4}, node{"MaxPool", "x -> y", "kernel_shape=2,2 pads=0,0,1,1"}, "pads must be the same at both ends"},
		{[]int{1, 4, 4}, node{"AveragePool", "x -> y", "kernel_shape=2,2 pads=1,1,1,1"}, "count_include_pad must be 1"},
		{[]int{4, 4}, node{"Conv", "x m:1,2,3,4 -> y", ""}, "weights must be those of images or sequences, got shape [2 2]"},
		{[]int{4, 4}, node{"Conv", "x 3x2x1:1,2,3,4,5,6 -> y", "group=2"}, "nn: Conv2d: w must have a multiple of 2 filters"},
		{[]int{4, 4}, node{"LSTM", "x f:1 f:1 -> y", ""}, "recurrent weights must have shape"},
		{[]int{4, 4}, node{"LSTM", "x f:1 f:1 -> y", "direction=reverse"}, `direction must be forward, got "reverse"`},
		{[]int{4, 4}, node{"LSTM", "x f:1 f:1 -> y", "clip=1.0"}, "clip must be left out"},
		{[]int{4, 4}, node{"GRU", "x f:1 f:1 -> y", ""}, "linear_before_reset must be 1"},
		{[]int{4, 4}, node{"LSTM", "x f:1 f:1 _ i:3 -> y", ""}, "inputs after the biases must be left out or states of zeros, got others at 4"},
		{[]int{4}, node{"LSTM", "x f:1 f:1 -> y", ""}, "x must have shape (time, batch, features)"},
	} {
		t.Run(tt.node.op+" "+tt.want, func(t *testing.T) {
			n, err := onnx.Import(bytes.NewReader(graph(t, tt.input, tt.node)))
			if err == nil {
				_, err = n.Model()
			}
			node := fmt.Sprintf("onnx: Model: models: node %[1]s0 (%[1]s): ", tt.node.op)
			if err == nil || !strings.HasPrefix(err.Error(), node) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), " must ") {
				t.Errorf("want %q about %q, got %v", tt.want, node, err)
			}
		})
	}
}
