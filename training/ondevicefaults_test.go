package training_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A run that goes on elsewhere must end as one that stayed.
func TestDeviceResumes(t *testing.T) {
	cudatest.Library(t)
	data := training.Data{Train: blobs(300, 1), Validation: blobs(77, 2)}
	whole := onDevice(t, "cpu")
	fit(t, whole, data)
	for _, on := range [][2]string{{"cpu", "cuda:0"}, {"cuda:0", "cpu"}, {"cuda:0", "cuda:0"}} {
		first := onDevice(t, on[0])
		var state *training.State
		first.Callbacks = []training.Callback{{OnCheckpoint: func(r *training.Run) (err error) {
			if r.Steps == 13 { // within an epoch
				state, err = r.State()
				r.Stop("test")
			}
			return err
		}}}
		fit(t, first, data)
		second := onDevice(t, on[1])
		second.Resume = state
		fit(t, second, data)
		sameBits(t, weights(second.Model), weights(whole.Model))
	}
}

// onDevice is a trainer with momentum and all bounds.
func onDevice(t testing.TB, device string) *training.Trainer {
	t.Helper()
	tr := newTrainer(t, 0.5)
	tr.Model, tr.Epochs, tr.Device = deviceModel(t), 3, device
	tr.Solver = &optim.SGD{LR: 0.1, Momentum: 0.9, Regularization: optim.Regularization{MaxNorm: 2, ClipNorm: 0.5, WeightDecay: 1e-3}}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// Callbacks must see the weights of the moment, and what they change must count.
func TestDeviceCallbacksReadAndWrite(t *testing.T) {
	cudatest.Library(t)
	run := func(device string) (seen [][]float32, m *models.Model) {
		tr := onDevice(t, device)
		tr.Average = &training.Average{}
		tr.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
			seen = append(seen, weights(r.Trainer.Model))
			if r.Steps%4 == 0 {
				return r.Trainer.Model.Update(func() error {
					r.Trainer.Model.Params()[0].Value().Float32s()[3] *= 1.5
					return nil
				})
			}
			return nil
		}}}
		fit(t, tr, training.Data{Train: blobs(100, 1)})
		return seen, tr.Model
	}
	want, wantModel := run("cpu")
	got, gotModel := run("cuda:0")
	for i := range want {
		sameBits(t, got[i], want[i])
	}
	sameBits(t, weights(gotModel), weights(wantModel))
}

// A loss that is not finite must leave the parameters as they were.
func TestDeviceStopsBeforeAnUpdate(t *testing.T) {
	cudatest.Library(t)
	bad := blobs(32, 1)
	bad.X[7] = float32(math.NaN())
	for _, device := range []string{"cpu", "cuda:0"} {
		tr := onDevice(t, device)
		before := weights(tr.Model)
		_, err := tr.Fit(context.Background(), training.Data{Train: bad})
		if wrong := (*training.NonFiniteError)(nil); !errors.As(err, &wrong) || !strings.Contains(wrong.Cause, "input 1 of example 3") {
			t.Errorf("%s: the error is %v, want a NonFiniteError about input 1 of example 3", device, err)
		}
		sameBits(t, weights(tr.Model), before)
	}
	// In a batch that was gathered ahead.
	later := blobs(128, 1)
	later.X[85] = float32(math.Inf(1))
	tr := onDevice(t, "cuda:0")
	tr.Epochs = 1
	if _, err := tr.Fit(context.Background(), training.Data{Train: later}); err == nil || !strings.Contains(err.Error(), "input 1 of example 42 is +Inf") {
		t.Errorf("the error is %v, want one about input 1 of example 42", err)
	}
}

func TestDeviceRefuses(t *testing.T) {
	cudatest.Library(t)
	for name, of := range map[string]struct {
		change func(*training.Trainer)
		want   string
	}{
		"number": {func(tr *training.Trainer) { tr.Device = "cuda:7" }, "cuda:7"},
		"name":   {func(tr *training.Trainer) { tr.Device = "tpu" }, `"tpu"`},
		"gradients": {func(tr *training.Trainer) {
			tr.Callbacks = []training.Callback{{OnGradients: func(*training.Run) error { return nil }}}
		}, `callbacks must not have OnGradients on a device`},
		"accumulation": {func(tr *training.Trainer) { tr.Accumulate = 2 }, "Accumulate must be 1 on a device"},
		"skipping":     {func(tr *training.Trainer) { tr.NonFinite = training.SkipNonFinite }, "NonFinite must be StopOnNonFinite"},
		"solver":       {func(tr *training.Trainer) { tr.Solver = &optim.RMSProp{} }, "solver must be SGD, Adam or AdamW on a device, got *optim.RMSProp"},
		"op": {func(tr *training.Trainer) {
			m, err := models.New(models.Sequential{models.Linear(2, 4), models.GELU(), models.Linear(4, 3)}, []int{2})
			if err != nil {
				t.Fatal(err)
			}
			tr.Model = m
		}, "GELU must have a kernel for devices, got none"},
	} {
		tr := onDevice(t, "cuda:0")
		of.change(tr)
		_, err := tr.Fit(context.Background(), training.Data{Train: blobs(100, 1)})
		if err == nil || !strings.Contains(err.Error(), of.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %v, want one sentence with %q", name, err, of.want)
		}
	}
}

