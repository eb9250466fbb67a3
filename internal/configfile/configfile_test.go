package configfile_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

type base struct {
	Train    int     `json:"train"`
	LR       float64 `json:"lr"`
	Schedule string  `json:"schedule" enum:"constant,cosine"`
	Hidden   []int   `json:"hidden"`
}

type config struct {
	base
	Base2  struct{ Deep *bool } `json:"base2"`
	Seed   uint64               `json:"seed"`
	Small  int8                 `json:"small"`
	F32    float32              `json:"f32"`
	On     bool                 `json:"on"`
	Name   string               `json:"name"`
	More   map[string]any       `json:"more"`
	Counts map[int]string       `json:"counts,omitempty"`
	Pair   [2]float64           `json:"pair"`
	When   time.Time            `json:"when"`
	Number json.Number          `json:"number"`
	Quoted int                  `json:"quoted,string"`
	Bytes  []byte               `json:"bytes"`
	Range  ranged               `json:"range"`
	Hidden string               `json:"-"`
}

// ranged is a list of its values, or a mapping.
type ranged struct{ Values []int }

func (r *ranged) UnmarshalConfig(n *configfile.Node) error {
	if n.Kind() == configfile.List {
		return n.Decode(&r.Values)
	}
	var m struct {
		Values []int `json:"values"`
	}
	if err := n.Decode(&m); err != nil {
		return err
	}
	if len(m.Values) == 0 {
		return errors.New("must have values")
	}
	r.Values = m.Values
	return nil
}

func TestDecode(t *testing.T) {
	const good = "\xef\xbb\xbf" + `{"train": -9, "lr": 1e-3, "schedule": "cosine", "hidden": [3, 4], "base2": {"Deep": true}, "seed": 18446744073709551615,
	"small": -128, "f32": 0.1, "on": true, "name": "é\n", "more": {"a": [null, 1, 9007199254740993, "x", false, {}]}, "counts": {"-3": "y"},
	"pair": [1, 2], "when": "2020-01-02T03:04:05Z", "number": 1e400, "quoted": "7", "bytes": "aGk=", "range": [5]}`
	yes := true
	want := config{base: base{-9, 1e-3, "cosine", []int{3, 4}}, Seed: math.MaxUint64, Small: -128, F32: 0.1, On: true, Name: "é\n",
		More:   map[string]any{"a": []any{nil, 1., json.Number("9007199254740993"), "x", false, map[string]any{}}},
		Counts: map[int]string{-3: "y"}, Pair: [2]float64{1, 2}, When: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), Number: "1e400",
		Quoted: 7, Bytes: []byte("hi"), Range: ranged{[]int{5}}}
	want.Base2.Deep = &yes
	var got config
	if err := configfile.JSON("a.json", []byte(good), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("JSON: got %+v, %v\nwant %+v", got, err, want)
	}
	// What JSON has YAML has, but for numbers that only json.Number can hold, and for
	// the types of whole numbers in an any.
	in := strings.Replace(good, "1e400", "1e40", 1)
	want.Number, want.More = "1e40", map[string]any{"a": []any{nil, 1, 9007199254740993, "x", false, map[string]any{}}}
	got = config{}
	if err := configfile.YAML("a.yaml", []byte(in), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("YAML: got %+v, %v\nwant %+v", got, err, want)
	}
	got = config{}
	err := configfile.YAML("a.yaml", []byte("base2: &b {Deep: TRUE}\nmore:\n  x: *b\n  y: [.5, -.5, +3, 1., 2.e1, 18446744073709551615, 2020-01-02]\nrange:\n  values: [1]\nlr: 1\n"), &got)
	more := map[string]any{"x": map[string]any{"Deep": true}, "y": []any{.5, -.5, 3, 1., 20., uint64(math.MaxUint64), "2020-01-02"}}
	if err != nil || !reflect.DeepEqual(got.More, more) || !*got.Base2.Deep || got.LR != 1 || got.Range.Values[0] != 1 {
		t.Errorf("YAML: got %+v, %v", got, err)
	}
	// Null is nothing, where there can be nothing; what has no key stays.
	got = config{base: base{Train: 4, Hidden: []int{1}}}
	if err := configfile.JSON("a.json", []byte(`{"hidden": null, "more": null}`), &got); err != nil || got.base.Hidden != nil || got.Train != 4 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Each error is one line that names the file, the place, the key and what was got.
