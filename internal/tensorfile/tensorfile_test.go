package tensorfile

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
)

func encode(t testing.TB, tensors map[string]*tensor.Dense, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sample() map[string]*tensor.Dense {
	return map[string]*tensor.Dense{
		"a.weight": tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, -2, 3, float32(math.Inf(1)), 5e-45, 0})),
		"b":        tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{math.Pi, math.Copysign(0, -1)})),
		"scalar":   tensor.New(tensor.FromScalar(2.5)),
	}
}

func TestRoundTrip(t *testing.T) {
	meta := map[string]string{"step": "7", "note": "žluťoučký \"kůň\""}
	data := encode(t, sample(), meta)
	if !bytes.Equal(data, encode(t, sample(), meta)) {
		t.Error("the same tensors give other bytes")
	}
	tensors, got, err := Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["step"] != "7" || got["note"] != meta["note"] {
		t.Errorf("metadata is %v, want %v", got, meta)
	}
	for name, want := range sample() {
		if !tensors[name].Shape().Eq(want.Shape()) || !tensors[name].Eq(want) {
			t.Errorf("%s is %v, want %v", name, tensors[name], want)
		}
	}
	if math.Float64bits(tensors["b"].Float64s()[1]) != 1<<63 {
		t.Error("-0 did not survive")
	}
}

// Any flipped bit and any cut is noticed.
func TestDamage(t *testing.T) {
	data := encode(t, sample(), map[string]string{"k": "v"})
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(data)
		if rapid.Bool().Draw(t, "cut") {
			bad = bad[:rapid.IntRange(0, len(bad)-1).Draw(t, "length")]
		} else {
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		tensors, meta, err := Read(bytes.NewReader(bad))
		if err == nil {
			// What is noticed by nothing must be no damage: a name that JSON
			// reads alike, or the checksum's own key.
			var out bytes.Buffer
			if err := Write(&out, tensors, meta); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), data) && bytes.Contains(bad, []byte(`"sha256"`)) {
				t.Fatal("damage was not noticed")
			}
		}
	})
}

func TestErrors(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, nil, map[string]string{"sha256": "x"}); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("want an error about the key, got %v", err)
	}
	ints := map[string]*tensor.Dense{"i": tensor.New(tensor.WithBacking([]int{1}))}
	if err := Write(&b, ints, nil); err == nil || !strings.Contains(err.Error(), `tensor "i" must be of float32 or float64, got int`) {
		t.Errorf("want an error about int, got %v", err)
	}
	if err := Write(&b, map[string]*tensor.Dense{"n": nil}, nil); err == nil {
		t.Error("a nil tensor must be an error")
	}
	for _, data := range [][]byte{nil, []byte("hello"), bytes.Repeat([]byte{255}, 100), append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, "{}junk"...)} {
		if _, _, err := Read(bytes.NewReader(data)); err == nil || !strings.HasPrefix(err.Error(), "tensorfile: ") {
			t.Errorf("%q: want an error, got %v", data, err)
		}
	}
}

// A disk that is full after any number of bytes is an error.
func TestFullDisk(t *testing.T) {
	whole := encode(t, sample(), map[string]string{"k": "v"})
	for n := range whole {
		if err := Write(&fulldisk.Disk{Room: n}, sample(), map[string]string{"k": "v"}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("full after %d of %d bytes: got %v", n, len(whole), err)
		}
	}
	if err := Write(&fulldisk.Disk{Room: len(whole)}, sample(), map[string]string{"k": "v"}); err != nil {
		t.Errorf("a disk that is just large enough: got %v", err)
	}
}

// Any bytes are an error or tensors that are written and read again; and what is taken
// here another reader takes too.
func FuzzRead(f *testing.F) {
	f.Add(encode(f, sample(), map[string]string{"k": "v"}))
	f.Add(encode(f, nil, nil))
	f.Add([]byte("\x08\x00\x00\x00\x00\x00\x00\x00{\"a\":[]}"))
	f.Add(file(`{"b":{"shape":[1],"data_offsets":[2,4],"dtype":"BF16"},"a":{"data_offsets":[0,2],"dtype":"F16","shape":[1,1]}}`, 4))
	f.Add(file(`{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}} `, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		opened, err := Open(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := opened.Load(); err != nil {
			return
		}
		small := true // the other reader does not know the types of recent years
		for _, v := range opened.Tensors {
			small = small && !strings.HasPrefix(string(v.Type), "F8") && v.Type != "C64"
		}
		if other, err := safetensors.Deserialize(data); small && (err != nil || other.Len() != len(opened.Tensors)) {
			t.Fatalf("another reader has %d tensors (%v), want %d", other.Len(), err, len(opened.Tensors))
		}
		tensors, err := opened.Dense()
		if err != nil {
			return
		}
		again, meta, err := Read(bytes.NewReader(encode(t, tensors, opened.Metadata)))
		if err != nil || len(again) != len(tensors) || len(meta) != len(opened.Metadata) {
			t.Fatalf("read %d tensors, %d after a round trip: %v", len(tensors), len(again), err)
		}
	})
}
