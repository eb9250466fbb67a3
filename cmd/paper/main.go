// Command paper repeats experiments of the dropout paper (Srivastava et al., JMLR
// 15, 2014) and of related papers, on MNIST, a book, and sets for regression, and
// compares the results with the published ones.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/regression"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

const description = `Repeat experiments of Srivastava et al., "Dropout", JMLR 15, 2014, and of related papers, and compare the results with the published ones.

Examples:

    paper list                              the experiments
    paper fig11                             one experiment, small, in seconds
    paper all --budget quick                all of them, small
    paper table9 --budget hours --tune      the whole of MNIST, learning rates chosen on validation
    paper fig10 --images 5000 --seeds 5     your own budget
    paper variants --budget hours --tune    variants of dropout, all tuned with as many trials
    paper uci --budget full                 regression with Monte Carlo dropout, on 20 splits of five sets

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
	Device  string `default:"cpu" help:"Where to train: cpu, cuda:0 for the first NVIDIA GPU, or auto for that if it is there. The results are the same to the last bit, and some arms need cpu." placeholder:"NAME"`
	Small   bool   `name:"small-weights" help:"Of an experiment that leaves open how weights begin: let networks of ReLUs begin with normal weights with a standard deviation of 0.01, as in 2012, instead of He's."`
	Tune    bool   `help:"Choose each row's learning rate, and all settings of variants, on a validation set first."`

	Images  int    `group:"Instead of the budget's own" help:"Training images." placeholder:"N"`
	Updates int    `group:"Instead of the budget's own" help:"Updates of each training." placeholder:"N"`
	Seeds   int    `group:"Instead of the budget's own" help:"Seeds." placeholder:"N"`
	Shrink  int    `group:"Instead of the budget's own" help:"Divide the widths of layers by this." placeholder:"N"`
	Passes  int    `group:"Instead of the budget's own" help:"Passes of Monte Carlo averaging." placeholder:"N"`
	Seed    uint64 `default:"1" help:"The first seed."`

	mnistrun.Insist

	Row     []string `sep:"none" help:"Of an experiment on MNIST: train the row with this name only, show it, and write no page. May be repeated." placeholder:"NAME"`
	Sets    []string `help:"Of uci: these sets only." placeholder:"NAME"`
	Methods []string `help:"Of uci: train these methods only, show them, and write no page." placeholder:"NAME"`
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
	switch c.Name {
	case "all":
	case regression.Name:
		chosen = nil
	default:
		s, ok := find(c.Name)
		if !ok {
			return cmdline.Usagef("no experiment %q: paper list names them", c.Name)
		}
		chosen = []study{s}
	}
	if err := c.check(chosen); err != nil {
		return cmdline.Usage(err)
	}
	if len(chosen) > 0 {
		if err := c.run(ctx, chosen, to); err != nil {
			return err
		}
	}
	if !c.runsUCI() {
		return nil
	}
	l, err := c.uci(to)
	if err != nil {
		return err
	}
	return errors.Wrap(l.Run(ctx, to.Out), regression.Name)
}

// runsUCI says whether the study of regression is to be run.
func (c *cli) runsUCI() bool { return c.Name == regression.Name || c.Name == "all" }

// uci returns the run of the study of regression.
func (c *cli) uci(to *cmdline.Console) (*regression.Run, error) {
	b := regression.BudgetNamed(c.Budget)
	b.Passes = cmp.Or(c.Passes, b.Passes)
	sets := regression.SetsNamed(c.Sets)
	files, err := regression.OpenRecords(c.records(), sets)
	if err != nil {
		return nil, errors.Wrap(err, "--records")
	}
	library := blas.Use(c.Workers)
	fmt.Fprintln(to.Log, library)
	return &regression.Run{
		Sets: sets, Budget: b, Label: c.Budget, Seed: c.Seed, Workers: c.Workers, Dir: filepath.Join(c.Out, regression.Name), Records: files,
		Log: to.Log, BLAS: library, Args: to.Args, Methods: c.Methods,
	}, nil
}

// check returns an error if a chosen experiment cannot be run with the flags.
func (c *cli) check(chosen []study) error {
	if c.Name == regression.Name && (c.Images > 0 || c.Updates > 0 || c.Seeds > 0 || c.Shrink > 0 || c.Data != "" || c.Tune || c.Small) {
		return errors.Errorf("%s takes --budget, --methods, --passes, --seed, --sets and --workers, got flags of the experiments on MNIST", regression.Name)
	}
	if len(c.Methods) > 0 && c.Name != regression.Name {
		return errors.Errorf("--methods must be with %s, got %s", regression.Name, c.Name)
	}
	if len(c.Sets) > 0 && c.Name != regression.Name {
		return errors.Errorf("--sets must be with %s, got %s", regression.Name, c.Name)
	}
	for _, name := range c.Sets {
		if !slices.Contains(regression.SetNames(), name) {
			return errors.Errorf("--sets must be of %s, got %q", strings.Join(regression.SetNames(), ", "), name)
		}
	}
	for _, name := range c.Methods {
		if !slices.Contains(regression.MethodNames(), name) {
			return errors.Errorf("--methods must be of %s, got %q", strings.Join(regression.MethodNames(), ", "), name)
		}
	}
	for _, name := range c.Row {
		if len(chosen) != 1 {
			return errors.Errorf("--row must be with one experiment on MNIST, got %s", c.Name)
		}
		arms := chosen[0].arms(c.budget(chosen[0].budgets[c.Budget]))
		if !slices.ContainsFunc(arms, func(a arm) bool { return a.Name == name }) {
			return errors.Errorf("--row must be one of %s, got %q", armNames(arms), name)
		}
	}
	for _, s := range chosen {
		b := c.budget(s.budgets[c.Budget])
		if err := b.check(); err != nil {
			return errors.Wrap(err, s.name)
		}
		if c.Small && slices.ContainsFunc(s.arms(b), arm.settlesInit) {
			return errors.Errorf("--small-weights must be with an experiment that leaves open how weights begin, got %s", c.Name)
		}
		if c.Seed > math.MaxUint64-uint64(b.Seeds-1) {
			return errors.Errorf("--seed must leave room for %d seeds below 2^64, got %d", b.Seeds, c.Seed)
		}
	}
	if splits := regression.BudgetNamed(c.Budget).Splits; c.runsUCI() && c.Seed > math.MaxUint64-uint64(splits-1) {
		return errors.Errorf("%s: --seed must leave room for %d splits below 2^64, got %d", regression.Name, splits, c.Seed)
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
	trainings := c.Workers
	if !slices.ContainsFunc(chosen, func(s study) bool { return !s.timed }) {
		trainings = 1
	}
	memory, err := c.fits(chosen, sets, trainings)
	if err != nil {
		return err
	}
	files := make([]*records.File[record], len(chosen))
	for i, s := range chosen {
		if files[i], err = records.Open[record](s.recordFile(c.records())); err != nil {
			return errors.Wrap(err, "--records")
		}
	}
	library := blas.Use(trainings)
	fmt.Fprintln(to.Log, library)
	fmt.Fprintln(to.Log, memory)
	for i, s := range chosen {
		l := &studyRun{
			study: s, budget: c.budget(s.budgets[c.Budget]), label: c.Budget, tune: c.Tune, small: c.Small, seed: c.Seed, workers: c.Workers, device: c.Device, rows: c.Row,
			dir: filepath.Join(c.Out, s.name), records: files[i], sets: sets, log: to.Log, blas: library, args: to.Args,
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

// armNames quotes the names of arms.
func armNames(arms []arm) string {
	var names []string
	for _, a := range arms {
		names = append(names, strconv.Quote(a.Name))
	}
	return strings.Join(names, ", ")
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
	all := append(slices.Clone(studies), study{name: regression.Name, title: regression.Title, source: regression.Source})
	if width > 0 {
		for _, s := range all {
			name := fmt.Sprintf("%-11s  ", s.name)
			wrapped := cmdline.Wrap(s.title+".", width-1-len(name)) + "\n" + cmdline.Wrap(s.source+".", width-1-len(name))
			if _, err := fmt.Fprintln(out, name+strings.ReplaceAll(wrapped, "\n", "\n"+strings.Repeat(" ", len(name)))); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.name, s.title, s.source)
	}
	return w.Flush()
}
