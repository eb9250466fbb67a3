// Command paper repeats the MNIST experiments of the dropout paper (Srivastava
// et al., JMLR 15, 2014) and of related papers, and compares the results with
// the published ones.
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

const description = `Repeat the MNIST experiments of Srivastava et al., "Dropout", JMLR 15, 2014, and compare the results with the published ones.

Examples:

    paper list                              the experiments
    paper fig11                             one experiment, small, in seconds
    paper all --budget quick                all of them, small
    paper table9 --budget hours --tune      the whole of MNIST, learning rates chosen on validation
    paper fig10 --images 5000 --seeds 5     your own budget

Each finished training is a line in a file of records: the same command resumes where it was stopped.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`

// cli is the grammar of the command line.
type cli struct {
	Name string `arg:"" help:"Name of an experiment, or list, or all."`

	Budget  string `enum:"quick,hours,full" default:"quick" help:"How much to train: ${enum}."`
	Out     string `help:"Directory for results; runs/paper by default." default:"runs/paper" type:"path" placeholder:"DIR"`
	Records string `help:"Directory with a file of records for each experiment, to resume from; records in the output directory by default." type:"path" placeholder:"DIR"`
	Data    string `help:"Directory with the four IDX files of MNIST instead of the embedded ones." type:"existingdir" placeholder:"DIR"`
	Workers int    `default:"2" help:"Number of trainings at a time."`
	Tune    bool   `help:"Choose each row's learning rate on a validation set first."`

	Images  int    `group:"Instead of the budget's own" help:"Training images." placeholder:"N"`
	Updates int    `group:"Instead of the budget's own" help:"Updates of each training." placeholder:"N"`
	Seeds   int    `group:"Instead of the budget's own" help:"Seeds." placeholder:"N"`
	Shrink  int    `group:"Instead of the budget's own" help:"Divide the widths of layers by this." placeholder:"N"`
	Passes  int    `group:"Instead of the budget's own" help:"Passes of Monte Carlo averaging." placeholder:"N"`
	Seed    uint64 `default:"1" help:"The first seed."`
}

// Validate is called by kong.
func (c *cli) Validate() error {
	for _, f := range []struct {
		name     string
		value    int
		min, max int
	}{
		{"workers", c.Workers, 1, 64}, {"images", c.Images, 0, 60000}, {"updates", c.Updates, 0, 1 << 30},
		{"seeds", c.Seeds, 0, 1000}, {"shrink", c.Shrink, 0, 256}, {"passes", c.Passes, 0, 1 << 20},
	} {
		if f.value < f.min || f.value > f.max {
			return errors.Errorf("--%s must be in [%d, %d], got %d", f.name, f.min, f.max, f.value)
		}
	}
	if c.Images > 0 && c.Images < 10 {
		return errors.Errorf("--images must be at least 10, got %d", c.Images)
	}
	return nil
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "paper", Description: description, Grammar: &cli{}, Interrupted: func(string, []string) string {
		return "The same command resumes from here."
	}}
}

// Run is called by kong.
func (c *cli) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Name == "list" {
		return list(to.Out, cmdline.Columns(to.Out))
	}
	chosen := studies
	if c.Name != "all" {
		s, ok := find(c.Name)
		if !ok {
			return cmdline.Usagef("no experiment %q: paper list names them", c.Name)
		}
		chosen = []study{s}
	}
	if err := c.check(chosen); err != nil {
		return cmdline.Usage(err)
	}
	return c.run(ctx, chosen, to)
}

// check returns an error if a chosen experiment cannot be run with the flags.
func (c *cli) check(chosen []study) error {
	for _, s := range chosen {
		b := c.budget(s.budgets[c.Budget])
		if err := b.check(); err != nil {
			return errors.Wrap(err, s.name)
		}
		if c.Seed > math.MaxUint64-uint64(b.Seeds-1) {
			return errors.Errorf("--seed must leave room for %d seeds below 2^64, got %d", b.Seeds, c.Seed)
		}
	}
	return nil
}

// run runs the chosen experiments and writes what they found.
func (c *cli) run(ctx context.Context, chosen []study, to *cmdline.Console) error {
	sets, err := load(c.Data)
	if err != nil {
		return err
	}
	// Everything that can be checked is checked before the first training.
	for _, s := range chosen {
		if err := sets.enough(s, c.budget(s.budgets[c.Budget])); err != nil {
			return err
		}
	}
	records := make([]*recordFile, len(chosen))
	for i, s := range chosen {
		if records[i], err = openRecords(s.recordFile(c.records())); err != nil {
			return errors.Wrap(err, "--records")
		}
	}
	trainings := c.Workers
	if len(chosen) == 1 && chosen[0].timed {
		trainings = 1
	}
	library := blas.Use(trainings)
	fmt.Fprintln(to.Log, library)
	for i, s := range chosen {
		l := &studyRun{
			study: s, budget: c.budget(s.budgets[c.Budget]), label: c.Budget, tune: c.Tune, seed: c.Seed, workers: c.Workers,
			dir: filepath.Join(c.Out, s.name), records: records[i], sets: sets, log: to.Log, blas: library, args: to.Args,
			every: 30 * time.Second,
		}
		if s.timed {
			l.workers = 1
		}
		if err := l.run(ctx, to.Out); err != nil {
			return errors.Wrap(err, s.name)
		}
	}
	return nil
}

// records returns the directory of the records.
func (c *cli) records() string {
	if c.Records != "" {
		return c.Records
	}
	return filepath.Join(c.Out, "records")
}

// budget returns b with the values that the flags set.
func (c *cli) budget(b budget) budget {
	for _, f := range []struct {
		flag int
		to   *int
	}{{c.Images, &b.Images}, {c.Updates, &b.Updates}, {c.Seeds, &b.Seeds}, {c.Shrink, &b.Shrink}, {c.Passes, &b.Passes}} {
		if f.flag > 0 {
			*f.to = f.flag
		}
	}
	return b
}

// list writes the experiments, each on a line or, on a terminal of the given
// width, on as many as it needs.
func list(out io.Writer, width int) error {
	if width > 0 {
		for _, s := range studies {
			name := fmt.Sprintf("%-11s  ", s.name)
			wrapped := cmdline.Wrap(s.title+".", width-1-len(name)) + "\n" + cmdline.Wrap(s.source+".", width-1-len(name))
			if _, err := fmt.Fprintln(out, name+strings.ReplaceAll(wrapped, "\n", "\n"+strings.Repeat(" ", len(name)))); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range studies {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.name, s.title, s.source)
	}
	return w.Flush()
}
