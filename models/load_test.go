package models_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/models"
)

// pretrained is a file of a network with batch normalization, as another program would
// write it.
func pretrained(t testing.TB) map[string]*tensor.Dense {
	t.Helper()
	weights, err := transferred{"", models.MLP{Inputs: 3, Hidden: []int{3}, Outputs: 2, BatchNorm: true}, batch(1, 3), false}.varied(t).Weights()
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

func written(t testing.TB, weights map[string]*tensor.Dense) io.Reader {
	t.Helper()
	var b bytes.Buffer
	if err := tensorfile.WriteWeights(&b, weights, nil, nil); err != nil {
		t.Fatal(err)
	}
	return &b
}

// renamed returns the tensors under other names, or without those that f calls "".
func renamed(weights map[string]*tensor.Dense, f func(string) string) map[string]*tensor.Dense {
	all := make(map[string]*tensor.Dense)
	for name, d := range weights {
		if to := f(name); to != "" {
			all[to] = d
		}
	}
	return all
}

func vector(values ...float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(values)), tensor.WithBacking(values))
}

func TestLoadOptions(t *testing.T) {
	file := pretrained(t)
	names := slices.Sorted(maps.Keys(file))
	head := func(name string) bool { return strings.HasPrefix(name, "5.") }
	var body []string
	for _, name := range names {
		if !head(name) {
			body = append(body, name)
		}
	}
	if len(names) != 7 || len(body) != 5 {
		t.Fatalf("the network has %q", names)
	}
	plus := func(more map[string]*tensor.Dense) map[string]*tensor.Dense {
		all := maps.Clone(file)
		maps.Copy(all, more)
		return all
	}
	report := new(models.LoadReport)
	for name, tt := range map[string]struct {
		file map[string]*tensor.Dense
		opts []models.LoadOption
		want models.LoadReport
		err  string
	}{
		"whole": {file, nil, models.LoadReport{Loaded: names}, ""},
		"known extras": {plus(map[string]*tensor.Dense{"2.num_batches_tracked": vector(9), "position_ids": vector(0, 1)}), nil,
			models.LoadReport{Loaded: names, Ignored: []string{"2.num_batches_tracked", "position_ids"}}, ""},
		"other extras": {plus(map[string]*tensor.Dense{"num_batches": vector(9)}), nil, models.LoadReport{}, `file must have the model's tensors only, got "num_batches"`},
		"a prefix": {renamed(file, func(s string) string { return "module." + s }), []models.LoadOption{models.RenamePrefix("module.", "")},
			models.LoadReport{Loaded: names}, ""},
		"one of two prefixes": {renamed(file, func(s string) string {
			if head(s) {
				return "head." + strings.TrimPrefix(s, "5.")
			}
			return "base." + s
		}), []models.LoadOption{models.RenamePrefix("base.", ""), models.RenamePrefix("head.", "5.")}, models.LoadReport{Loaded: names}, ""},
		"a prefix within another": {renamed(file, func(s string) string {
			if head(s) {
				return "model.head." + strings.TrimPrefix(s, "5.")
			}
			return "model." + s
		}), []models.LoadOption{models.RenamePrefix("model.head.", "5."), models.RenamePrefix("model.", "")}, models.LoadReport{Loaded: names}, ""},
		"a prefix that is not there": {file, []models.LoadOption{models.RenamePrefix("module.", "")}, models.LoadReport{},
			`RenamePrefix: prefix must be that of one of the file's tensors, got "module."`},
		"a name": {renamed(file, func(s string) string { return strings.Replace(s, "5.weight", "fc.weight", 1) }),
			[]models.LoadOption{models.Rename(map[string]string{"fc.weight": "5.weight"})}, models.LoadReport{Loaded: names}, ""},
		"a name that is not there": {file, []models.LoadOption{models.Rename(map[string]string{"fc": "5.weight"})}, models.LoadReport{},
			`Rename: file must have the tensor "fc", got none`},
		"two of one name": {plus(map[string]*tensor.Dense{"fc": file["5.weight"]}), []models.LoadOption{models.Rename(map[string]string{"fc": "5.weight"})},
			models.LoadReport{}, `different names after they are renamed, got "5.weight" of both "5.weight" and "fc"`},
		"without the head": {renamed(file, func(s string) string { return strings.Replace(s, "5.weight", "", 1) }), nil, models.LoadReport{},
			"file must have the model's tensor 5.weight, got none"},
		"except the head, which is wider": {plus(map[string]*tensor.Dense{"5.bias": vector(1, 2, 3)}), []models.LoadOption{models.Except("5.")},
			models.LoadReport{Loaded: body, Left: []string{"5.bias", "5.weight"}, Ignored: []string{"5.bias", "5.weight"}}, ""},
		"except nothing":     {file, []models.LoadOption{models.Except("head.")}, models.LoadReport{}, `Except: name must be that of a tensor of the model or, with a dot at its end, of a part, got "head."`},
		"except half a name": {file, []models.LoadOption{models.Except("5.w")}, models.LoadReport{}, `of a part, got "5.w"`},
		"in part": {renamed(plus(map[string]*tensor.Dense{"more": vector(1)}), func(s string) string {
			if head(s) {
				return ""
			}
			return s
		}), []models.LoadOption{models.Partial(report)},
			models.LoadReport{Loaded: body, Missing: []string{"5.bias", "5.weight"}, Unexpected: []string{"more"}}, ""},
		"in part, of another shape": {plus(map[string]*tensor.Dense{"5.bias": vector(1, 2, 3)}), []models.LoadOption{models.Partial(report)}, models.LoadReport{},
			`tensor "5.bias" must have shape (2), got (3)`},
		"the other way round": {plus(map[string]*tensor.Dense{"5.weight": tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(make([]float32, 6)))}), nil,
			models.LoadReport{}, `tensor "5.weight" must have shape (2, 3), got (3, 2)`},
		"in part, nothing in common": {map[string]*tensor.Dense{"a": vector(1)}, []models.LoadOption{models.Partial(report)}, models.LoadReport{},
			"file must have one of the model's tensors, such as 1.weight, got none of them among its 1"},
		"NaN": {plus(map[string]*tensor.Dense{"5.bias": vector(1, float32(math.NaN()))}), nil, models.LoadReport{},
			`tensor "5.bias": numbers must be finite unless AllowNonFinite is given, got NaN at 1`},
		"infinite": {plus(map[string]*tensor.Dense{"5.bias": vector(float32(math.Inf(-1)), 0)}), nil, models.LoadReport{},
			`tensor "5.bias": numbers must be finite unless AllowNonFinite is given, got -Inf at 0`},
		"NaN allowed": {plus(map[string]*tensor.Dense{"5.bias": vector(1, float32(math.NaN()))}), []models.LoadOption{models.AllowNonFinite()},
			models.LoadReport{Loaded: names}, ""},
		"NaN in the head that is left alone": {plus(map[string]*tensor.Dense{"5.bias": vector(1, float32(math.NaN()))}), []models.LoadOption{models.Except("5.")},
			models.LoadReport{Loaded: body, Left: []string{"5.bias", "5.weight"}, Ignored: []string{"5.bias", "5.weight"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := mustModel(t, models.MLP{Inputs: 3, Hidden: []int{3}, Outputs: 2, BatchNorm: true}, []int{3}, models.WithSeed(5))
			before, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			*report = models.LoadReport{}
			err = m.ReadSafetensors(written(t, tt.file), append(tt.opts, models.WithReport(report))...)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("want error %q, got %v", tt.err, err)
			}
			if !reflect.DeepEqual(*report, tt.want) {
				t.Errorf("report is\n%v, want\n%v", *report, tt.want)
			}
			after, err := m.Weights()
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				want := before[name]
				if slices.Contains(tt.want.Loaded, name) {
					if want = file[name]; name == "5.bias" {
						want = after[name] // changed by some cases
					}
				}
				if fmt.Sprint(after[name].Data()) != fmt.Sprint(want.Data()) { // NaN is NaN
					t.Errorf("%s is %v, want %v", name, after[name], want)
				}
			}
		})
	}
}

