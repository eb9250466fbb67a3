package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/sums"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// verifyCmd checks the files of a run, all together.
type verifyCmd struct {
	mnistrun.Insist
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`
}

// verification checks the files of a run.
type verification struct {
	*sums.Verification
	dir      runDir
	settings *settings
}

func missing(err error) bool { return errors.Is(err, os.ErrNotExist) }

// Run is called by kong.
func (c *verifyCmd) Run(ctx context.Context, to *cmdline.Console) error {
	of, err := sums.NewVerification(string(c.Dir))
	if err != nil {
		return err
	}
	v := &verification{Verification: of, dir: c.Dir}
	if err := v.run(ctx, c); err != nil {
		return err
	}
	return v.Report(to.Out, to.JSON)
}

// run checks files from those that others depend on to those that depend on others.
func (v *verification) run(ctx context.Context, c *verifyCmd) (err error) {
	if v.settings, err = v.dir.settings(); err != nil {
		return err
	}
	if err := c.Loading(&v.settings.Config); err != nil {
		return err
	}
	sets, err := v.settings.Load()
	if err != nil {
		return err
	}
	v.Check(checkpoint.ConfigFile, nil)
	v.Check(resultsFile, v.results)
	for _, a := range v.settings.arms() {
		for _, seed := range v.settings.seeds() {
			if err := ctx.Err(); err != nil {
				return err
			}
			v.Check(v.dir.name(a.name, seed, checkpoint.LastFile), func() error { return v.resumes(a, seed, sets) })
			v.Check(v.dir.name(a.name, seed, checkpoint.BestFile), func() error { return v.loads(a, seed, checkpoint.BestFile) })
			v.Check(v.dir.name(a.name, seed, modelFile), func() error { return v.loads(a, seed, modelFile) })
		}
	}
	v.Rest()
	return nil
}

// results checks that results are of the arms and seeds of the run, each once.
func (v *verification) results() error {
	results, err := v.dir.results()
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, r := range results {
		known := slices.Contains(v.settings.seeds(), r.Seed) && (r.Arm == without || r.Arm == with)
		key := fmt.Sprint(r.Arm, r.Seed)
		if !known || seen[key] || r.History == nil {
			return errors.Errorf("%s: results must be of the run's arms and seeds, each once, got %q, seed %d", v.dir.path(resultsFile), r.Arm, r.Seed)
		}
		seen[key] = true
	}
	return nil
}

// loads checks that a file has the weights of the network of an arm.
func (v *verification) loads(a arm, seed uint64, file string) error {
	m, err := a.Model(784, 10, seed)
	if err != nil {
		return err
	}
	return m.Load(v.dir.trial(a.name, seed).path(file))
}

// resumes checks that a checkpoint is of an arm and a seed: that it could be resumed.
func (v *verification) resumes(a arm, seed uint64, sets *mnistrun.Sets) error {
	path := v.dir.trial(a.name, seed).path(checkpoint.LastFile)
	state, err := checkpoint.Load(path)
	if err != nil {
		return err
	}
	t, data, err := a.Trainer(sets, seed)
	if err != nil {
		return err
	}
	t.Resume = state
	// Training takes the state and then stops at once.
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := t.Fit(stopped, data); err != nil && !errors.Is(err, context.Canceled) {
		return errors.Wrap(err, path)
	}
	return nil
}
