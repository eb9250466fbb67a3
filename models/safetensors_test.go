package models_test

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/models"
)

// transferred is a network that can be exchanged, with an input.
type transferred struct {
	name string
	net  models.Layer
	x    *tensor.Dense
	deep bool // so that its weights are left as they start: others would grow too large
}

func transfers() []transferred {
	return []transferred{
		{"MLP", models.MLP{Inputs: 6, Hidden: []int{9, 7}, Outputs: 3, InputDropout: 0.2, HiddenDropout: 0.5}, batch(4, 6), false},
		{"MLP with BatchNorm", models.MLP{Inputs: 6, Hidden: []int{9, 7}, Outputs: 3, HiddenDropout: 0.5, BatchNorm: true}, batch(4, 6), false},
		{"Tabular", models.Tabular{Inputs: 6, Hidden: []int{9}, Outputs: 3, HiddenDropout: 0.1, SelfNormalizing: true}, batch(4, 6), false},
		{"ConvNet", models.ConvNet{Channels: []int{3, 4}, Hidden: []int{5}, Outputs: 3, InputDropout: 0.2, BatchNorm: true}, batch(4, 1, 8, 8), false},
		{"LSTM", models.LSTMLanguageModel{Vocabulary: 7, Width: 4, LSTM: models.LSTM{Units: 5, Layers: 2, WeightDrop: 0.5}}, ids(7, 3, 9), false},
		{"GRU", models.GRULanguageModel{Vocabulary: 7, Width: 4, GRU: models.GRU{Units: 5}}, ids(7, 3, 9), false},
		{"Transformer", models.TransformerLanguageModel{
			Vocabulary: 7, Context: 9, Width: 6, Blocks: 2, Block: models.TransformerBlock{Heads: 2, AttentionDropout: 0.1},
		}, ids(7, 3, 8), false},
		{"ResNet-18", resNet18(8, 5, 0.2), batch(2, 3, 40, 40), true},
	}
}

// varied returns a model whose parameters and states are all different from how
// they start.
func (tt transferred) varied(t testing.TB, opts ...models.Option) *models.Model {
	m := mustModel(t, tt.net, tt.x.Shape()[1:], opts...)
	if tt.deep {
		return m
	}
	for k, p := range slices.Concat(m.Params(), m.States()) {
		for i := range p.Value().Float32s() {
			v := 0.3 * math.Sin(float64(i*i+k))
			if strings.Contains(p.Name(), "running_var") {
				v++
			}
			p.Value().Float32s()[i] = float32(v)
		}
	}
	return m
}

func TestSafetensors(t *testing.T) {
	for _, tt := range transfers() {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.varied(t)
			path := filepath.Join(t.TempDir(), "weights.safetensors")
			if err := m.Save(path); err != nil {
				t.Fatal(err)
			}
			want := forward(t, m, models.Eval, tt.x, 0)
			for _, opts := range [][]models.Option{{models.WithSeed(8)}, {models.WithSeed(9), models.WithoutFusion()}} {
				other := mustModel(t, tt.net, tt.x.Shape()[1:], opts...)
				if err := other.Load(path); err != nil {
					t.Fatal(err)
				}
				for i, p := range slices.Concat(other.Params(), other.States()) {
					if !slices.Equal(p.Value().Float32s(), slices.Concat(m.Params(), m.States())[i].Value().Float32s()) {
						t.Errorf("%s has changed on its way", p.Name())
					}
				}
				agree(t, "read again", forward(t, other, models.Eval, tt.x, 0), want)
			}
		})
	}
}

