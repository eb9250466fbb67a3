package onnx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

func imported(t testing.TB, file []byte, opts ...models.Option) *models.Model {
	t.Helper()
	n, err := onnx.Import(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	m, err := n.Model(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// closeTo compares outputs.
func closeTo(t testing.TB, got, want [][]float64, tolerance float64) {
	t.Helper()
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("want %d outputs, got %d", len(want[i]), len(got[i]))
		}
		for k, v := range want[i] {
			if !(math.Abs(got[i][k]-v) <= tolerance) {
				t.Fatalf("example %d, output %d: want %v, got %v", i, k, v, got[i][k])
			}
		}
	}
}

// TestImportOfOurs exports and imports every architecture. Weights have the same
// names and shapes as before, so that one loads what the other saves.
func TestImportOfOurs(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			m := n.model(t)
			again := imported(t, export(t, m, onnx.Options{}))
			for _, examples := range []int{1, 4} {
				closeTo(t, predict(t, again, n.inputs(examples)), predict(t, m, n.inputs(examples)), 2e-6)
			}
			want, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.Weights()
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Errorf("want %d tensors, got %d", len(want), len(got))
			}
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if name == n.cut {
					continue
				}
				if got[name] == nil || !got[name].Shape().Eq(want[name].Shape()) || !slices.Equal(got[name].Float32s(), want[name].Float32s()) {
					t.Errorf("%s must be as before; names are %v", name, slices.Sorted(maps.Keys(got)))
				}
			}
		})
	}
}

// TestImportOfSixteenBits reads weights of 16 bits, in both places that a file may
// have them in, and rounds what a file casts.
func TestImportOfSixteenBits(t *testing.T) {
	for _, tt := range []struct {
		typ  onnxpb.TensorProto_DataType
		bits [3]uint16
		cast float64 // 1.2 in that type
	}{
		{onnxpb.TensorProto_FLOAT16, [3]uint16{0x3c01, 0xc100, 0x0001}, 1.2001953125},
		{onnxpb.TensorProto_BFLOAT16, [3]uint16{0x3f81, 0xc020, 0x3380}, 1.203125},
	} {
		want := [][]float64{{1.0009765625 * tt.cast, -2.5 * tt.cast, tt.cast / (1 << 24)}}
		if tt.typ == onnxpb.TensorProto_BFLOAT16 {
			want[0][0] = 1.0078125 * tt.cast
		}
		for _, raw := range []bool{false, true} {
			file := graph(t, []int{3},
				node{"Cast", "f:1,2,3 -> w", fmt.Sprint("to=", int(onnxpb.TensorProto_FLOAT))}, node{"Mul", "x w -> a", ""},
				node{"Cast", "g:1.2 -> r", fmt.Sprint("to=", int(tt.typ))}, node{"Mul", "a r -> y", ""})
			var m onnxpb.ModelProto
			if err := proto.Unmarshal(file, &m); err != nil {
				t.Fatal(err)
			}
			w := m.Graph.Initializer[0]
			w.DataType, w.RawData = int32(tt.typ), nil
			for _, b := range tt.bits {
				if raw {
					w.RawData = binary.LittleEndian.AppendUint16(w.RawData, b)
				} else {
					w.Int32Data = append(w.Int32Data, int32(b))
				}
			}
			file, err := proto.Marshal(&m)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, predict(t, imported(t, file, models.WithDtype(tensor.Float64)), []float32{1, 1, 1}), want, 0)
		}
	}
}

// TestImportOfSamples keeps the dropouts of units.
func TestImportOfSamples(t *testing.T) {
	n := sampled[0]
	m := n.model(t)
	again := imported(t, export(t, m, onnx.Options{Sample: true}))
	closeTo(t, predict(t, again, n.inputs(3)), predict(t, m, n.inputs(3)), 1e-6)
	p := models.Predictor{Model: again, Samples: 1}
	y, err := p.Predict(slices.Repeat(n.inputs(1), 2))
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(y[0], y[1]) {
		t.Error("examples must have different masks")
	}
}

// TestImportPreprocessing keeps the standardization as constants.
func TestImportPreprocessing(t *testing.T) {
	n := networks[3]
	m := n.model(t)
	again := imported(t, export(t, m, onnx.Options{Mean: []float32{2}, Std: []float32{4}, Softmax: true}), models.WithDtype(tensor.Float64))
	x := n.inputs(2)
	standardized := slices.Clone(x)
	for i := range x {
		standardized[i] = (x[i] - 2) / 4
	}
	want, err := models.Predictor{Model: m, Softmax: true}.Predict(standardized)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, predict(t, again, x), want, 1e-6)
	if len(again.Params()) != len(m.Params()) {
		t.Errorf("want %d parameters, got %d", len(m.Params()), len(again.Params()))
	}
}
