package training_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// zeros is a set of n examples of zeros, of class 0.
func zeros(n int, shape ...int) *training.Examples {
	return &training.Examples{Shape: shape, X: make([]float32, n*tensor.Shape(shape).TotalSize()), Y: make([]int, n)}
}

// live returns the bytes on the heap that are in use.
func live() int64 {
	var m runtime.MemStats
	for range 3 { // what pools hold goes with the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The estimate, made of a sketch, is near what training leaves on the heap while its
// trainer is there: networks that are mostly weights, and such that are mostly
// activations.
func TestMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has memory of its own on the heap")
	}
	momentum := func() gorgonia.Solver { return &optim.SGD{LR: 0.1, Momentum: 0.9} }
	for _, tt := range []struct {
		name   string
		net    models.Layer
		shape  []int
		solver func() gorgonia.Solver
		batch  int
		n      int
		opts   []models.Option
	}{
		{"weights", models.MLP{Inputs: 784, Hidden: []int{1000, 1000}, Outputs: 10, HiddenDropout: 0.5}, []int{784}, momentum, 10, 25, nil},
		{"no slots", models.MLP{Inputs: 784, Hidden: []int{1000, 1000}, Outputs: 10, HiddenDropout: 0.5}, []int{784}, func() gorgonia.Solver { return &optim.SGD{LR: 0.1} }, 10, 20, nil},
		{"Adam in float64", models.MLP{Inputs: 784, Hidden: []int{500, 500}, Outputs: 10, HiddenDropout: 0.5}, []int{784}, func() gorgonia.Solver { return &optim.Adam{} }, 10, 25,
			[]models.Option{models.WithDtype(tensor.Float64)}},
		{"submatrix", models.MLP{Inputs: 784, Hidden: []int{1000, 1000}, Outputs: 10, HiddenDropout: 0.5, Submatrix: true}, []int{784}, momentum, 10, 20, nil},
		{"activations", models.MLP{Inputs: 784, Hidden: []int{100, 100}, Outputs: 10, HiddenDropout: 0.5}, []int{784}, momentum, 1000, 1700, nil},
		{"layer by layer", models.MLP{Inputs: 784, Hidden: []int{200, 200}, Outputs: 10, HiddenDropout: 0.5}, []int{784}, momentum, 1000, 1000, []models.Option{models.WithoutFusion()}},
		{"batch normalization", models.MLP{Inputs: 100, Hidden: []int{200, 200}, Outputs: 10, HiddenDropout: 0.5, BatchNorm: true}, []int{100}, momentum, 1000, 1000, nil},
		{"images", models.ConvNet{Channels: []int{16, 32}, Hidden: []int{128}, Outputs: 10, ChannelDropout: 0.1, HiddenDropout: 0.5}, []int{1, 28, 28}, momentum, 100, 150, nil},
		{"text", models.LSTMLanguageModel{Vocabulary: 1000, Width: 64, LSTM: models.LSTM{Units: 64, Layers: 2, LayerDropout: 0.1}}, []int{20}, momentum, 20, 20, nil},
		{"attention", models.TransformerLanguageModel{Vocabulary: 500, Context: 32, Width: 64, Blocks: 2, Block: models.TransformerBlock{Heads: 4, AttentionDropout: 0.1}}, []int{32}, momentum, 20, 20, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := zeros(tt.n, tt.shape...)
			if len(tt.shape) == 1 && tt.shape[0] < 100 {
				set.Y = make([]int, len(set.X)) // a label for each token
			}
			of := func(opts ...models.Option) (*training.Trainer, training.Data) {
				m, err := models.New(tt.net, tt.shape, append(opts, tt.opts...)...)
				if err != nil {
					t.Fatal(err)
				}
				return &training.Trainer{Model: m, Solver: tt.solver(), Epochs: 1, BatchSize: tt.batch}, training.Data{Train: set}
			}
			sketch, data := of(models.AsSketch())
			want, err := sketch.Memory(data)
			if err != nil {
				t.Fatal(err)
			}
			// Once for what the program makes once.
			warm, data := of()
			if _, err := warm.Fit(context.Background(), data); err != nil {
				t.Fatal(err)
			}
			warm = nil
			before := live()
			trainer, data := of()
			if again, err := trainer.Memory(data); err != nil || again != want {
				t.Errorf("the model itself must take what its sketch does, %+v, got %+v, %v", want, again, err)
			}
			if _, err := trainer.Fit(context.Background(), data); err != nil {
				t.Fatal(err)
			}
			got := live() - before
			runtime.KeepAlive(trainer)
			runtime.KeepAlive(set)
			ratio := float64(want.Total()) / float64(got)
			t.Logf("%v; on the heap %.1f MiB: %.2f", want, float64(got)/(1<<20), ratio)
			if ratio < 0.9 || ratio > 1.4 { // Gorgonia's own ops share some memory
				t.Errorf("estimated %d, got %d bytes: %.2f", want.Total(), got, ratio)
			}
		})
	}
}

func TestMemoryErrors(t *testing.T) {
	tr := newTrainer(t, 0.5)
	if _, err := tr.Memory(training.Data{}); err == nil || !strings.Contains(err.Error(), "training: Memory: ") {
		t.Errorf("want an error about Train, got %v", err)
	}
	sketch := newTrainer(t, 0.5, models.AsSketch())
	if _, err := sketch.Fit(context.Background(), training.Data{Train: blobs(40, 1)}); err == nil || !strings.Contains(err.Error(), "model must have values, got a sketch") {
		t.Errorf("a sketch must not be trained, got %v", err)
	}
}
