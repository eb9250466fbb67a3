package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// mnistProgram trains the network of cmd/mnist once.
type mnistProgram struct {
	// every is how often a checkpoint is kept.
	every time.Duration
}

// mnistConfig is the configuration of a trial: settings of cmd/mnist, and the
// seed.
type mnistConfig struct {
	mnistrun.Config
	Seed      uint64 `json:"seed"`
	KeepModel bool   `json:"keep_model"` // as an artefact
}

// defaults are those of cmd/mnist, except for the learning curve, which would
// take time.
var defaults = sync.OnceValues(func() (mnistConfig, error) {
	var c mnistConfig
	parser, err := kong.New(&c.Config)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	c.Curve, c.Seed = 0, 1
	return c, err
})

// Metrics returns the measures of a trial's training.History.
func (m *mnistProgram) Metrics() []string {
	return []string{"error", "nll", "train_error", "train_nll", "steps"}
}

// Normalize fills in the defaults of cmd/mnist. Settings have the same names as
// in its config.json.
func (m *mnistProgram) Normalize(config []byte) ([]byte, error) {
	c, err := defaults()
	if err != nil {
		return nil, err
	}
	c.Hidden = slices.Clone(c.Hidden) // so that it is not overwritten
	if err := settings("mnist", config, &c); err != nil {
		return nil, err
	}
	if c.Data != "" {
		return nil, errors.New("mnist: data must be left out, since a trial is to be the same on every machine")
	}
	if err := c.Check(); err != nil {
		return nil, errors.WithMessage(err, "mnist")
	}
	return json.Marshal(c)
}

// Run trains the network, from a checkpoint if there is one.
func (m *mnistProgram) Run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	var c mnistConfig
	if err := json.Unmarshal(job.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	dir, err := os.MkdirTemp("", "sweep-")
	if err != nil {
		return sweep.Outcome{}, err
	}
	defer os.RemoveAll(dir)
	store := &jobStore{job: job, every: m.every, path: filepath.Join(dir, checkpoint.LastFile)}
	var model *models.Model
	arm := experiment.Arm{Name: "mnist", Store: func(uint64) experiment.Store { return store }}
	arm.New = func(seed uint64) (*training.Trainer, training.Data, error) {
		sets, err := c.Load()
		if err != nil {
			return nil, training.Data{}, err
		}
		t, data, err := c.Trainer(sets, seed)
		if err == nil {
			model = t.Model
		}
		return t, data, err
	}
	results, err := experiment.Run(ctx, []experiment.Arm{arm}, []uint64{c.Seed}, 1, nil)
	if store.err != nil {
		return sweep.Outcome{}, store.err
	}
	if ctx.Err() != nil {
		return sweep.Outcome{}, ctx.Err()
	}
	var hash string
	if err == nil {
		hash, err = fingerprint(model)
	}
	if err != nil {
		// Such an error belongs to the trial, whichever machine runs it.
		if of := (*experiment.TrialError)(nil); errors.As(err, &of) {
			err = of.Err
		}
		return sweep.Outcome{Failure: err.Error()}, nil
	}
	if c.KeepModel {
		if err := keepModel(ctx, job, model); err != nil {
			return sweep.Outcome{}, err
		}
	}
	h := results[0].History
	return sweep.Outcome{
		Metrics: map[string]float64{
			"error": h.Test.Error(), "nll": h.Test.NLL, "train_error": h.Train.Error(), "train_nll": h.Train.NLL, "steps": float64(h.Steps),
		},
		Fingerprint: hash,
	}, nil
}

// fingerprint returns a hash of everything that training has made of a model,
// bit for bit: its parameters and its other state, such as running statistics.
func fingerprint(m *models.Model) (string, error) {
	h := sha256.New()
	// The file has the tensors in a fixed order, with their names and shapes.
	if err := m.WriteSafetensors(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// keepModel stores the trained model as Model.Save does, for Model.Load and
// other programs.
func keepModel(ctx context.Context, job sweep.Job, m *models.Model) error {
	var file bytes.Buffer
	if err := m.WriteSafetensors(&file); err != nil {
		return err
	}
	return job.Keep(ctx, "model.safetensors", file.Bytes())
}
