package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/pkg/errors"

	library "github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	declared "github.com/gorgonia-dropout/dropout/internal/settings"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/internal/sums"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// reportCmd writes the report of a run again.
type reportCmd struct {
	mnistrun.Insist
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run, as given to --out."`
}

// Run is called by kong.
func (c *reportCmd) Run(ctx context.Context, to *cmdline.Console) error {
	lock, err := c.Dir.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	s, err := c.Dir.settings()
	if err != nil {
		return err
	}
	if err := c.Loading(&s.Config); err != nil {
		return err
	}
	results, err := c.Dir.results()
	if err != nil {
		return err
	}
	pairs := experiment.Pairs(results, without, with)
	if len(pairs) == 0 {
		return errors.Errorf("%s: no seed has finished both arms: resume the run with %s", c.Dir, c.Dir.resume())
	}
	if err := s.show(to, pairs); err != nil {
		return err
	}
	blas.Use(1)
	return writeReport(ctx, to, s, c.Dir, pairs)
}

// writeReport writes report.html and the pictures of the learning curves to the
// directory of a run with settings s.
func writeReport(ctx context.Context, to *cmdline.Console, s *settings, dir runDir, results []experiment.Result) error {
	figures, err := drawFigures(ctx, s, dir, results[0].Seed)
	if err != nil {
		return err
	}
	rows, err := s.rows()
	if err != nil {
		return err
	}
	command, err := repeats(s)
	if err != nil {
		return err
	}
	network, err := s.network(results[0].Seed)
	if err != nil {
		return err
	}
	environment := report.ThisMachine()
	environment.Date = time.Now().Format("2 January 2006, 15:04 MST")
	environment.BLAS = strings.TrimPrefix(library.Find().Describe(), "BLAS: ")
	comparison := compared(results)
	page := report.Page{
		Title: "MNIST without and with dropout", Comparison: &comparison, Figures: figures, Network: network,
		Settings: rows, Command: command, Environment: &environment,
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{reportFile, page.WriteHTML},
		{curvesFile + ".svg", func(w io.Writer) error { return report.WriteCurves(w, report.SVG, results, without, with) }},
		{curvesFile + ".png", func(w io.Writer) error { return report.WriteCurves(w, report.PNG, results, without, with) }},
	} {
		if err := sums.Write(string(dir), f.name, f.write); err != nil {
			return err
		}
	}
	to.Logf("Report: %s", dir.path(reportFile))
	return nil
}

// network returns the layers of the network with dropout.
func (s *settings) network(seed uint64) (*models.Summary, error) {
	m, err := s.arms()[1].Model(784, 10, seed, models.AsSketch())
	if err != nil {
		return nil, err
	}
	return m.Summary()
}

// rows returns the settings for a reader: one value, or one for each arm.
func (s *settings) rows() ([]report.Setting, error) {
	var versions []any
	for _, a := range s.arms() {
		version := *s
		version.Config = a.Config
		versions = append(versions, &version)
	}
	rows, err := declared.List(versions...)
	if err != nil {
		return nil, err
	}
	var all []report.Setting
	for _, r := range rows {
		all = append(all, report.Setting(r))
	}
	return all, nil
}

// repeats returns the command that reproduces the results of settings, a
// pointer to a struct.
func repeats(settings any) (string, error) {
	args, err := declared.Arguments(settings)
	return shell.Quote(append([]string{"go", "run", "./cmd/mnist"}, args...)...), err
}