func TestErrors(t *testing.T) {
	deep := strings.Repeat("[", 1001) + strings.Repeat("]", 1001)
	bomb := "more:\n  a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
	for i := range 9 {
		n := string(rune('0' + i))
		m := string(rune('1' + i))
		bomb += "  a" + m + ": &a" + m + " [" + strings.TrimSuffix(strings.Repeat("*a"+n+",", 10), ",") + "]\n"
	}
	for _, tt := range []struct{ in, json, yaml string }{
		{`{"trian": 300}`, `f:1:2: unknown key "trian", did you mean "train"?`, "the same"},
		{`{"Train": 300}`, `f:1:2: unknown key "Train", did you mean "train"?`, "the same"},
		{`{"base2": {"x": 1}}`, `f:1:12: base2: unknown key "x": must be one of Deep`, "the same"},
		{`{"inner": 1}`, `f:1:2: unknown key "inner": must be one of train, lr, schedule`, "the same"},
		{"{\n \"train\": 1.9}", `f:2:11: train: must be a whole number in digits, got 1.9`, "the same"},
		{`{"train": 1e3}`, `f:1:11: train: must be a whole number in digits, got 1e3`, "the same"},
		{`{"train": "3"}`, `f:1:11: train: must be a whole number in digits, got "3"`, "the same"},
		{`{"train": null}`, `f:1:11: train: must be a whole number in digits, got null`, "the same"},
		{`{"train": 9223372036854775808}`, `train: must be in [-9223372036854775808, 9223372036854775807], got 9223372036854775808`, "the same"},
		{`{"seed": 18446744073709551616}`, `seed: must be in [0, 18446744073709551615], got 18446744073709551616`, "the same"},
		{`{"seed": -1}`, `seed: must be in [0, 18446744073709551615], got -1`, "the same"},
		{`{"small": 128}`, `small: must be in [-128, 127], got 128`, "the same"},
		{`{"lr": 1e999}`, `f:1:8: lr: must be a finite number of 64 bits, got 1e999`, `f:1:8: lr: must be a number, got "1e999"`},
		{`{"f32": 1e39}`, `f32: must be a finite number of 32 bits, got 1e39`, "the same"},
		{`{"lr": "x"}`, `lr: must be a number, got "x"`, "the same"},
		{`{"on": 1}`, `on: must be true or false, got 1`, "the same"},
		{`{"name": 1}`, `name: must be a string in quotes, got 1`, "the same"},
		{`{"name": []}`, `name: must be a string, got a list`, "the same"},
		{`{"schedule": "coshne"}`, `f:1:14: schedule: must be one of constant, cosine, got "coshne", did you mean "cosine"?`, "the same"},
		{`{"schedule": ""}`, `schedule: must be one of constant, cosine, got ""`, "the same"},
		{`{"hidden": 3}`, `hidden: must be a list, got 3`, "the same"},
		{`{"hidden": [1, 2.5]}`, `f:1:16: hidden[1]: must be a whole number in digits, got 2.5`, "the same"},
		{`{"pair": [1]}`, `pair: must be a list of 2, got 1`, "the same"},
		{`{"base2": []}`, `base2: must be a mapping of keys to values, got a list`, "the same"},
		{`{"more": {"a": 1, "a": 2}}`, `f:1:19: key "a" must be given once, got it on line 1 too`, "the same"},
		{`{"counts": {"x": "y"}}`, `counts: must be a whole number in digits, got x`, "the same"},
		{`{"when": "yesterday"}`, `when: parsing time`, "the same"},
		{`{"quoted": "x"}`, `quoted: must be a string that holds a number, true or false, got "x"`, "the same"},
		{`{"bytes": "?"}`, `bytes: must be bytes in base64`, "the same"},
		{`{"range": {}}`, `f:1:11: range: must have values`, "the same"},
		{`{"range": {"value": 1}}`, `f:1:12: unknown key "value", did you mean "values"?`, "the same"},
		{"{\n\"train\" 3}", `f:2:9: invalid character '3' after object key`, ""},
		{`{"train": 3`, `f:1:12: unexpected end of JSON input`, "f: line 1: "},
		{`{} {}`, `f:1:4: invalid character '{' after top-level value`, "f: "},
		{"{}\x00", `f:1:3: invalid character '\x00' after top-level value`, "f: "},
		{" \n", `f: file must not be empty`, "the same"},
		{"[1]", `f:1:1: must be a mapping of keys to values, got a list`, "the same"},
		{"\xff\xfe{\x00", `f: file must be UTF-8, got UTF-16`, "the same"},
		{"{\"name\": \"\xff\"}", `f:1:11: file must be UTF-8, got byte 0xff`, "the same"},
		{`{"more": {"a": ` + deep + `}}`, `must be at most 1000 deep`, ""},
		{strings.Repeat(" ", configfile.MaxBytes) + "1", `f: file must be at most 16777216 bytes, got 16777217`, "the same"},
		{"train: 1\n---\ntrain: 2\n", "", `f:2:1: file must be one YAML document, got more`},
		{"train: 0x10\n", "", `f:1:8: must be a number in decimal digits, or a string in quotes, got "0x10"`},
		{"train: 1_000\n", "", `f:1:8: must be a number in decimal digits`},
		{"train: 010\n", "", `f:1:8: must be a number in decimal digits`},
		{"lr: .nan\n", "", `f:1:5: must be a number in decimal digits`},
		{"more: !!binary aGk=\n", "", `f:1:7: must be a string, a number, true, false or null, got tag "!!binary"`},
		{"more: {[1]: 2}\n", "", `f:1:8: key must be a string`},
		{"more: &m\n  x: *m\n", "", `at most 1000 deep`},
		{bomb, "", "file must have at most 1048576 values, aliases resolved"},
	} {
		for format, want := range map[string]string{"JSON": tt.json, "YAML": tt.yaml} {
			if want == "the same" {
				want = tt.json
			}
			if want == "" {
				continue
			}
			read := configfile.JSON
			if format == "YAML" {
				read = configfile.YAML
			}
			err := read("f", []byte(tt.in), new(config))
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f:") || strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("%s of %.60q: got %v\nwant %s", format, tt.in, err, want)
			}
		}
	}
	if err := configfile.JSON("f", []byte("{}"), config{}); err == nil || !strings.Contains(err.Error(), "to must be a pointer") {
		t.Errorf("got %v", err)
	}
	if err := configfile.JSON("f", []byte(`{"C": 1}`), &struct{ C chan int }{}); err == nil || !strings.Contains(err.Error(), "C: the program must read it into a type of JSON's") {
		t.Errorf("got %v", err)
	}
}