// Auto must take the device where it can, and say why where it cannot.
func TestDeviceAuto(t *testing.T) {
	cudatest.Library(t)
	run := func(change func(*training.Trainer)) (name string, why error) {
		tr := onDevice(t, training.Auto)
		change(tr)
		tr.Callbacks = []training.Callback{{OnEpoch: func(r *training.Run) error {
			name, why = r.Device()
			return nil
		}}}
		fit(t, tr, training.Data{Train: blobs(100, 1), Validation: blobs(10, 2)})
		return name, why
	}
	if name, why := run(func(*training.Trainer) {}); name != "cuda:0" || why != nil {
		t.Errorf("a run is on %s (%v), want cuda:0", name, why)
	}
	if name, why := run(func(tr *training.Trainer) { tr.Accumulate = 2 }); name != "cpu" || why == nil {
		t.Errorf("a run that accumulates is on %s (%v), want cpu with the reason", name, why)
	}
	if name, why := run(func(tr *training.Trainer) { tr.Solver = &optim.RMSProp{} }); name != "cpu" || why == nil {
		t.Errorf("a run whose solver has no kernel is on %s (%v), want cpu with the reason", name, why)
	}
	cudatest.WithoutDevice(t)
	if name, why := run(func(*training.Trainer) {}); name != "cpu" || why == nil {
		t.Errorf("without a device a run is on %s (%v), want cpu with the reason", name, why)
	}
}

// What fails on a device must be one sentence, and free everything.
func TestDeviceFails(t *testing.T) {
	for _, function := range []string{"cuMemAlloc_v2", "cuMemHostAlloc", "execute", "cuGraphLaunch", "cuModuleLoadDataEx"} {
		for _, after := range []int{0, 1, 5, 30} {
			before := cudatest.Live(t)
			tr := onDevice(t, "cuda:0")
			cudatest.Fail(t, function, after, cuda.OutOfMemory)
			_, err := tr.Fit(context.Background(), training.Data{Train: blobs(100, 1)})
			if err != nil && (!strings.Contains(err.Error(), "OUT_OF_MEMORY") && !strings.Contains(err.Error(), "must be free on the device") ||
				strings.Contains(err.Error(), "\n")) {
				t.Errorf("%s, call %d: the error is %v, want one sentence about memory", function, after, err)
			}
			cudatest.Reset(t)
			if err := tr.Close(); err != nil {
				t.Errorf("%s, call %d: closing: %v", function, after, err)
			}
			// After an error of what ran, a device frees nothing more.
			if n := cudatest.Live(t) - before; n != 0 && function != "execute" {
				t.Errorf("%s, call %d: %d things were not freed", function, after, n)
			}
		}
	}
}

// Data may look at the model, also while a device computes: what they see is what a run on
// the processor shows them.
func TestDeviceDataReadTheModel(t *testing.T) {
	cudatest.Library(t)
	run := func(device string) [][]float32 {
		tr := onDevice(t, device)
		data := &curious{Examples: blobs(160, 1), model: tr.Model}
		fit(t, tr, training.Data{Train: data})
		return data.seen
	}
	want, got := run("cpu"), run("cuda:0")
	if len(got) != len(want) {
		t.Fatalf("data are asked %d times, want %d", len(got), len(want))
	}
	for i := range want {
		sameBits(t, got[i], want[i])
	}
}

// A curious set of examples looks at the weights whenever it is asked for some.
type curious struct {
	*training.Examples
	model *models.Model
	seen  [][]float32
}

func (c *curious) Gather(indices []int, x []float32, y []int) error {
	c.seen = append(c.seen, weights(c.model))
	return c.Examples.Gather(indices, x, y)
}