func TestLoadReportString(t *testing.T) {
	r := models.LoadReport{Loaded: []string{"a", "b"}, Missing: []string{"c"}, Unexpected: []string{"d\x1b[2J", "e"}}
	if got, want := r.String(), `2 loaded, 1 missing: ["c"], 2 unexpected: ["d\x1b[2J" "e"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Numbers of each type become the model's, in float64 too; others are refused.
func TestLoadTypes(t *testing.T) {
	net := models.LinearLayer{In: 1, Out: 1, NoBias: true}
	for typ, bits := range map[string][]byte{
		"F16":  binary.LittleEndian.AppendUint16(nil, 0xc100),
		"BF16": binary.LittleEndian.AppendUint16(nil, 0xc020),
		"F32":  binary.LittleEndian.AppendUint32(nil, math.Float32bits(-2.5)),
		"F64":  binary.LittleEndian.AppendUint64(nil, math.Float64bits(-2.5)),
		"I64":  binary.LittleEndian.AppendUint64(nil, 1),
		"U8":   {1},
	} {
		head, err := json.Marshal(map[string]any{"weight": map[string]any{"dtype": typ, "shape": []int{1, 1}, "data_offsets": []int{0, len(bits)}}})
		if err != nil {
			t.Fatal(err)
		}
		file := append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...), bits...)
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			m := mustModel(t, net, []int{1}, models.WithDtype(dt))
			err := m.ReadSafetensors(bytes.NewReader(file))
			if typ == "I64" || typ == "U8" {
				if want := `tensor "weight" must be of F16, BF16, F32 or F64, got ` + typ; err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: want error %q, got %v", typ, want, err)
				}
			} else if got := fmt.Sprint(m.Params()[0].Value().Data()); err != nil || got != "[-2.5]" && got != "-2.5" {
				t.Errorf("%s to %v: %v, %v", typ, dt, got, err)
			}
		}
	}
}

// A file with more than the model is refused before its data are read.
func TestLoadComparesFirst(t *testing.T) {
	head := `{"weight":{"dtype":"F32","shape":[1000000,1000],"data_offsets":[0,4000000000]}}`
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...)
	m := mustModel(t, models.LinearLayer{In: 1, Out: 1, NoBias: true}, []int{1})
	data := &counted{}
	err := m.ReadSafetensors(io.MultiReader(bytes.NewReader(file), data))
	if err == nil || !strings.Contains(err.Error(), `tensor "weight" must have shape (1, 1), got (1000000, 1000)`) || data.n > 4096 {
		t.Errorf("got %v after %d bytes", err, data.n)
	}
}

type counted struct{ n int }

func (c *counted) Read(b []byte) (int, error) {
	clear(b)
	c.n += len(b)
	return len(b), nil
}
