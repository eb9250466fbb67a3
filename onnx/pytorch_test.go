package onnx_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// A torchNetwork is what testdata/export.py says of a file.
type torchNetwork struct {
	Input    []float32
	Examples int
	Output   []float64
	Names    map[string][]int
}

func torchNetworks(t testing.TB) map[string]torchNetwork {
	t.Helper()
	text, err := os.ReadFile("testdata/networks.json")
	if err != nil {
		t.Fatal(err)
	}
	var networks map[string]torchNetwork
	if err := json.Unmarshal(text, &networks); err != nil {
		t.Fatal(err)
	}
	return networks
}

// TestImportOfPyTorch imports files that PyTorch 1.13 has exported. Logits are
// those of PyTorch.
func TestImportOfPyTorch(t *testing.T) {
	for name, want := range torchNetworks(t) {
		t.Run(name, func(t *testing.T) {
			n, err := onnx.Load(filepath.Join("testdata", name+".onnx"))
			if err != nil {
				t.Fatal(err)
			}
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				m, err := n.Model(models.WithDtype(dt))
				if err != nil {
					t.Fatal(err)
				}
				got := predict(t, m, want.Input)
				rows := slices.Collect(slices.Chunk(want.Output, len(want.Output)/want.Examples))
				closeTo(t, got, rows, 2e-6)
			}
		})
	}
}

// TestImportKeepsNames checks that the state_dict of an imported network is that
// of the original, so that safetensors go back. Where PyTorch has merged layers
// (convolution and batch normalization) or given up names (the projection of an
// attention) it cannot be.
func TestImportKeepsNames(t *testing.T) {
	networks := torchNetworks(t)
	for _, name := range []string{"mlp", "mlp-opset11", "mlp-training", "residual", "lstm", "lstm-last", "lstm-unfolded", "gru", "embedding", "sequences", "depthwise", "double", "bfloat16"} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", name+".onnx"))
			if err != nil {
				t.Fatal(err)
			}
			m := imported(t, file)
			weights, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string][]int)
			for name, d := range weights {
				got[name] = d.Shape()
			}
			if want := networks[name].Names; !maps.EqualFunc(got, want, slices.Equal) {
				t.Errorf("want %v, got %v", want, got)
			}
		})
	}
}

func TestImportedDropout(t *testing.T) {
	file, err := os.ReadFile("testdata/mlp-training.onnx")
	if err != nil {
		t.Fatal(err)
	}
	n, err := onnx.Import(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	m, err := n.Model()
	if err != nil {
		t.Fatal(err)
	}
	x := torchNetworks(t)["mlp-training"].Input[:6]
	y, err := models.Predictor{Model: m, Samples: 1}.Predict(slices.Repeat(x, 2))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(y[0], y[1]) {
		t.Error("the dropout of the file must be on in samples")
	}
}
