package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/sums"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// verifyCmd checks the files of a run, all together.
type verifyCmd struct {
	mnistrun.Insist
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`
}

// finding is what verify says of a file.
type finding struct {
	File    string `json:"file"`
	Problem string `json:"problem,omitempty"`
	Note    string `json:"note,omitempty"`
}

// verification collects findings.
type verification struct {
	dir      runDir
	settings *settings
	listed   sums.List
	findings []finding
}

func missing(err error) bool { return errors.Is(err, os.ErrNotExist) }

// Run is called by kong.
func (c *verifyCmd) Run(ctx context.Context, to *cmdline.Console) error {
	v := &verification{dir: c.Dir}
	if err := v.run(ctx, c); err != nil {
		return err
	}
	bad := 0
	for _, f := range v.findings {
		if f.Problem != "" {
			bad++
		}
	}
	if err := v.write(to); err != nil {
		return err
	}
	if bad > 0 {
		return errors.Errorf("%s: %d of %d files must be whole and of this run", c.Dir, bad, len(v.findings))
	}
	return nil
}

// run checks files from those that others depend on to those that depend on others.
func (v *verification) run(ctx context.Context, c *verifyCmd) (err error) {
	if v.listed, err = sums.Read(string(v.dir)); err != nil {
		return err
	}
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
	v.add(checkpoint.ConfigFile, nil)
	seen := map[string]bool{checkpoint.ConfigFile: true}
	check := func(name string, more func() error) {
		seen[name] = true
		err := v.listed.Check(string(v.dir), name)
		if err == nil && more != nil {
			err = more()
		}
		if len(v.listed[name]) == 0 && missing(err) {
			return // not written yet
		}
		v.add(name, err)
	}
	check(resultsFile, v.results)
	for _, a := range v.settings.arms() {
		for _, seed := range v.settings.seeds() {
			if err := ctx.Err(); err != nil {
				return err
			}
			check(v.dir.name(a.name, seed, checkpoint.LastFile), func() error { return v.resumes(a, seed, sets) })
			check(v.dir.name(a.name, seed, checkpoint.BestFile), func() error { return v.loads(a, seed, checkpoint.BestFile) })
			check(v.dir.name(a.name, seed, modelFile), func() error { return v.loads(a, seed, modelFile) })
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.listed)) {
		if !seen[name] {
			check(name, nil)
		}
	}
	return nil
}

// add says of a file what is wrong with it.
func (v *verification) add(name string, err error) {
	f := finding{File: name}
	switch {
	case err != nil:
		f.Problem = err.Error()
	case len(v.listed[name]) == 0:
		f.Note = "has no checksum of its own in " + sums.File
	}
	v.findings = append(v.findings, f)
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

// write writes a line for each file.
func (v *verification) write(to *cmdline.Console) error {
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(v.findings)
	}
	t := tabwriter.NewWriter(to.Out, 0, 0, 3, ' ', 0)
	for _, f := range v.findings {
		state := "whole"
		if f.Problem != "" {
			state = f.Problem
		} else if f.Note != "" {
			state += ", " + f.Note
		}
		fmt.Fprintf(t, "%s\t%s\n", plaintext.Line(f.File), plaintext.Line(state))
	}
	return t.Flush()
}
