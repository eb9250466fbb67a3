package checkpoint_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

func data() training.Data {
	set := func(n int, seed uint64) *training.Examples {
		r := rand.New(rand.NewPCG(seed, 0))
		e := &training.Examples{Shape: []int{2}}
		for i := range n {
			angle := 2 * math.Pi * float64(i%3) / 3
			e.X = append(e.X, float32(math.Cos(angle)+0.5*r.NormFloat64()), float32(math.Sin(angle)+0.5*r.NormFloat64()))
			e.Y = append(e.Y, i%3)
		}
		return e
	}
	return training.Data{Train: set(200, 1), Validation: set(60, 2)}
}

func trainer(t testing.TB, epochs int) *training.Trainer {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{16, 16}, Outputs: 3, HiddenDropout: 0.5}, []int{2}, models.WithSeed(3))
	if err != nil {
		t.Fatal(err)
	}
	return &training.Trainer{
		Model: m, Solver: &optim.Adam{Regularization: optim.Regularization{MaxNorm: 2}}, Epochs: epochs, BatchSize: 16, Seed: 9,
		LR: schedule.Cosine{Initial: 0.01, Steps: int64(13 * epochs)},
	}
}

func weights(m *models.Model) (all []float32) {
	for _, p := range m.Params() {
		all = append(all, p.Value().Float32s()...)
	}
	return all
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 3)
	tr.Callbacks = []training.Callback{checkpoint.Keep(dir, 0), training.EarlyStopping(5)}
	if _, err := tr.Fit(context.Background(), data()); err != nil {
		t.Fatal(err)
	}
	s, err := checkpoint.Load(filepath.Join(dir, checkpoint.LastFile))
	if err != nil {
		t.Fatal(err)
	}
	if s.Epoch != 3 || s.Steps != 39 || len(s.History.Epochs) != 3 || s.Solver.Step != 39 || len(s.Solver.Slots) != 2 || len(s.Params) != 6 || len(s.Callbacks) != 1 || len(s.Callbacks[0].Tensors) != 6 {
		t.Errorf("state is %+v", s)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 2 {
		t.Errorf("the directory must have the last and the best, got %v", files)
	}
}

// Every damage is a clear error, and nothing else is read.
func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 1)
	tr.Callbacks = []training.Callback{checkpoint.Keep(dir, 0)}
	if _, err := tr.Fit(context.Background(), data()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, checkpoint.LastFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)-5] ^= 1
	best, err := os.ReadFile(filepath.Join(dir, checkpoint.BestFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"flipped bit":  {flipped, "checksum is wrong: the file is damaged"},
		"cut":          {good[:len(good)-99], "file must end after"},
		"empty":        {nil, "not a safetensors file"},
		"text":         {[]byte("not a checkpoint at all"), "not a safetensors file"},
		"weights only": {best, "file must be a checkpoint, got one of weights alone, which Model.Load reads"},
	} {
		if err := os.WriteFile(path, tt.data, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := checkpoint.Load(path); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: want error %q of %s, got %v", name, tt.want, path, err)
		}
	}
	if _, err := checkpoint.Load(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want os.ErrNotExist, got %v", err)
	}
}

func TestConfig(t *testing.T) {
	type config struct {
		P    float64
		Seed uint64
	}
	dir := filepath.Join(t.TempDir(), "deep", "run")
	if err := checkpoint.SaveConfig(dir, config{0.5, math.MaxUint64}); err != nil {
		t.Fatal(err)
	}
	var got config
	if err := checkpoint.LoadConfig(dir, &got); err != nil || got != (config{0.5, math.MaxUint64}) {
		t.Errorf("got %v, %v", got, err)
	}
	var other struct{ P float64 }
	if err := checkpoint.LoadConfig(dir, &other); err == nil || !strings.Contains(err.Error(), "Seed") {
		t.Errorf("an unknown field must be an error, got %v", err)
	}
}

// A full or read-only directory stops the run with an error that names it; the
// model keeps what it has learnt.
func TestKeepErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	tr := trainer(t, 1)
	tr.Callbacks = []training.Callback{checkpoint.Keep(dir, 0)}
	if _, err := tr.Fit(context.Background(), data()); err == nil || !strings.Contains(err.Error(), "checkpoint: Keep") {
		t.Errorf("want an error of Keep, got %v", err)
	}
}

