package training_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/cuda/cudatest"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"gorgonia.org/gorgonia"
)

// What is trained on a device must have the bits of the processor.
func TestDeviceTrainsTheSameBits(t *testing.T) {
	cudatest.Library(t)
	solvers := map[string]func() gorgonia.Solver{
		"SGD":      func() gorgonia.Solver { return &optim.SGD{LR: 0.1} },
		"momentum": func() gorgonia.Solver { return &optim.SGD{LR: 0.1, Momentum: 0.9} },
		"Nesterov": func() gorgonia.Solver {
			return &optim.SGD{LR: 0.1, Momentum: 0.9, Nesterov: true, Regularization: optim.Regularization{MaxNorm: 1}}
		},
		"Adam": func() gorgonia.Solver {
			return &optim.Adam{Regularization: optim.Regularization{WeightDecay: 1e-3, L1: 1e-4, ClipValue: 0.1}}
		},
		"AdamW": func() gorgonia.Solver {
			return &optim.AdamW{Regularization: optim.Regularization{WeightDecay: 1e-2}}
		},
	}
	for name, solver := range solvers {
		t.Run(name, func(t *testing.T) {
			train := func(device string) (*models.Model, *training.History) {
				tr := newTrainer(t, 0.5)
				tr.Model = deviceModel(t)
				tr.Solver, tr.Device, tr.Epochs = solver(), device, 3
				tr.LR = schedule.Cosine{Initial: 0.05, Steps: 30}
				tr.Loss = training.CrossEntropy(nn.WithLabelSmoothing(0.1))
				h := fit(t, tr, training.Data{Train: blobs(300, 1), Validation: blobs(77, 2)})
				if err := tr.Close(); err != nil {
					t.Error(err)
				}
				return tr.Model, h
			}
			want, wantHistory := train("cpu")
			got, gotHistory := train("cuda:0")
			sameBits(t, weights(got), weights(want))
			for i, e := range gotHistory.Epochs {
				w := wantHistory.Epochs[i]
				if e.Loss != w.Loss || fmt.Sprint(e.Train) != fmt.Sprint(w.Train) || fmt.Sprint(*e.Validation) != fmt.Sprint(*w.Validation) {
					t.Errorf("epoch %d is %+v on the device, want %+v", i, e, w)
				}
			}
		})
	}
}

// Gaussian dropout must have the bits of the processor: with a constant rate, one of a
// schedule that begins at 0, and noise that the elements of a channel share.
func TestDeviceTrainsGaussianDropout(t *testing.T) {
	cudatest.Library(t)
	train := func(device string) (*models.Model, *training.History) {
		m, err := models.New(models.Sequential{
			models.GaussianDropout(0.1), models.Linear(2, 36), models.ReLU(),
			models.GaussianDropout(0, ops.WithRate(schedule.Curriculum{P: 0.5, Gamma: 0.1})),
			models.Unflatten(4, 3, 3), models.GaussianDropout(0.3, ops.WithBroadcastAxes(2, 3)), models.Flatten(),
			models.Linear(36, 11), models.GaussianDropout(0.9), models.Sigmoid(), models.Linear(11, 3),
		}, []int{2}, models.WithSeed(3))
		if err != nil {
			t.Fatal(err)
		}
		tr := newTrainer(t, 0.5)
		tr.Model, tr.Device, tr.Epochs = m, device, 3
		h := fit(t, tr, training.Data{Train: blobs(300, 1), Validation: blobs(77, 2)})
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
		return m, h
	}
	want, wantHistory := train("cpu")
	got, gotHistory := train("cuda:0")
	sameBits(t, weights(got), weights(want))
	for i, e := range gotHistory.Epochs {
		if w := wantHistory.Epochs[i]; e.Loss != w.Loss || fmt.Sprint(*e.Validation) != fmt.Sprint(*w.Validation) {
			t.Errorf("epoch %d is %+v on the device, want %+v", i, e, w)
		}
	}
}

// deviceModel has odd sizes, dropout of inputs and hidden units, and a layer without an
// activation.
func deviceModel(t testing.TB) *models.Model {
	t.Helper()
	m, err := models.New(models.Sequential{
		models.Dropout(0.2), models.Linear(2, 37), models.ReLU(), models.Dropout(0.5),
		models.Linear(37, 11), models.Dropout(0.1), models.Linear(11, 130), models.ReLU(),
		models.Linear(130, 9), models.Sigmoid(), models.Linear(9, 3),
	}, []int{2}, models.WithSeed(3))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func sameBits(t testing.TB, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("value %d is %v, want %v", i, got[i], want[i])
		}
	}
}