func agree(t testing.TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d logits, want %d", what, len(got), len(want))
	}
	for i := range want {
		if e := math.Abs(float64(got[i] - want[i])); !(e <= 1e-5*max(1, math.Abs(float64(want[i])))) {
			t.Fatalf("%s: logit %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// PyTorch's networks take the files, and the other way round, and then compute the
// same.
func TestSafetensorsAgreeWithPyTorch(t *testing.T) {
	type request struct {
		Net   string    `json:"net"`
		File  string    `json:"file"`
		X     []float32 `json:"x"`
		Shape []int     `json:"shape"`
	}
	var requests []request
	for _, tt := range transfers() {
		path := filepath.Join(t.TempDir(), tt.name)
		if err := tt.varied(t).Save(path); err != nil {
			t.Fatal(err)
		}
		for typ, opt := range halves() {
			if err := tt.varied(t).Save(path+".ours."+typ, opt); err != nil {
				t.Fatal(err)
			}
		}
		requests = append(requests, request{tt.name, path, tt.x.Float32s(), tt.x.Shape()})
	}
	var answers []struct {
		Logits []float32            `json:"logits"`
		Half   map[string][]float32 `json:"half"`  // by type
		Other  map[string][]float32 `json:"other"` // by type
	}
	pytorch.Run(t, "testdata/safetensors.py", requests, &answers)
	for i, tt := range transfers() {
		m := tt.varied(t)
		agree(t, tt.name+" in PyTorch", answers[i].Logits, forward(t, m, models.Eval, tt.x, 0))
		for typ := range halves() {
			if err := m.Load(requests[i].File + ".ours." + typ); err != nil {
				t.Fatal(err)
			}
			agree(t, tt.name+" in PyTorch as "+typ, answers[i].Half[typ], forward(t, m, models.Eval, tt.x, 0))
		}
		for _, typ := range []string{"F32", "F16", "BF16", "F64"} {
			for suffix, opts := range map[string][]models.LoadOption{"": nil, ".module": {models.RenamePrefix("module.", "")}} {
				m := tt.varied(t)
				file := requests[i].File + "." + typ + suffix
				if err := m.Load(file, opts...); err != nil {
					t.Fatal(err)
				}
				agree(t, tt.name+" from PyTorch as "+typ+suffix, forward(t, m, models.Eval, tt.x, 0), answers[i].Other[typ])
				if suffix != "" && m.Load(file) == nil {
					t.Errorf("%s: names with a prefix must be an error", tt.name)
				}
			}
		}
	}
}

func halves() map[string]models.SaveOption {
	return map[string]models.SaveOption{"F16": models.AsF16(), "BF16": models.AsBF16()}
}

// Weights in 16 bits are the nearest, or an error.
func TestSaveHalf(t *testing.T) {
	for typ, bound := range map[string]float64{"F16": 1.0 / (1 << 11), "BF16": 1.0 / (1 << 8)} {
		m := mustModel(t, models.Linear(9, 8), []int{9}, models.WithSeed(1))
		var whole, half bytes.Buffer
		if err := m.WriteSafetensors(&whole); err != nil {
			t.Fatal(err)
		}
		if err := m.WriteSafetensors(&half, halves()[typ]); err != nil {
			t.Fatal(err)
		}
		if whole.Len()-half.Len() < 80*2 {
			t.Errorf("%s: %d bytes, want half of %d", typ, half.Len(), whole.Len())
		}
		other := mustModel(t, models.Linear(9, 8), []int{9}, models.WithSeed(2))
		if err := other.ReadSafetensors(&half); err != nil {
			t.Fatal(err)
		}
		for i, want := range m.Params()[0].Value().Float32s() {
			if got := other.Params()[0].Value().Float32s()[i]; math.Abs(float64(got-want)) > bound*math.Abs(float64(want)) {
				t.Errorf("%s: weight %d is %v, want %v", typ, i, got, want)
			}
		}
		m.Params()[1].Value().Float32s()[3] = math.MaxFloat32
		if err := m.WriteSafetensors(&half, halves()[typ]); err == nil || !strings.Contains(err.Error(), `tensor "bias": numbers must fit `+typ+`, got 3.4028235e+38 at 3`) {
			t.Errorf("%s: want an error about a large number, got %v", typ, err)
		}
		wide := mustModel(t, models.Linear(9, 8), []int{9}, models.WithDtype(tensor.Float64))
		if err := wide.Save(filepath.Join(t.TempDir(), "wide"), halves()[typ]); err == nil || !strings.Contains(err.Error(), "must be of float32 to be written as "+typ) {
			t.Errorf("%s: want an error about float64, got %v", typ, err)
		}
	}
}

// What is damaged, or belongs to another network, is an error and changes nothing.
func TestSafetensorsReject(t *testing.T) {
	write := func(net models.Layer, input []int, opts ...models.Option) []byte {
		var b bytes.Buffer
		if err := mustModel(t, net, input, opts...).WriteSafetensors(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	net := func(hidden, outputs int) models.Layer {
		return models.Sequential{models.Linear(4, hidden), models.ReLU(), models.Linear(hidden, outputs)}
	}
	m := mustModel(t, net(5, 2), []int{4}, models.WithSeed(3))
	good := write(net(5, 2), []int{4})
	flipped := slices.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for what, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":        {nil, "models: ReadSafetensors: tensorfile: Open: not a safetensors file"},
		"text":         {[]byte("weights, as you may see"), "models: ReadSafetensors: tensorfile: Open: not a safetensors file"},
		"cut":          {good[:len(good)-3], "models: ReadSafetensors: tensorfile: Load: file must end after"},
		"flipped":      {flipped, "models: ReadSafetensors: tensorfile: Load: checksum is wrong: the file is damaged"},
		"wider":        {write(net(6, 2), []int{4}), "models: ReadSafetensors: tensor \"0.bias\" must have shape (5), got (6)"},
		"more classes": {write(net(5, 3), []int{4}), "models: ReadSafetensors: tensor \"2.bias\" must have shape (2), got (3)"},
		"shallow":      {write(models.Linear(4, 2), []int{4}), "models: ReadSafetensors: file must have the model's tensor 0.bias, got none"},
		"deeper":       {write(append(net(5, 2).(models.Sequential), models.Linear(2, 2)), []int{4}), "models: ReadSafetensors: file must have the model's tensors only, got \"3.bias\""},
	} {
		var before bytes.Buffer
		if err := m.WriteSafetensors(&before); err != nil {
			t.Fatal(err)
		}
		if err := m.ReadSafetensors(bytes.NewReader(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: want error %q, got %v", what, tt.want, err)
		}
		var after bytes.Buffer
		if err := m.WriteSafetensors(&after); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before.Bytes(), after.Bytes()) {
			t.Errorf("%s: the model has changed", what)
		}
	}
	if err := m.Load(filepath.Join(t.TempDir(), "none")); err == nil || !strings.HasPrefix(err.Error(), "models: Load: ") {
		t.Errorf("want an error about a file that is not there, got %v", err)
	}
	if err := m.Save(filepath.Join(t.TempDir(), "none", "file")); err == nil || !strings.HasPrefix(err.Error(), "models: Save: ") {
		t.Errorf("want an error about a directory that is not there, got %v", err)
	}
}

// Models of float64 are exchanged in float64.
func TestSafetensorsFloat64(t *testing.T) {
	net := models.MLP{Inputs: 3, Hidden: []int{4}, Outputs: 2}
	a := mustModel(t, net, []int{3}, models.WithDtype(tensor.Float64), models.WithSeed(1))
	b := mustModel(t, net, []int{3}, models.WithDtype(tensor.Float64), models.WithSeed(2))
	var file bytes.Buffer
	if err := a.WriteSafetensors(&file); err != nil {
		t.Fatal(err)
	}
	if err := b.ReadSafetensors(&file); err != nil {
		t.Fatal(err)
	}
	for i, p := range a.Params() {
		if !slices.Equal(p.Value().Float64s(), b.Params()[i].Value().Float64s()) {
			t.Errorf("%s differs", p.Name())
		}
	}
}

// Any bytes are weights of the model or an error that changes nothing.
func FuzzReadSafetensors(f *testing.F) {
	m := mustModel(f, models.Linear(2, 1), []int{2})
	var good bytes.Buffer
	if err := m.WriteSafetensors(&good); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:12])
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := slices.Concat(m.Params()[0].Value().Float32s(), m.Params()[1].Value().Float32s())
		if m.ReadSafetensors(bytes.NewReader(data)) == nil {
			return
		}
		for i, v := range slices.Concat(m.Params()[0].Value().Float32s(), m.Params()[1].Value().Float32s()) {
			if math.Float32bits(v) != math.Float32bits(before[i]) {
				t.Fatal("an error has changed the model")
			}
		}
	})
}
