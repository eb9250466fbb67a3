package onnx_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/gorgonia-dropout/dropout/internal/onnxruntime"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// sampled are networks whose masks differ between the examples of a batch, with
// every kind of dropout that can be exported.
var sampled = []network{
	{"MLP", models.MLP{Hidden: []int{7, 5}, Outputs: 2, InputDropout: 0.2, HiddenDropout: 0.5}, []int{6}, 0, ""},
	{"ConvNet", models.ConvNet{Channels: []int{3}, Hidden: []int{6}, Outputs: 2, ChannelDropout: 0.3, HiddenDropout: 0.5, BatchNorm: true}, []int{1, 4, 4}, 0, ""},
	{"SELU", models.Tabular{Hidden: []int{8, 4}, Outputs: 2, HiddenDropout: 0.3, SelfNormalizing: true}, []int{5}, 0, ""},
	{"features of SELU", models.Sequential{models.FeatureAlphaDropout(0.4), models.Flatten(), models.Linear(0, 2)}, []int{3, 4}, 0, ""},
	{"LSTM", models.LSTM{Units: 2, InputDropout: 0.4}, []int{3, 4}, 0, ""},
	{"Transformer", models.TransformerBlock{Heads: 2, AttentionDropout: 0.3, HiddenDropout: 0.2, ResidualDropout: 0.2, DropPath: 0.2}, []int{2, 4}, 0, ""},
}

const samples = 2000

// TestSampleHasTheDistributionOfOurs compares means and standard deviations of
// samples of Monte Carlo dropout.
func TestSampleHasTheDistributionOfOurs(t *testing.T) {
	var runs []onnxruntime.Network
	for _, n := range sampled {
		m := n.model(t)
		x := slices.Repeat(n.inputs(1), samples)
		runs = append(runs, onnxruntime.Network{File: export(t, m, onnx.Options{Sample: true}), Inputs: []onnxruntime.Tensor{batch(m, x), batch(m, x)}})
	}
	got := onnxruntime.Run(t, runs...)
	for i, n := range sampled {
		t.Run(n.name, func(t *testing.T) {
			m := n.model(t)
			ours, err := models.Predictor{Model: m, Samples: 1}.Predict(slices.Repeat(n.inputs(1), samples))
			if err != nil {
				t.Fatal(err)
			}
			if slices.Equal(got[i][0].Data, got[i][1].Data) {
				t.Error("two runs must differ")
			}
			outputs := len(ours[0])
			theirs := got[i][0].Data
			for k := range outputs {
				x, y := make([]float64, samples), make([]float64, samples)
				for s := range samples {
					x[s], y[s] = ours[s][k], float64(theirs[s*outputs+k])
				}
				mx, sx := stat.MeanStdDev(x, nil)
				my, sy := stat.MeanStdDev(y, nil)
				if z := math.Abs(mx-my) / math.Sqrt((sx*sx+sy*sy)/samples); !(z < 5) {
					t.Errorf("output %d: mean of ours %v ± %v, got %v ± %v: z = %.1f", k, mx, sx, my, sy, z)
				}
				if ratio := sx / sy; !(ratio > 0.8 && ratio < 1.25) {
					t.Errorf("output %d: deviation of ours %v, got %v", k, sx, sy)
				}
			}
		})
	}
}

// TestSampleOfWeights checks dropouts that a whole batch shares.
func TestSampleOfWeights(t *testing.T) {
	networks := []network{
		{"WeightDrop", models.LSTM{Units: 3, WeightDrop: 0.5}, []int{4, 2}, 0, ""},
		{"WeightDrop of a GRU", models.GRU{Units: 3, WeightDrop: 0.5}, []int{4, 2}, 0, ""},
		{"EmbeddingDropout", models.LSTMLanguageModel{Vocabulary: 5, Width: 3, LSTM: models.LSTM{Units: 3}, EmbeddingDropout: 0.5}, []int{4}, 5, ""},
		{"DropConnect", models.DropConnect(4, 3, 0.5), []int{4}, 0, ""},
	}
	var runs []onnxruntime.Network
	for _, n := range networks {
		m := n.model(t)
		in := batch(m, slices.Repeat(n.inputs(1), 2))
		runs = append(runs, onnxruntime.Network{File: export(t, m, onnx.Options{Sample: true}), Inputs: slices.Repeat([]onnxruntime.Tensor{in}, 8)})
	}
	for i, got := range onnxruntime.Run(t, runs...) {
		t.Run(networks[i].name, func(t *testing.T) {
			differ := false
			for _, y := range got {
				first, second := y.Data[:len(y.Data)/2], y.Data[len(y.Data)/2:]
				if !slices.Equal(first, second) {
					t.Errorf("examples of a batch must have one mask, got %v and %v", first, second)
				}
				differ = differ || !slices.Equal(y.Data, got[0].Data)
			}
			if !differ {
				t.Error("runs must differ")
			}
		})
	}
}

