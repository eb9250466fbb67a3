package training

import (
	"context"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// BenchmarkDeviceStep is a step of the networks of cmd/bench on a real device: "fit" as a run
// does it, with the batch gathered on the host and the loss known after each step, and
// "device" with the same batch again and again and nobody waiting.
func BenchmarkDeviceStep(b *testing.B) {
	b.Run("mlp", func(b *testing.B) {
		benchDevice(b, models.MLP{Inputs: 784, Hidden: []int{1024, 1024, 1024}, Outputs: 10, InputDropout: 0.2, HiddenDropout: 0.5}, 128, 784)
	})
	b.Run("cnn", func(b *testing.B) {
		benchDevice(b, models.ConvNet{Channels: []int{32, 64}, Hidden: []int{128}, Outputs: 10, ChannelDropout: 0.25, HiddenDropout: 0.5}, 64, 1, 28, 28)
	})
}

func benchDevice(b *testing.B, net models.Layer, size int, shape ...int) {
	b.Helper()
	if !cudatest.Real() {
		b.Skip("the host is no device to time")
	}
	data := &Examples{Shape: shape, X: make([]float32, 12800*784), Y: make([]int, 12800)}
	for i := range data.X {
		data.X[i] = float32(i%251) / 251
	}
	for i := range data.Y {
		data.Y[i] = i % 10
	}
	newTrainer := func(b *testing.B) *Trainer {
		b.Helper()
		m, err := models.New(net, shape)
		if err != nil {
			b.Fatal(err)
		}
		t := &Trainer{Model: m, Solver: &optim.SGD{LR: 0.01, Momentum: 0.9}, BatchSize: size, Epochs: 1, Device: "cuda:0"}
		b.Cleanup(func() {
			if err := t.Close(); err != nil {
				b.Error(err)
			}
		})
		return t
	}
	b.Run("fit", func(b *testing.B) {
		t := newTrainer(b)
		var first time.Time
		steps := 0
		t.Epochs = 1 << 20
		ctx, cancel := context.WithCancel(b.Context())
		t.Callbacks = []Callback{{OnStep: func(r *Run) error {
			if steps++; steps == 50 {
				first = time.Now()
			}
			if steps == 50+b.N {
				b.ReportMetric(float64(time.Since(first).Nanoseconds())/float64(b.N)/1e3, "us/step")
				cancel()
			}
			return nil
		}}}
		if _, err := t.Fit(ctx, Data{Train: data}); err != nil && ctx.Err() == nil {
			b.Fatal(err)
		}
	})
	b.Run("device", func(b *testing.B) {
		t := newTrainer(b)
		r := &Run{Trainer: t, model: t.Model, fields: FieldsOf(data)}
		t.resolve(size, r.fields)
		batch, err := t.batch(models.Train, size, r.fields)
		if err != nil {
			b.Fatal(err)
		}
		if err := batch.gather(data, make([]int, size)); err != nil {
			b.Fatal(err)
		}
		if err := r.runOnDevice(batch, data); err != nil {
			b.Fatal(err)
		}
		defer r.updates.close()
		machine := batch.machine()
		start := time.Now()
		for i := range 50 + b.N {
			if i == 50 {
				start = time.Now()
			}
			if err := r.updates.solver.Next(); err != nil {
				b.Fatal(err)
			}
			if err := machine.Start(); err != nil {
				b.Fatal(err)
			}
		}
		if err := machine.Finish(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N)/1e3, "us/step")
	})
}
