package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// resultsCmd writes the results of a sweep.
type resultsCmd struct {
	server
	Name   string `arg:"" help:"Name of the sweep."`
	Format string `enum:"table,csv,json" default:"table" help:"What to write: ${enum}."`
	Metric string `help:"Metric to order the results by, instead of the sweep's." placeholder:"NAME"`
	Out    string `help:"Write all formats, plots, a page and the trials' artefacts to this directory." type:"path" placeholder:"DIR"`
}

// Run is called by kong.
func (c *resultsCmd) Run(ctx context.Context, to *cmdline.Console) error {
	o, err := c.open(ctx, "sweep results")
	if err != nil {
		return err
	}
	defer o.Close()
	s, err := o.Spec(ctx, c.Name)
	if err != nil {
		return err
	}
	p, err := programOf(s)
	if err != nil {
		return err
	}
	if c.Metric != "" {
		s.Metric = c.Metric
	}
	plan, err := sweep.NewPlan(ctx, s, p)
	if err != nil {
		return errors.WithMessagef(err, "sweep %s (--metric may say another)", c.Name)
	}
	kept, err := o.Results(ctx, plan)
	if err != nil {
		return err
	}
	if kept.Foreign > 0 {
		to.Logf("%d results of no trial of %s are left out.", kept.Foreign, c.Name)
	}
	if kept.Damaged > 0 {
		to.Logf("%d results cannot be read: sweep run makes them again.", kept.Damaged)
	}
	results := kept.Results
	if len(results) == 0 {
		return errors.Errorf("sweep %s has no results yet", c.Name)
	}
	switch {
	case c.Out != "":
		if err := write(to, s, results, c.Out); err != nil {
			return err
		}
		return writeArtefacts(ctx, o.Queue, results, filepath.Join(c.Out, "artefacts"))
	case c.Format == "csv":
		return sweep.WriteCSV(to.Out, s, results)
	case c.Format == "json":
		return sweep.WriteJSON(to.Out, s, results)
	}
	return sweep.WriteTable(to.Out, s, results, 20)
}

// writeArtefacts writes the artefacts of trials, as ID/NAME.
func writeArtefacts(ctx context.Context, q *queue.Queue, results map[string]sweep.Result, dir string) error {
	for _, r := range results {
		for _, name := range r.Artefacts {
			data, err := q.Artefact(ctx, r, name)
			if err != nil {
				return errors.WithMessagef(err, "%s of %s", name, r.ID)
			}
			if err := os.MkdirAll(filepath.Join(dir, r.ID), 0o777); err != nil {
				return err
			}
			write := func(w io.Writer) error { _, err := w.Write(data); return err }
			if err := atomicfile.Write(filepath.Join(dir, r.ID, name), write); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes everything about a sweep to a directory, and the best settings
// to the console.
func write(to *cmdline.Console, s *sweep.Spec, results map[string]sweep.Result, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := sweep.WriteTable(to.Out, s, results, 10); err != nil {
		return err
	}
	return writeFiles(to, s, results, dir)
}
