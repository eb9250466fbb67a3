package checkpoint

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// Tensors of callbacks and slots are those that the records announce, under the names
// that Save gives them.
func TestTensorsAreThoseOfTheRecords(t *testing.T) {
	_, _, file := smallRun(t, t.TempDir())
	tensors, metadata, err := tensorfile.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	extra := func(name string) func(map[string]*tensor.Dense, map[string]string) {
		return func(all map[string]*tensor.Dense, _ map[string]string) {
			all[name] = tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{1}))
		}
	}
	slots := func(count string) func(map[string]*tensor.Dense, map[string]string) {
		return func(_ map[string]*tensor.Dense, records map[string]string) {
			records["solver"] = strings.Replace(records["solver"], `:2}`, `:`+count+`}`, 1)
		}
	}
	const foreign = "must be a weight, the solver's or of one of 1 callbacks"
	for name, tt := range map[string]struct {
		change func(map[string]*tensor.Dense, map[string]string)
		want   string
	}{
		"of no kind":             {extra("optimizer/0/bias"), foreign},
		"of a callback too many": {extra("callback/1/bias"), foreign},
		"of a negative callback": {extra("callback/-1/bias"), foreign},
		"of a word":              {extra("callback/one/bias"), foreign},
		"of another spelling":    {extra("callback/00/bias"), foreign},
		"of a number alone":      {extra("callback/0"), foreign},
		"of a negative count":    {slots("-1"), "must hold at most the"},
		"of a huge count":        {slots("1000000"), "must hold at most the"},
		"one too few":            {slots("1"), foreign},
		"one too many":           {slots("3"), "must have tensor 2, got none"},
	} {
		t.Run(name, func(t *testing.T) {
			all, records := maps.Clone(tensors), maps.Clone(metadata)
			tt.change(all, records)
			if len(all) == len(tensors) && maps.Equal(records, metadata) {
				t.Fatalf("nothing has been changed in %v", metadata)
			}
			var b bytes.Buffer
			if err := tensorfile.Write(&b, all, records); err != nil {
				t.Fatal(err)
			}
			_, err := decode(&b)
			testkit.Rejects(t, err, tt.want)
		})
	}
}
