package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// trialFile is the artefact with the trial that was trained, beside its model.
const trialFile = "trial.json"

// A comparison is what a worker has to know of a run besides the data.
type comparison struct {
	Settings settings       `json:"settings"` // without the path of the data
	Digest   string         `json:"digest"`   // of the data
	Plan     string         `json:"plan"`     // sha256 of what columns are used for, in YAML
	Length   compare.Length `json:"length"`
}

// trialConfig is the configuration of a trial.
type trialConfig struct {
	Comparison comparison   `json:"comparison"`
	Seed       int          `json:"seed"` // of the sweep; the comparison has its own
	Task       compare.Task `json:"task"`
}

// planHash returns the sha256 of a plan, "" of none.
func planHash(p *tabular.Plan) (string, error) {
	if p == nil {
		return "", nil
	}
	b, err := p.YAML()
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

func readTrial(data []byte, to *compare.Trial) error {
	n, err := configfile.ParseJSON(trialFile, data)
	if err != nil {
		return err
	}
	return n.DecodeAll(to)
}

// A trialProgram trains trials of comparisons on data that this machine has. It implements
// [sweep.Program].
type trialProgram struct {
	settings settings // the path of the data
	plan     *tabular.Plan
	memory   func(*compare.Experiment) error // nil: it fits

	of *current
}

// current is the comparison that trials are of.
type current struct {
	mu  sync.Mutex
	key string
	e   *compare.Experiment
}

// Metrics implements [sweep.Program]. The trial itself is an artefact.
func (trialProgram) Metrics() []string { return []string{"epochs"} }

// Normalize implements [sweep.Program].
func (trialProgram) Normalize(config []byte) ([]byte, error) {
	var c trialConfig
	if err := configfile.JSON("comparison", config, &c); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

// Run implements [sweep.Program].
func (p trialProgram) Run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	var c trialConfig
	if err := json.Unmarshal(job.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	e, err := p.experiment(c.Comparison)
	if err != nil {
		return sweep.Outcome{}, err
	}
	t, model, err := e.Train(ctx, c.Task)
	if ctx.Err() != nil {
		return sweep.Outcome{}, ctx.Err()
	}
	if err != nil {
		return sweep.Outcome{Failure: err.Error()}, nil
	}
	data, err := json.Marshal(t)
	if err != nil {
		return sweep.Outcome{}, err
	}
	if err := job.Keep(ctx, trialFile, data); err != nil {
		return sweep.Outcome{}, err
	}
	if model != nil {
		if err := job.Keep(ctx, modelFile, model); err != nil {
			return sweep.Outcome{}, err
		}
	}
	return sweep.Outcome{Metrics: map[string]float64{"epochs": float64(t.Epochs)}}, nil
}

// experiment returns the experiment of a comparison, which must be of the same data.
func (p trialProgram) experiment(of comparison) (*compare.Experiment, error) {
	key, err := json.Marshal(of)
	if err != nil {
		return nil, err
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if p.of.key == string(key) {
		return p.of.e, nil
	}
	s := of.Settings
	s.Data = p.settings.Data
	if err := s.check(); err != nil {
		return nil, err
	}
	d, err := s.load(p.plan)
	if err != nil {
		return nil, err
	}
	if d.digest != of.Digest {
		return nil, errors.Errorf("%s must be the same as where the run was started, and is not", s.Data)
	}
	if hash, err := planHash(d.plan); err != nil {
		return nil, err
	} else if hash != of.Plan {
		return nil, errors.New("--plan must be that of the run, which uses the columns in another way")
	}
	e, err := d.experiment(&s, of.Length, &compare.Store{}, 1)
	if err != nil {
		return nil, err
	}
	if p.memory != nil {
		if err := p.memory(e); err != nil {
			return nil, err
		}
	}
	p.of.key, p.of.e = string(key), e
	return e, nil
}

// workerCmd trains for runs on other machines.
type workerCmd struct {
	Data string `arg:"" help:"The data of the runs to work for: the same table, folder or text."`
	Plan string `type:"existingfile" help:"YAML file that the runs have as --plan."`
	connect.Flags
	room.Insist
	Workers int           `default:"2" help:"Trainings at a time."`
	Idle    time.Duration `help:"Exit after this long without a trial; 0 for never." placeholder:"DURATION"`
}

// Run is called by kong.
func (c *workerCmd) Run(ctx context.Context, to *cmdline.Console) error {
	if c.NATS == "" {
		return cmdline.Usagef("--nats must name a server, got none")
	}
	if c.Workers < 1 || c.Workers > maxWorkers || c.Idle < 0 {
		return cmdline.Usagef("--workers must be in [1, %d] and --idle not negative, got %d and %v", maxWorkers, c.Workers, c.Idle)
	}
	p := trialProgram{settings: settings{Data: c.Data}, of: new(current), memory: func(e *compare.Experiment) error {
		_, err := fits(c.Insist, e, c.Workers)
		return err
	}}
	var err error
	if c.Plan != "" {
		if p.plan, err = readPlan(c.Plan); err != nil {
			return cmdline.Usage(err)
		}
	}
	hash, err := digestOf(c.Data)
	if err != nil {
		return err
	}
	library := blas.Use(c.Workers)
	j, err := join(ctx, &c.Flags, "dropout worker", hash, library)
	if err != nil {
		return err
	}
	defer j.close()
	to.Logf("Works for runs on %s at %s. %s", c.Data, c.NATS, library)
	return j.work(ctx, c.Workers, c.Idle, p, func(s string) { to.Logf("%s", s) })
}
