// Package sameweights holds no code, only the test that a training gives the same
// weights everywhere: with each instruction set, with any number of goroutines, and on
// each processor for which Go compiles. Hashes that were changed on purpose are written
// anew by
//
//	go test ./internal/sameweights -update
//
// Other processors are tested in emulators:
//
//	QEMU_LD_PREFIX=/usr/aarch64-linux-gnu GOARCH=arm64 go test -short -exec qemu-aarch64-static ./internal/sameweights
//	GOOS=js GOARCH=wasm go test -short -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" ./internal/sameweights
package sameweights

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

var update = flag.Bool("update", false, "write the hashes anew")

const hashes = "testdata/hashes.json"

// trainings are what is trained: between them every kernel, elementary function and
// solver has a part.
var trainings = map[string]func() (*training.Trainer, training.Dataset, error){
	"MLP": func() (*training.Trainer, training.Dataset, error) {
		m, err := models.New(models.MLP{Inputs: 20, Hidden: []int{64, 48}, Outputs: 5, InputDropout: 0.1, HiddenDropout: 0.5, BatchNorm: true, Activation: models.GELU()}, []int{20}, models.WithSeed(1))
		return &training.Trainer{Model: m, Solver: &optim.Adam{}, LR: schedule.Warmup{Steps: 3, Then: schedule.Cosine{Initial: 0.01, Steps: 20}}}, examples(150, 20), err
	},
	"MLP of float64": func() (*training.Trainer, training.Dataset, error) {
		m, err := models.New(models.MLP{Inputs: 20, Hidden: []int{40}, Outputs: 5, HiddenDropout: 0.3, Activation: models.SELU(), Init: models.HeUniform}, []int{20},
			models.WithSeed(1), models.WithDtype(tensor.Float64))
		return &training.Trainer{Model: m, Solver: &optim.RMSProp{LR: 0.01, Momentum: 0.5}}, examples(150, 20), err
	},
	"submatrix dropout": func() (*training.Trainer, training.Dataset, error) {
		m, err := models.New(models.MLP{Inputs: 20, Hidden: []int{64, 64}, Outputs: 5, HiddenDropout: 0.5, Submatrix: true}, []int{20}, models.WithSeed(1))
		return &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9, Nesterov: true, Regularization: optim.Regularization{MaxNorm: 2, WeightDecay: 1e-3}}}, examples(150, 20), err
	},
	"ConvNet": func() (*training.Trainer, training.Dataset, error) {
		m, err := models.New(models.ConvNet{Channels: []int{8, 16}, Hidden: []int{24}, Outputs: 5, ChannelDropout: 0.2, HiddenDropout: 0.5, BatchNorm: true}, []int{1, 12, 12}, models.WithSeed(1))
		return &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.05, Momentum: 0.9, Regularization: optim.Regularization{ClipNorm: 1}}}, examples(60, 1, 12, 12), err
	},
	"LSTM": func() (*training.Trainer, training.Dataset, error) {
		m, err := models.New(models.LSTMLanguageModel{Vocabulary: 11, Width: 16, LSTM: models.LSTM{Units: 24, WeightDrop: 0.3}, EmbeddingDropout: 0.1, OutputDropout: 0.3}, []int{12}, models.WithSeed(1))
		return &training.Trainer{Model: m, Solver: &optim.AdamW{LR: 0.01, Regularization: optim.Regularization{WeightDecay: 0.01}}}, text(600), err
	},
	"Transformer": func() (*training.Trainer, training.Dataset, error) {
		m, err := models.New(models.TransformerLanguageModel{Vocabulary: 11, Context: 12, Width: 16, Blocks: 1,
			Block: models.TransformerBlock{Heads: 2, AttentionDropout: 0.2, HiddenDropout: 0.2, ResidualDropout: 0.2}}, []int{12}, models.WithSeed(1))
		return &training.Trainer{Model: m, Solver: &optim.AdaGrad{LR: 0.05}}, text(600), err
	},
}

// examples are noise around the corners of a pattern; whole numbers and divisions by
// powers of 2 alone, so that they are the same everywhere.
func examples(n int, shape ...int) *training.Examples {
	r := rand.New(rand.NewPCG(1, 2))
	e := &training.Examples{Shape: shape}
	size := tensor.Shape(shape).TotalSize()
	for i := range n {
		for k := range size {
			e.X = append(e.X, float32((i%5)*(k%3)-2)/4+float32(r.IntN(1024)-512)/1024)
		}
		e.Y = append(e.Y, i%5)
	}
	return e
}

// text is a line of ids of which each follows from two before it, mostly.
func text(n int) *datasets.Windows {
	r := rand.New(rand.NewPCG(3, 4))
	ids := []int{1, 2}
	for len(ids) < n {
		next := (ids[len(ids)-1] + 2*ids[len(ids)-2]) % 11
		if r.IntN(8) == 0 {
			next = r.IntN(11)
		}
		ids = append(ids, next)
	}
	return &datasets.Windows{IDs: ids, Length: 12}
}

// weights returns the hash of all weights after some epochs.
func weights(t *testing.T, name string) string {
	t.Helper()
	trainer, data, err := trainings[name]()
	if err != nil {
		t.Fatal(err)
	}
	trainer.Epochs, trainer.BatchSize, trainer.Seed = 3, 16, 1
	if _, err := trainer.Fit(t.Context(), training.Data{Train: data}); err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, p := range trainer.Model.Params() {
		if err := binary.Write(h, binary.LittleEndian, p.Value().Data()); err != nil {
			t.Fatal(err)
		}
		for _, v := range floats(p.Value().Data()) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s has the weight %v", p.Name(), v)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func floats(data any) []float64 {
	if x, ok := data.([]float64); ok {
		return x
	}
	var all []float64
	for _, v := range data.([]float32) {
		all = append(all, float64(v))
	}
	return all
}

func TestSameWeights(t *testing.T) {
	want := map[string]string{}
	if *update {
		for name := range trainings {
			want[name] = weights(t, name)
		}
		data, err := json.MarshalIndent(want, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(hashes, append(data, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(hashes)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for name := range trainings {
		t.Run(name, func(t *testing.T) {
			counts := []int{1, 2, 3}
			if testing.Short() {
				counts = counts[2:]
			}
			for _, goroutines := range counts {
				before := runtime.GOMAXPROCS(goroutines)
				got := weights(t, name)
				runtime.GOMAXPROCS(before)
				if got != want[name] {
					t.Errorf("weights of %s with %v on %s and %d goroutines: want %s, got %s", name, isa.Active(), runtime.GOARCH, goroutines, want[name], got)
				}
			}
		})
	}
}

// The instruction set is chosen once in a process, so each has its own.
func TestSameWeightsByEachInstructionSet(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes here, and one instruction set")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range isa.Supported() {
		if set == isa.Active() {
			continue
		}
		t.Run(set.String(), func(t *testing.T) {
			c := exec.CommandContext(t.Context(), program, "-test.short", "-test.run=^TestSameWeights$")
			c.Env = append(os.Environ(), "DROPOUT_KERNEL="+set.String())
			out, err := c.CombinedOutput()
			if errors.Is(err, syscall.ENOEXEC) {
				t.Skipf("this processor is emulated, and cannot run another emulated program; run the test with DROPOUT_KERNEL=%v", set)
			}
			if err != nil {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}