// A run that meets a number that is not finite leaves the last good state and the
// best epoch, and early stopping still gives the best parameters back.
func TestNonFiniteKeepsTheLastGood(t *testing.T) {
	for name, fault := range map[string]func(r *training.Run, d training.Data){
		"data": func(r *training.Run, d training.Data) {
			d.Train.(*training.Examples).X[7] = float32(math.NaN())
		},
		"validation": func(r *training.Run, d training.Data) {
			d.Validation.(*training.Examples).X[7] = float32(math.NaN())
		},
		"weights": func(r *training.Run, d training.Data) {
			r.Trainer.Model.Params()[2].Value().Float32s()[5] = float32(math.Inf(1))
		},
		"divergence": func(r *training.Run, d training.Data) {
			r.Trainer.LR = schedule.Constant(1e30)
		},
	} {
		// With an interval each step is kept, and the fault must not be.
		for _, interval := range []time.Duration{0, 1} {
			dir := t.TempDir()
			d := data()
			tr := trainer(t, 4)
			var good []float32
			tr.Callbacks = []training.Callback{
				checkpoint.Keep(dir, interval), training.EarlyStopping(9),
				{OnCheckpoint: func(r *training.Run) error {
					// The epoch has been kept, since Keep is asked first.
					if len(r.History.Epochs) == 2 && good == nil {
						good = weights(r.Trainer.Model)
						fault(r, d)
					}
					return nil
				}},
			}
			_, err := tr.Fit(context.Background(), d)
			if bad := (*training.NonFiniteError)(nil); !errors.As(err, &bad) {
				t.Errorf("%s: want a NonFiniteError, got %v", name, err)
			}
			s, err := checkpoint.Load(filepath.Join(dir, checkpoint.LastFile))
			if err != nil {
				t.Fatal(err)
			}
			again := trainer(t, 4)
			if err := s.Restore(again.Model); err != nil {
				t.Fatal(err)
			}
			kept := weights(again.Model)
			if slices.ContainsFunc(kept, func(v float32) bool { return v-v != 0 }) {
				t.Errorf("%s, interval %v: what is kept is not finite", name, interval)
			}
			if interval == 0 && (s.Steps != 26 || !slices.Equal(kept, good)) {
				t.Errorf("%s: the state is of step %d, want that of the last good epoch", name, s.Steps)
			}
			if w := weights(tr.Model); slices.ContainsFunc(w, func(v float32) bool { return v-v != 0 }) {
				t.Errorf("%s: early stopping must give finite parameters back", name)
			}
			if name == "weights" || name == "divergence" {
				// The cause is gone: the run goes on to its end.
				again.Callbacks = []training.Callback{checkpoint.Keep(dir, interval), training.EarlyStopping(9)}
				if again.Resume = s; interval == 0 {
					if h, err := again.Fit(context.Background(), data()); err != nil || len(h.Epochs) != 4 {
						t.Errorf("%s: going on: %v", name, err)
					}
				}
			}
		}
	}
}

// A disk that is full when a run ends does not hide that from those who come
// after.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	tr := trainer(t, 2)
	full := false
	tr.Callbacks = []training.Callback{
		checkpoint.Keep(dir, 0), training.EarlyStopping(9),
		{OnEpoch: func(r *training.Run) error {
			// A directory in the file's place is an error of writing for any user.
			if r.Epoch == 0 {
				full = true
				os.Remove(filepath.Join(dir, checkpoint.LastFile))
				return os.MkdirAll(filepath.Join(dir, checkpoint.LastFile, "x"), 0o777)
			}
			return nil
		}},
	}
	ended := false
	tr.Callbacks = append(tr.Callbacks, training.Callback{OnEnd: func(r *training.Run) error {
		ended = r.Err != nil
		return nil
	}})
	_, err := tr.Fit(context.Background(), data())
	if err == nil || !full || !strings.Contains(err.Error(), filepath.Join(dir, checkpoint.LastFile)) || !strings.Contains(err.Error(), "checkpoint: Save") {
		t.Errorf("want an error of Save that names the file, got %v", err)
	}
	if !ended {
		t.Error("the other callbacks are not told of the end")
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("temporary files are left: %v", files)
	}
}

// What a killed run has left beside its files is removed when it goes on, and nothing
// else is.
func TestKeepCleans(t *testing.T) {
	dir := t.TempDir()
	left := []string{".last.safetensors.123.tmp", ".best.safetensors.9.tmp"}
	others := []string{".config.json.5.tmp", "notes.tmp", ".last.safetensors.tmp", ".last.safetensors.x1.tmp"}
	for _, name := range slices.Concat(left, others) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tr := trainer(t, 1)
	tr.Callbacks = []training.Callback{checkpoint.Keep(dir, 0)}
	if _, err := tr.Fit(context.Background(), data()); err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s must be gone, got %v", name, err)
		}
	}
	for _, name := range others {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s must stay, got %v", name, err)
		}
	}
}
