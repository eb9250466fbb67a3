package onnx_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// changed returns the file of an MLP after a change of its message.
func changed(t *testing.T, change func(*onnxpb.ModelProto)) []byte {
	t.Helper()
	var m onnxpb.ModelProto
	if err := proto.Unmarshal(export(t, networks[0].model(t), onnx.Options{}), &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	data, err := proto.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestImportRejects(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*onnxpb.ModelProto)
		want   string
	}{
		{"no graph", func(m *onnxpb.ModelProto) { m.Graph = nil }, "onnx: Import: file must have a graph with nodes, got none"},
		{"two inputs", func(m *onnxpb.ModelProto) { m.Graph.Input = append(m.Graph.Input, m.Graph.Input...) }, "onnx: Import: graph must have one input and an output, got 2 and 1"},
		{"no shape", func(m *onnxpb.ModelProto) { m.Graph.Input[0].Type = nil }, "onnx: Import: input must have 2 to 8 axes"},
		{"one name twice", func(m *onnxpb.ModelProto) { m.Graph.Initializer = append(m.Graph.Initializer, m.Graph.Initializer[0]) }, "onnx: Import: tensors must have different names, got"},
		{"little data", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].RawData = m.Graph.Initializer[0].RawData[4:]
		}, `onnx: Import: tensor "1.weight": shape [7 6] must have 42 elements, got 41`},
		{"huge", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].Dims = []int64{1 << 30, 1 << 30} }, `onnx: Import: tensor "1.weight": sizes must multiply to`},
		{"elsewhere", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].DataLocation = onnxpb.TensorProto_EXTERNAL
		}, `onnx: Import: tensor "1.weight": data must be in the file`},
		{"type", func(m *onnxpb.ModelProto) { m.Graph.Initializer[0].DataType = int32(onnxpb.TensorProto_STRING) }, `onnx: Import: tensor "1.weight": type must be FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT64, INT32 or BOOL, got STRING`},
		{"NaN", func(m *onnxpb.ModelProto) {
			m.Graph.Initializer[0].RawData = append([]byte{0, 0, 0xc0, 0x7f}, m.Graph.Initializer[0].RawData[4:]...)
		}, `onnx: Model: models: node Gemm_0 (Gemm): weights must be finite, got NaN at 0 of "1.weight"`},
		{"operator", func(m *onnxpb.ModelProto) { m.Graph.Node[1].OpType = "Einsum" }, "onnx: Model: models: node Relu_0 (Einsum): operator must be one that can be imported, got Einsum of domain"},
		{"domain", func(m *onnxpb.ModelProto) { m.Graph.Node[1].Domain = "com.microsoft" }, `onnx: Model: models: node Relu_0 (Relu): operator must be one that can be imported, got Relu of domain "com.microsoft"`},
		{"order", func(m *onnxpb.ModelProto) {
			m.Graph.Node[0], m.Graph.Node[1] = m.Graph.Node[1], m.Graph.Node[0]
		}, `onnx: Model: models: node Relu_0 (Relu): inputs must be computed before, got "Gemm_0"`},
		{"output", func(m *onnxpb.ModelProto) { m.Graph.Output[0].Name = "1.weight" }, `onnx: Model: models: output "1.weight" must be computed from the input`},
		{"width", func(m *onnxpb.ModelProto) {
			m.Graph.Input[0].Type.GetTensorType().Shape.Dim[1].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: 5}
		}, "onnx: Model: models: node Gemm_0 (Gemm): nn: Dense:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := onnx.Import(bytes.NewReader(changed(t, tt.change)))
			if err == nil {
				_, err = n.Model()
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
		})
	}
	if _, err := onnx.Import(strings.NewReader("not a file")); err == nil {
		t.Error("want an error for text")
	}
	if _, err := onnx.Load("testdata/missing.onnx"); err == nil || !strings.HasPrefix(err.Error(), "onnx: Load: ") {
		t.Errorf("want an error that begins with onnx: Load, got %v", err)
	}
}

// TestOpenShape imports a file that leaves the shape of an example open.
func TestOpenShape(t *testing.T) {
	n, err := onnx.Import(bytes.NewReader(changed(t, func(m *onnxpb.ModelProto) {
		m.Graph.Input[0].Type.GetTensorType().Shape.Dim[1].Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "features"}
	})))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Model(); err == nil || !strings.Contains(err.Error(), "SetInput") {
		t.Errorf("want an error that names SetInput, got %v", err)
	}
	for _, shape := range [][]int{nil, {0}, {-1}, {math.MaxInt32, 2}} {
		if err := n.SetInput(shape...); err == nil && len(shape) > 0 {
			t.Errorf("want an error for %v", shape)
		}
	}
	if err := n.SetInput(6); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Model(); err != nil {
		t.Error(err)
	}
}

// TestInsertAfter checks that dropout is on in samples only, and where it is
// inserted.
func TestInsertAfter(t *testing.T) {
	n, err := onnx.Import(bytes.NewReader(export(t, networks[0].model(t), onnx.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	before, err := n.Model()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.InsertAfter("Relu", models.Dropout(0.5)); err != nil {
		t.Fatal(err)
	}
	if err := n.InsertAfter("Gemm_2", models.Dropout(1)); err != nil {
		t.Fatal(err)
	}
	m, err := n.Model()
	if err != nil {
		t.Fatal(err)
	}
	x := networks[0].inputs(2)
	closeTo(t, predict(t, m, x), predict(t, before, x), 0)
	dropped, err := models.Predictor{Model: m, Samples: 1}.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, dropped, [][]float64{{0, 0, 0}, {0, 0, 0}}, 0)
	same, err := models.Predictor{Model: before, Samples: 1}.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, same, predict(t, before, x), 0)
	for _, tt := range []struct {
		node  string
		layer models.Layer
		want  string
	}{
		{"Conv", models.Dropout(0.5), `onnx: InsertAfter: network must have a node or an operator of that name, got "Conv"`},
		{"Relu", nil, "onnx: InsertAfter: layer must be set, got nil"},
	} {
		if err := n.InsertAfter(tt.node, tt.layer); err == nil || err.Error() != tt.want {
			t.Errorf("want %q, got %v", tt.want, err)
		}
	}
	if got := len(n.Nodes()); got != 6 {
		t.Errorf("want 6 nodes, got %d: %v", got, n.Nodes())
	}
}
