package onnx_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/internal/onnxruntime"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

func export(t testing.TB, m *models.Model, opts onnx.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := onnx.Export(&b, m, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// batch returns inputs as onnxruntime takes them.
func batch(m *models.Model, x []float32) onnxruntime.Tensor {
	shape := tensor.Shape(m.InputShape())
	return onnxruntime.Tensor{Dims: append([]int{len(x) / shape.TotalSize()}, shape...), Data: x}
}

// agree compares outputs, one row for each example, with those of onnxruntime.
func agree(t testing.TB, got onnxruntime.Tensor, want [][]float64, tolerance float64) {
	t.Helper()
	all := slices.Concat(want...)
	if len(got.Data) != len(all) {
		t.Fatalf("want %d outputs, got %d", len(all), len(got.Data))
	}
	for i, v := range all {
		if d := math.Abs(float64(got.Data[i]) - v); !(d <= tolerance) {
			t.Fatalf("output %d: want %v, got %v", i, v, got.Data[i])
		}
	}
}

func predict(t testing.TB, m *models.Model, x []float32) [][]float64 {
	t.Helper()
	y, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestExportIsWhatONNXRuntimeComputes(t *testing.T) {
	var runs []onnxruntime.Network
	for _, n := range networks {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			m := n.model(t, models.WithDtype(dt))
			runs = append(runs, onnxruntime.Network{
				File:   export(t, m, onnx.Options{}),
				Inputs: []onnxruntime.Tensor{batch(m, n.inputs(1)), batch(m, n.inputs(5))},
			})
		}
	}
	got := onnxruntime.Run(t, runs...)
	for i, n := range networks {
		for k, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(n.name+"/"+dt.String(), func(t *testing.T) {
				m := n.model(t, models.WithDtype(dt))
				for j, examples := range []int{1, 5} {
					agree(t, got[2*i+k][j], predict(t, m, n.inputs(examples)), 1e-5)
				}
			})
		}
	}
}

// A sigmoid is one node, whichever op computes it here, and comes back as ours.
func TestExportOfSigmoid(t *testing.T) {
	var files [][]byte
	for _, opts := range [][]models.Option{nil, {models.WithoutFusion()}} {
		m, err := models.New(models.Sigmoid(), []int{5}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, export(t, m, onnx.Options{}))
	}
	var file onnxpb.ModelProto
	if err := proto.Unmarshal(files[0], &file); err != nil {
		t.Fatal(err)
	}
	if nodes := file.Graph.Node; len(nodes) != 2 || nodes[0].GetOpType() != "Sigmoid" || nodes[1].GetOpType() != "Identity" {
		t.Errorf("want a Sigmoid, and the output's name, got %v", nodes)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the file of Gorgonia's op is another")
	}
	want := []float64{0.2689414213699951, 0.3775406687981454, 0.5, 0.6224593312018546, 0.7310585786300049}
	closeTo(t, predict(t, imported(t, files[0]), []float32{-1, -0.5, 0, 0.5, 1}), [][]float64{want}, 1e-7)
}
