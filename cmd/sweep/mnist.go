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
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// mnistProgram trains the network of cmd/mnist once.
type mnistProgram struct {
	// every is how often a checkpoint is kept.
	every time.Duration

	once        sync.Once
	train, test *mnist.Set
	err         error
}

// mnistConfig is the configuration of a trial: settings of cmd/mnist, and the
// seed.
type mnistConfig struct {
	mnistrun.Config
	Seed      uint64 `json:"seed"`
	KeepModel bool   `json:"keep_model"` // as an artefact
}

// defaults are those of cmd/mnist, but for the learning curve, which would cost
// time.
var defaults = sync.OnceValues(func() (mnistConfig, error) {
	var c mnistConfig
	parser, err := kong.New(&c.Config)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	c.Curve, c.Seed = 0, 1
	return c, err
})

// Metrics returns what training.History measures of a trial.
func (m *mnistProgram) Metrics() []string {
	return []string{"error", "nll", "train_error", "train_nll", "steps"}
}

// Normalize fills in the defaults of cmd/mnist. Settings have the names that its
// config.json has.
func (m *mnistProgram) Normalize(config []byte) ([]byte, error) {
	c, err := defaults()
	if err != nil {
		return nil, err
	}
	c.Hidden = slices.Clone(c.Hidden) // not to be written over
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

// sets reads MNIST once for all trials.
func (m *mnistProgram) sets(c *mnistConfig) (*mnistrun.Sets, error) {
	m.once.Do(func() { m.train, m.test, m.err = embedded.Load() })
	if m.err != nil {
		return nil, m.err
	}
	return c.Split(m.train, m.test)
}

// Run trains the network, going on from a checkpoint where there is one.
func (m *mnistProgram) Run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	var c mnistConfig
	if err := json.Unmarshal(job.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	failed := func(err error) (sweep.Outcome, error) {
		if ctx.Err() != nil {
			return sweep.Outcome{}, ctx.Err()
		}
		return sweep.Outcome{Failure: err.Error()}, nil
	}
	sets, err := m.sets(&c)
	if err != nil {
		return failed(err)
	}
	t, data, err := c.Trainer(sets, c.Seed)
	if err != nil {
		return failed(err)
	}
	dir, err := os.MkdirTemp("", "sweep-")
	if err != nil {
		return sweep.Outcome{}, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, checkpoint.LastFile)
	var broken error // of this machine, not of the trial
	saved := time.Now()
	t.Callbacks = append(t.Callbacks, training.Callback{OnCheckpoint: func(r *training.Run) error {
		job.Progress(r.Steps, int64(t.Epochs)*int64(r.StepsPerEpoch))
		if m.every <= 0 || time.Since(saved) < m.every {
			return nil
		}
		saved = time.Now()
		broken = m.save(ctx, job, r, path)
		return broken
	}})
	if t.Resume, err = resume(ctx, job, path); err != nil {
		return sweep.Outcome{}, err
	}
	h, err := t.Fit(ctx, data)
	if broken != nil {
		return sweep.Outcome{}, broken
	}
	if err != nil {
		return failed(err)
	}
	hash, err := fingerprint(t.Model)
	if err != nil {
		return failed(err)
	}
	o := sweep.Outcome{
		Metrics: map[string]float64{
			"error": h.Test.Error(), "nll": h.Test.NLL, "train_error": h.Train.Error(), "train_nll": h.Train.NLL, "steps": float64(h.Steps),
		},
		Fingerprint: hash,
	}
	if c.KeepModel {
		if err := keepModel(ctx, job, t.Model); err != nil {
			return sweep.Outcome{}, err
		}
	}
	return o, nil
}

func (m *mnistProgram) save(ctx context.Context, job sweep.Job, r *training.Run, path string) error {
	s, err := r.State()
	if err != nil {
		return err
	}
	data, err := encode(s, path)
	if err != nil {
		return err
	}
	return job.SaveCheckpoint(ctx, data)
}

func encode(s *training.State, path string) ([]byte, error) {
	if err := checkpoint.Save(path, s); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// resume returns the state that an earlier worker has left, nil if there is
// none that can be read.
func resume(ctx context.Context, job sweep.Job, path string) (*training.State, error) {
	data, err := job.Checkpoint(ctx)
	if err != nil || data == nil {
		return nil, err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	s, err := checkpoint.Load(path)
	if err != nil {
		return nil, nil // damaged: the trial begins anew
	}
	return s, nil
}

// fingerprint is a hash of all that training has made of a model, bit for bit: its
// parameters and its other state, such as running statistics.
func fingerprint(m *models.Model) (string, error) {
	h := sha256.New()
	// The file has the tensors in a fixed order, with their names and shapes.
	if err := m.WriteSafetensors(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// keepModel stores the trained model as Model.Save does, for Model.Load to take and
// other programs.
func keepModel(ctx context.Context, job sweep.Job, m *models.Model) error {
	var file bytes.Buffer
	if err := m.WriteSafetensors(&file); err != nil {
		return err
	}
	return job.Keep(ctx, "model.safetensors", file.Bytes())
}