// DecodeAll misses no field.
func TestDecodeAll(t *testing.T) {
	n, err := configfile.ParseJSON("f", []byte(`{"train": 1, "lr": 1, "schedule": "cosine"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.DecodeAll(new(base)); err == nil || err.Error() != `f:1:1: key "hidden" must be there, got none` {
		t.Errorf("got %v", err)
	}
	data, _ := json.Marshal(base{Schedule: "cosine"})
	if n, err = configfile.ParseJSON("f", data); err != nil {
		t.Fatal(err)
	}
	if err := n.DecodeAll(new(base)); err != nil {
		t.Error(err)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"a.yaml": "train: 3", "a.json": `{"train": 3}`} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
		n, err := configfile.Read(path)
		if err != nil || n.Get("train").Text() != "3" || n.Get("x") != nil || n.Keys()[0].Text() != "train" || len(n.Items()) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := configfile.Read(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"train", "epochs", "plain_epochs", "p", "lr"}
	for name, want := range map[string]string{"trian": "train", "TRAIN": "train", "epoch": "epochs", "epocsh": "epochs", "q": "p", "plain-epochs": "plain_epochs",
		"momentum": "", "xxxxx": "", "rl": "lr"} {
		if got := configfile.Nearest(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// What is read is what encoding/json reads, and whatever the bytes nothing panics.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"train": 3, "more": {"a": [1.5, null, "x"]}, "pair": [1, 2], "quoted": "7"}`))
	f.Add([]byte(`{"when": "2020-01-02T03:04:05Z", "number": 12, "bytes": "aGk=", "hidden": []}`))
	f.Add([]byte("\xef\xbb\xbf{\"counts\": {\"1\": \"\\ud800\"}}"))
	f.Add([]byte(`{"range": [1`))
	f.Fuzz(func(t *testing.T, data []byte) {
		type part struct {
			base
			Seed  uint64         `json:"seed"`
			F32   float32        `json:"f32"`
			Name  string         `json:"name"`
			More  map[string]any `json:"more"`
			Pair  [2]float64     `json:"pair"`
			Bytes []byte         `json:"bytes"`
		}
		_ = configfile.JSON("f", data, new(config))
		_ = configfile.YAML("f", data, new(config))
		var got, want part
		if configfile.JSON("f", data, &got) != nil {
			return
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\xef\xbb\xbf")), &want); err != nil {
			t.Fatalf("encoding/json does not read it: %v", err)
		}
		if strings.Contains(string(data), "more") {
			got.More, want.More = nil, nil // large numbers are others there
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// An integer of JSON is a float64 where that is exact and of the range in which its
// neighbours are too, and keeps its digits otherwise.
func TestIntegersOfJSON(t *testing.T) {
	for text, want := range map[string]any{
		"9007199254740991":     float64(1<<53 - 1),
		"9007199254740992":     float64(1 << 53),
		"9007199254740994":     json.Number("9007199254740994"), // exact, but its neighbours are not
		"-9007199254740992":    float64(-1 << 53),
		"-9007199254740994":    json.Number("-9007199254740994"),
		"9223372036854775807":  json.Number("9223372036854775807"),
		"92233720368547758070": json.Number("92233720368547758070"),
	} {
		var got any
		if err := configfile.JSON("x.json", []byte(text), &got); err != nil || got != want {
			t.Errorf("%s: want %T %v, got %T %v, %v", text, want, want, got, got, err)
		}
	}
}
