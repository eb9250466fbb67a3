package training_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// MNIST must be learnt on a device as on the processor, to the last bit. A real device has
// more to do than the one for tests.
func TestDeviceLearnsMNIST(t *testing.T) {
	cudatest.Library(t)
	images, hidden := 600, []int{40, 30}
	if cudatest.Real() {
		images, hidden = 20000, []int{1024, 1024, 1024}
	}
	all, test, err := mnist.Open("../mnist/embedded")
	if err != nil {
		t.Fatal(err)
	}
	train, _, err := all.Stratified(images, 1)
	if err != nil {
		t.Fatal(err)
	}
	if test, err = test.Slice(0, images/2); err != nil {
		t.Fatal(err)
	}
	run := func(device string) (*models.Model, *training.History) {
		m, err := models.New(models.MLP{Inputs: 784, Hidden: hidden, Outputs: 10, InputDropout: 0.2, HiddenDropout: 0.5}, []int{784}, models.WithSeed(1))
		if err != nil {
			t.Fatal(err)
		}
		tr := &training.Trainer{
			Model: m, Epochs: 2, BatchSize: 128, Device: device,
			Solver: &optim.SGD{LR: 0.05, Momentum: 0.9, Regularization: optim.Regularization{MaxNorm: 2}},
		}
		h := fit(t, tr, training.Data{Train: train, Validation: test})
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
		return m, h
	}
	want, wantHistory := run("cpu")
	got, gotHistory := run("cuda:0")
	sameBits(t, weights(got), weights(want))
	for i, e := range gotHistory.Epochs {
		if w := wantHistory.Epochs[i]; e.Loss != w.Loss || e.Validation.Error() != w.Validation.Error() || e.Validation.NLL != w.Validation.NLL {
			t.Errorf("epoch %d: loss %v, error %v, want %v, %v", i, e.Loss, e.Validation.Error(), w.Loss, w.Validation.Error())
		}
		t.Logf("epoch %d: loss %.4f, validation error %.2f %%, %v on the device, %v on the processor",
			i, e.Loss, 100*e.Validation.Error(), e.Time, wantHistory.Epochs[i].Time)
	}
}

// Many steps must take no more memory than few.
func TestDeviceLeaksNothing(t *testing.T) {
	cudatest.Library(t)
	steps := int64(500)
	if cudatest.Real() {
		steps = 10000
	}
	tr := newTrainer(t, 0.5)
	tr.Device, tr.Epochs = "cuda:0", 1<<20
	ctx, cancel := context.WithCancel(t.Context())
	device := func() (free int64) {
		d, err := cuda.Open("cuda:0")
		if err == nil {
			free, _, err = d.MemoryInfo()
		}
		if err == nil {
			err = d.Close()
		}
		if err != nil {
			t.Error(err)
		}
		return free
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var free int64
	var held uint64
	tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		switch r.Steps {
		case 100:
			free, held = device(), heap()
		case 100 + steps:
			if now := device(); now != free {
				t.Errorf("%d bytes of the device are free after %d steps, %d before", now, steps, free)
			}
			if now := heap(); now > held+1<<20 {
				t.Errorf("%d bytes of the heap are in use after %d steps, %d before", now, steps, held)
			}
			cancel()
		}
		return nil
	}}}
	if _, err := tr.Fit(ctx, training.Data{Train: blobs(320, 1)}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
}

// Convolutions must be learnt with the same bits too: by tiles, by patches, with strides,
// and with dropout of channels.
func TestDeviceTrainsConvolutions(t *testing.T) {
	cudatest.Library(t)
	all, test, err := mnist.Open("../mnist/embedded")
	if err != nil {
		t.Fatal(err)
	}
	train, _, err := all.Stratified(70, 1)
	if err != nil {
		t.Fatal(err)
	}
	if test, err = test.Slice(0, 30); err != nil {
		t.Fatal(err)
	}
	nets := map[string]models.Layer{
		"tiles": models.ConvNet{Channels: []int{4, 16, 20}, Hidden: []int{24}, Outputs: 10, ChannelDropout: 0.2, HiddenDropout: 0.5},
		"patches": models.Sequential{
			models.Conv2d(3, 5, nn.WithStride(2)), models.ReLU(), models.MaxPool2d(3, nn.WithStride(2)), models.Dropout2d(0.3),
			models.Flatten(), models.Linear(0, 10),
		},
	}
	for name, net := range nets {
		t.Run(name, func(t *testing.T) {
			run := func(device string) *models.Model {
				m, err := models.New(models.Sequential{models.Unflatten(1, 28, 28), net}, []int{784}, models.WithSeed(1))
				if err != nil {
					t.Fatal(err)
				}
				tr := &training.Trainer{
					Model: m, Epochs: 2, BatchSize: 32, Device: device,
					Solver: &optim.Adam{Regularization: optim.Regularization{MaxNorm: 1}},
				}
				fit(t, tr, training.Data{Train: train, Validation: test})
				if err := tr.Close(); err != nil {
					t.Error(err)
				}
				return m
			}
			want := run("cpu")
			sameBits(t, weights(run("cuda:0")), weights(want))
		})
	}
}