func TestExportRejects(t *testing.T) {
	mlp := models.MLP{Hidden: []int{8, 8}, Outputs: 3, HiddenDropout: 0.5}
	thinned := mlp
	thinned.Submatrix = true
	for _, tt := range []struct {
		layer models.Layer
		input []int
		opts  onnx.Options
		want  string
	}{
		{thinned, []int{4}, onnx.Options{Sample: true}, "onnx: Export: op must be one that ONNX has, got"},
		{models.Sequential{models.GaussianDropout(0.5), models.Linear(4, 2)}, []int{4}, onnx.Options{Sample: true}, "onnx: Export: op must be one that ONNX has, got GaussianDropout"},
		{models.LSTM{Units: 3, RecurrentDropout: 0.2}, []int{4, 2}, onnx.Options{Sample: true}, "onnx: Export: LSTM: recurrent dropout in sampling and zoneout must be off"},
		{models.GRU{Units: 3, Zoneout: 0.2}, []int{4, 2}, onnx.Options{}, "onnx: Export: GRU: recurrent dropout in sampling and zoneout must be off"},
		{models.Sequential{models.Dropout(1), models.Linear(4, 2)}, []int{4}, onnx.Options{Sample: true}, "onnx: Export: dropout: p must be less than 1, got 1"},
		{mlp, []int{4}, onnx.Options{Mean: []float32{1, 2, 3}, Std: []float32{1, 2, 3}}, "onnx: Export: Mean and Std must have as many numbers as an example, 4, or a divisor of that, got 3 and 3"},
		{mlp, []int{4}, onnx.Options{Mean: []float32{1}, Std: []float32{0}}, "onnx: Export: Mean must be finite and Std positive, got 1 and 0 at 0"},
		{mlp, []int{4}, onnx.Options{OutputMean: []float32{1, 2}, OutputStd: []float32{1, 2}}, "onnx: Export: OutputMean and OutputStd must have as many numbers as an example, 3, or a divisor of that, got 2 and 2"},
		{mlp, []int{4}, onnx.Options{Input: "a", Output: "a"}, `onnx: Export: Input and Output must be names that nothing else has, got "a" and "a"`},
		{mlp, []int{4}, onnx.Options{Input: "1.weight"}, `onnx: Export: Input and Output must be names that nothing else has, got "1.weight" and "output"`},
	} {
		m, err := models.New(tt.layer, tt.input)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		err = onnx.Export(&b, m, tt.opts)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("want %q, got %v", tt.want, err)
		}
		if b.Len() > 0 {
			t.Error("nothing must be written")
		}
	}
	if err := onnx.Export(new(bytes.Buffer), nil, onnx.Options{}); err == nil {
		t.Error("want an error for no model")
	}
}

// TestExportRestoresOutputs checks outputs in the units of what was learned.
func TestExportRestoresOutputs(t *testing.T) {
	n := networks[0]
	m := n.model(t)
	x := n.inputs(2)
	opts := onnx.Options{OutputMean: []float32{10, 20, 30}, OutputStd: []float32{2, 3, 4}}
	got := onnxruntime.Run(t, onnxruntime.Network{File: export(t, m, opts), Inputs: []onnxruntime.Tensor{batch(m, x)}})
	want := predict(t, m, x)
	for _, row := range want {
		for k := range row {
			row[k] = row[k]*float64(opts.OutputStd[k]) + float64(opts.OutputMean[k])
		}
	}
	agree(t, got[0][0], want, 1e-5)
}

// TestExportWithPreprocessing checks standardization, softmax and names.
func TestExportWithPreprocessing(t *testing.T) {
	n := networks[3] // images of one channel
	m := n.model(t)
	opts := onnx.Options{Mean: []float32{2}, Std: []float32{4}, Softmax: true, Input: "pixels", Output: "probabilities", Metadata: map[string]string{"classes": "a b"}}
	raw := n.inputs(3)
	file := export(t, m, opts)
	got := onnxruntime.Run(t, onnxruntime.Network{File: file, Inputs: []onnxruntime.Tensor{batch(m, raw)}})
	x := slices.Clone(raw)
	for i := range x {
		x[i] = (x[i] - 2) / 4
	}
	want, err := models.Predictor{Model: m, Softmax: true}.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, got[0][0], want, 1e-5)
	if again := export(t, m, opts); !bytes.Equal(again, file) {
		t.Error("an export must be a function of the model and the options")
	}
	for _, word := range []string{"pixels", "probabilities", "classes", "features.1.weight"} {
		if !bytes.Contains(file, []byte(word)) {
			t.Errorf("file must contain %q", word)
		}
	}
}
