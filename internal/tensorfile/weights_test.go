package tensorfile

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func TestWeights(t *testing.T) {
	d := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{1}))
	weights := map[string]*tensor.Dense{"a.weight": d, "b": d}
	var alone, checkpoint bytes.Buffer
	if err := WriteWeights(&alone, weights, nil, map[string]string{"epoch": "3"}); err != nil {
		t.Fatal(err)
	}
	state := map[string]*tensor.Dense{"solver/m/0": d}
	if err := WriteWeights(&checkpoint, weights, state, map[string]string{CheckpointKey: Checkpoint}); err != nil {
		t.Fatal(err)
	}
	foreign := func(metadata map[string]string) []byte {
		var b bytes.Buffer
		if err := Write(&b, weights, metadata); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	one := `"a.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`
	for name, tt := range map[string]struct {
		data []byte
		want string // of the error, "" for none
	}{
		"weights alone":         {alone.Bytes(), ""},
		"a checkpoint":          {checkpoint.Bytes(), ""},
		"PyTorch":               {file(`{"__metadata__":{"format":"pt"},`+one, 8), ""},
		"no metadata":           {file("{"+one, 8), ""},
		"an earlier checkpoint": {foreign(map[string]string{"format": "dropout checkpoint 1"}), "earlier version of this library, whose matrices lie the other way round"},
		"earlier best weights":  {foreign(map[string]string{"epoch": "3"}), "earlier version of this library"},
		"Flax":                  {file(`{"__metadata__":{"format":"flax"},`+one, 8), `format "pt", got format "flax"`},
		"a later checkpoint":    {foreign(map[string]string{"format": "pt", "checkpoint": "dropout checkpoint 3"}), `checkpoint must be "dropout checkpoint 2", got "dropout checkpoint 3"`},
	} {
		f, err := Open(bytes.NewReader(tt.data))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Weights()
		switch {
		case tt.want != "":
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: want error %q, got %v", name, tt.want, err)
			}
		case err != nil || !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"a.weight", "b"}):
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for _, tt := range []struct {
		weights, state map[string]*tensor.Dense
		want           string
	}{
		{map[string]*tensor.Dense{"a/b": d}, nil, `name of weights must not have a "/"`},
		{nil, map[string]*tensor.Dense{"a": d}, `name of other state must have a "/"`},
	} {
		if err := WriteWeights(io.Discard, tt.weights, tt.state, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
