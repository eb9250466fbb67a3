package tensorfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"
)

// file returns a file of a header and as many bytes of data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// What the format allows at its edges is taken, and by another reader too.
func TestHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		header string
		data   int
		want   map[string]string
	}{
		"empty":         {`{}`, 0, nil},
		"padded":        {`{}      `, 0, nil},
		"metadata":      {`{"__metadata__":{"format":"pt","":"é"}}`, 0, nil},
		"scalar":        {`{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}`, 8, map[string]string{"n": "I64 ()"}},
		"no elements":   {`{"n":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]}}`, 0, map[string]string{"n": "F32 (3, 0)"}},
		"any order":     {`{"b":{"shape":[1],"data_offsets":[2,4],"dtype":"BF16"},"a":{"data_offsets":[0,2],"dtype":"F16","shape":[1,1]}}`, 4, map[string]string{"a": "F16 (1, 1)", "b": "BF16 (1)"}},
		"escaped names": {`{"\u00e9\n\"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, map[string]string{"é\n\"": "U8 (1)"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(bytes.NewReader(file(tt.header, tt.data)))
			if err == nil {
				err = f.Load()
			}
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]string)
			for name, v := range f.Tensors {
				got[name] = fmt.Sprintf("%s %v", v.Type, v.Shape)
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if _, err := safetensors.Deserialize(file(tt.header, tt.data)); err != nil {
				t.Errorf("another reader does not take it: %v", err)
			}
		})
	}
}

func TestHeaderErrors(t *testing.T) {
	one := `"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	many := strings.Repeat(`"a%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, MaxTensors+1)
	numbers := make([]any, MaxTensors+1)
	for i := range numbers {
		numbers[i] = i
	}
	many = "{" + strings.TrimSuffix(fmt.Sprintf(many, numbers...), ",") + "}"
	for name, tt := range map[string]struct{ header, want string }{
		"a name twice":          {"{" + one + "," + one + "}", `name "a" must be there once, got it twice`},
		"escaped the same":      {"{" + one + "," + strings.Replace(one, "a", `\u0061`, 1) + "}", `name "a" must be there once`},
		"metadata twice":        {`{"__metadata__":{},"__metadata__":{}}`, `name "__metadata__" must be there once`},
		"a key twice":           {`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, `"dtype" must be there once`},
		"metadata's key twice":  {`{"__metadata__":{"k":"1","k":"2"}}`, `metadata must have "k" once`},
		"another key":           {`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, `must have dtype, shape and data_offsets, got "x"`},
		"a key missing":         {`{"a":{"dtype":"F32","shape":[1]}}`, "must have dtype, shape and data_offsets, got 2 of them"},
		"metadata of a number":  {`{"__metadata__":{"epoch":1}}`, "must have a string as metadata"},
		"metadata of null":      {`{"__metadata__":null}`, `must have "{"`},
		"a tensor of null":      {`{"a":null}`, `tensor "a": header must have "{"`},
		"deep":                  {strings.Repeat(`{"a":`, 1<<20), `header must have dtype, shape and data_offsets, got "a"`},
		"deep lists":            {`{"a":{"shape":` + strings.Repeat(`[`, 1<<20), "must have a number in shape"},
		"not an object":         {` {}`, "must be a JSON object in UTF-8"},
		"not UTF-8":             {"{\"\xff\":{}}", "must be a JSON object in UTF-8"},
		"more behind":           {`{}{}`, "must end after its object"},
		"cut":                   {`{"a":{`, "header must have"},
		"negative":              {`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, "shape must be of natural numbers, got -1"},
		"a fraction":            {`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, "shape must be of natural numbers, got 1.0"},
		"an exponent":           {`{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`, "shape must be of natural numbers, got 1e0"},
		"too wide":              {`{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}`, "shape must have at most"},
		"a product over 2^64":   {`{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}`, "shape must have at most"},
		"a product of 0 later":  {`{"a":{"dtype":"F32","shape":[2147483647,2147483647,0],"data_offsets":[0,0]}}`, "shape must have at most"},
		"one offset":            {`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, "data_offsets must have 2 numbers, got 1"},
		"three offsets":         {`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, "data_offsets must have at most 2 numbers"},
		"backwards":             {`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, `tensor "a" of F32 and shape [1] must lie at 0 to 4 of the data, got 4 to 0`},
		"a gap":                 {`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, "must lie at 0 to 4"},
		"shared data":           {`{` + one + `,"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, `tensor "b" of F32 and shape [1] must lie at 4 to 8`},
		"fewer bytes":           {`{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,4]}}`, "must lie at 0 to 8"},
		"unknown type":          {`{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}`, `type must be one of the format's, in whole bytes, got "F33"`},
		"a long name":           {`{"` + strings.Repeat("n", MaxName+1) + `":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, "name must have at most 1024 bytes, got 1025"},
		"many axes":             {`{"a":{"dtype":"F32","shape":[1` + strings.Repeat(",1", MaxDims) + `],"data_offsets":[0,4]}}`, "shape must have at most 16 numbers"},
		"many tensors":          {many, "file must have at most 65536 tensors"},
		"more than can be read": {`{"a":{"dtype":"U8","shape":[2147483647,4],"data_offsets":[0,8589934588]},"b":{"dtype":"U8","shape":[5],"data_offsets":[8589934588,8589934593]}}`, "tensors must have at most 8589934592 bytes together"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(bytes.NewReader(file(tt.header, 0)))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "tensorfile: Open: not a safetensors file: ") {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// endless is a reader that counts what is asked of it.
type endless int64

func (n *endless) Read(b []byte) (int, error) {
	clear(b)
	*n += endless(len(b))
	return len(b), nil
}

// What is too large is an error before it is read.
func TestLimits(t *testing.T) {
	for name, start := range map[string][]byte{
		"header": binary.LittleEndian.AppendUint64(nil, MaxHeader+1),
		"data":   file(`{"a":{"dtype":"F32","shape":[2147483647,2],"data_offsets":[0,17179869176]}}`, 0),
	} {
		var rest endless
		if _, err := Open(io.MultiReader(bytes.NewReader(start), &rest)); err == nil || rest > 4096 {
			t.Errorf("%s: want an error and little read, got %v and %d bytes", name, err, rest)
		}
	}
	tensors := make(map[string]*tensor.Dense)
	for i := range MaxTensors + 1 {
		tensors[fmt.Sprint(i)] = tensor.New(tensor.FromScalar(float32(i)))
	}
	if err := Write(io.Discard, tensors, nil); err == nil || !strings.Contains(err.Error(), "at most 65536 tensors") {
		t.Errorf("too many tensors: got %v", err)
	}
	delete(tensors, "0")
	if err := Write(io.Discard, tensors, nil); err != nil {
		t.Error(err)
	}
	// What would not be read is not written.
	some := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{1}))
	for _, name := range []string{"__metadata__", "\xff", strings.Repeat("n", MaxName+1)} {
		if err := Write(io.Discard, map[string]*tensor.Dense{name: some}, nil); err == nil || !strings.Contains(err.Error(), "name must be UTF-8") {
			t.Errorf("%.9q: got %v", name, err)
		}
	}
	deep := tensor.New(tensor.WithShape(slices.Repeat([]int{1}, MaxDims+1)...), tensor.WithBacking([]float32{1}))
	if err := Write(io.Discard, map[string]*tensor.Dense{"deep": deep}, nil); err == nil || !strings.Contains(err.Error(), "at most 16 axes") {
		t.Errorf("many axes: got %v", err)
	}
	if err := Write(io.Discard, nil, map[string]string{"k": "\xff"}); err == nil || !strings.Contains(err.Error(), "metadata must be UTF-8") {
		t.Errorf("metadata: got %v", err)
	}
}

// A file that is something else is called by its name.
func TestForeign(t *testing.T) {
	for start, want := range map[string]string{
		"PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00archive/data.pkl":       "a zip archive, as torch.save",
		"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02":                 "a Python pickle, as torch.save",
		"\x89HDF\r\n\x1a\n\x00\x00\x00\x00":                                "HDF5",
		"GGUF\x03\x00\x00\x00\x01\x00":                                     "GGUF",
		"\x93NUMPY\x01\x00v\x00{'descr'":                                   "NumPy",
		"version https://git-lfs.github.com/spec/v1\noid sha256:12":        "a pointer of Git LFS",
		"<!DOCTYPE html><html>":                                            "HTML",
		"{\"weights\": [1, 2]}":                                            "JSON",
		"\x08\x08\x12\x07pytorch\x1a\x051.13.1:\x9f":                       "ONNX",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff":                         "gzip",
		"weights, as you may see":                                          "header must have at most",
		"":                                                                 "file must have 8 bytes of length, got its end",
		"\x3c\x00\x00\x00\x00\x00\x00\x00{\"a\":{}}":                       "file must have a header of 60 bytes, got its end",
		"\x80\x02\x00\x00\x00\x00\x00\x00{" + strings.Repeat(" ", 2*256-1): "file must have a header of 640 bytes",
	} {
		if _, err := Open(strings.NewReader(start)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want error %q, got %v", start, want, err)
		}
	}
}
