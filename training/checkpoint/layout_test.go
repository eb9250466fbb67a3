package checkpoint_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// square returns a model of square matrices, whose transposes would fit as well, with
// batch normalization, whose running statistics are no parameters.
func square(t testing.TB, seed uint64) *models.Model {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 4, Hidden: []int{4, 4}, Outputs: 4, HiddenDropout: 0.2, BatchNorm: true}, []int{4}, models.WithSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// corners is a data set whose class is the largest of 4 inputs.
func corners() *training.Examples {
	e := &training.Examples{Shape: []int{4}}
	for i := range 64 {
		for k := range 4 {
			v := float32(math.Sin(float64(i*7 + k*k)))
			if k == i%4 {
				v += 2
			}
			e.X = append(e.X, v)
		}
		e.Y = append(e.Y, i%4)
	}
	return e
}

func file(t *testing.T, m *models.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteSafetensors(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every file of weights is one that Model.Load takes, and gives the same model.
func TestOneLayout(t *testing.T) {
	dir := t.TempDir()
	m := square(t, 1)
	data := training.Data{Train: corners(), Validation: corners()}
	tr := &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.05}, Epochs: 12, BatchSize: 16,
		Callbacks: []training.Callback{checkpoint.Keep(dir, 0), training.EarlyStopping(20)}}
	var best []byte // the model of the best epoch so far
	lowest := math.Inf(1)
	tr.Callbacks = append(tr.Callbacks, training.Callback{OnEpoch: func(r *training.Run) error {
		if e := r.History.Epochs[r.Epoch].Validation.NLL; e < lowest {
			best, lowest = file(t, m), e
		}
		return nil
	}})
	var last []byte // the model as training leaves it
	tr.Callbacks = slices.Insert(tr.Callbacks, 0, training.Callback{OnEnd: func(*training.Run) error {
		last = file(t, m)
		return nil
	}})
	h, err := tr.Fit(context.Background(), data)
	if err != nil || h.Train.Error() > 0.1 {
		t.Fatalf("the network must learn, got %v, %v", h.Train, err)
	}
	for name, want := range map[string][]byte{checkpoint.LastFile: last, checkpoint.BestFile: best} {
		loaded := square(t, 2)
		if err := loaded.Load(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file(t, loaded), want) {
			t.Errorf("%s: Load gives another model", name)
		}
	}
	s, err := checkpoint.Load(filepath.Join(dir, checkpoint.LastFile))
	if err != nil {
		t.Fatal(err)
	}
	restored := square(t, 3)
	if err := s.Restore(restored); err != nil || !bytes.Equal(file(t, restored), last) {
		t.Errorf("Restore gives another model (%v)", err)
	}
	// What early stopping remembers is weights too.
	s.Params = s.Callbacks[0].Tensors
	if err := s.Restore(restored); err != nil || !bytes.Equal(file(t, restored), file(t, m)) {
		t.Errorf("early stopping's tensors are not the weights of its best epoch (%v)", err)
	}
	// The layout itself: PyTorch's (outputs, inputs).
	f, err := os.Open(filepath.Join(dir, checkpoint.LastFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensors, metadata, err := tensorfile.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	restored = square(t, 3)
	if err := restored.Load(filepath.Join(dir, checkpoint.LastFile)); err != nil {
		t.Fatal(err)
	}
	weight := restored.Params()[0]
	for i := range 4 {
		for o := range 4 {
			if got, want := tensors[weight.Name()].Float32s()[o*4+i], weight.Value().Float32s()[i*4+o]; got != want {
				t.Fatalf("%s: output %d of input %d is %v, want %v", weight.Name(), o, i, got, want)
			}
		}
	}
	if metadata["format"] != "pt" || metadata["checkpoint"] != "dropout checkpoint 2" {
		t.Errorf("metadata is %v", metadata)
	}
}

// A file of before there was one layout is refused, by Model.Load too.
func TestEarlierLayout(t *testing.T) {
	m := square(t, 1)
	weights, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for name, metadata := range map[string]map[string]string{
		"last": {"format": "dropout checkpoint 1", "state": "{}", "solver": "{}"},
		"best": {"epoch": "3", "metric": "error", "value": "0.1"},
	} {
		path := filepath.Join(t.TempDir(), name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := tensorfile.Write(f, weights, metadata); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		const want = "a file of an earlier version of this library, whose matrices lie the other way round"
		if _, err := checkpoint.Load(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: checkpoint.Load: want error %q, got %v", name, want, err)
		}
		if err := m.Load(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: Model.Load: want error %q, got %v", name, want, err)
		}
	}
}
