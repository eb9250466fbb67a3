package checkpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// smallRun returns a trainer and the file of its last state.
func smallRun(f testing.TB, dir string) (func() *training.Trainer, training.Data, []byte) {
	trainer := func() *training.Trainer {
		m, err := models.New(models.MLP{Inputs: 1, Outputs: 2}, []int{1})
		if err != nil {
			f.Fatal(err)
		}
		return &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9}, Epochs: 3, BatchSize: 1,
			Callbacks: []training.Callback{training.EarlyStopping(2)}}
	}
	set := &training.Examples{Shape: []int{1}, X: []float32{-1, 1}, Y: []int{0, 1}}
	data := training.Data{Train: set, Validation: set}
	t := trainer()
	path := filepath.Join(dir, "state")
	t.Callbacks = append(t.Callbacks, training.Callback{OnCheckpoint: func(r *training.Run) error {
		if r.Steps != 4 {
			return nil
		}
		s, err := r.State()
		if err != nil {
			return err
		}
		return Save(path, s)
	}})
	if _, err := t.Fit(context.Background(), data); err != nil {
		f.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return trainer, data, file
}

// Whatever the bytes, and whatever the records say in a file whose checksum is
// right, a checkpoint is an error or a state that is written and read again; and a
// trainer takes it or says why not.
func FuzzDecode(f *testing.F) {
	trainer, data, file := smallRun(f, f.TempDir())
	tensors, metadata, err := tensorfile.Read(bytes.NewReader(file))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file, metadata["state"], metadata["solver"], "0.weight")
	f.Add([]byte(nil), metadata["state"], metadata["solver"], "callback/0/x")
	f.Add(file[:len(file)/2], `{"epoch": -1, "steps": 9223372036854775807, "callbacks": [{}]}`, `{"step": 1, "slots": {"momentum": 1}}`, "solver/momentum/0")
	f.Add([]byte(nil), `{"history": {"stopped": "x"}, "batches": 9, "callbacks": null}`, `{"slots": {"": -1}}`, "callback/18446744073709551615/a")
	f.Add([]byte(nil), `{"epoch": 9223372036854775807, "callbacks": [{"data": {"best": 1e308, "epoch": -9}}]}`, `null`, "")
	f.Fuzz(func(t *testing.T, raw []byte, state, solver, name string) {
		// The first file is any, the second sound but for what it says.
		var b bytes.Buffer
		changed := make(map[string]*tensor.Dense, len(tensors)+1)
		for k, v := range tensors {
			changed[k] = v
		}
		changed[name] = tensors["0.weight"]
		metadata := map[string]string{"format": tensorfile.Format, "checkpoint": tensorfile.Checkpoint, "state": state, "solver": solver}
		if err := tensorfile.Write(&b, changed, metadata); err != nil {
			t.Skip()
		}
		for _, file := range [][]byte{raw, b.Bytes()} {
			s, err := decode(bytes.NewReader(file))
			if err != nil {
				continue
			}
			var out bytes.Buffer
			if err := encode(&out, s); err != nil {
				t.Fatalf("a state that was read cannot be written: %v", err)
			}
			if s, err = decode(&out); err != nil {
				t.Fatalf("a state that was written cannot be read: %v", err)
			}
			tr := trainer()
			tr.Resume = s
			h, err := tr.Fit(context.Background(), data)
			if err == nil {
				if _, err := json.Marshal(h); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// Whatever the bytes, a configuration is an error or one that is kept and read to
// the same.
func FuzzLoadConfig(f *testing.F) {
	type config struct {
		P      float64        `json:"p"`
		Hidden []int          `json:"hidden"`
		Seed   uint64         `json:"seed"`
		Name   string         `json:"name"`
		More   map[string]any `json:"more"`
	}
	f.Add([]byte(`{"p": 0.5, "hidden": [1, 2], "seed": 18446744073709551615, "name": "é", "more": {"a": [null, {}]}}`))
	f.Add([]byte(`{} {}`))
	f.Add([]byte(`{"p": 1e999}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ConfigFile), data, 0o666); err != nil {
			t.Fatal(err)
		}
		var c, again config
		if err := LoadConfig(dir, &c); err != nil {
			return
		}
		if err := SaveConfig(dir, c); err != nil {
			t.Fatal(err)
		}
		if err := LoadConfig(dir, &again); err != nil {
			t.Fatal(err)
		}
		first, _ := json.Marshal(c)
		second, _ := json.Marshal(again)
		if !bytes.Equal(first, second) {
			t.Fatalf("got %s, want %s", second, first)
		}
	})
}
