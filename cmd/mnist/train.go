package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/sums"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/logs"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// trainCmd trains both arms and compares them.
type trainCmd struct {
	settings
	mnistrun.Insist
	Workers int    `group:"Experiment" default:"2" help:"Number of runs at a time."`
	Device  string `group:"Experiment" default:"cpu" help:"Where to train: cpu, cuda:0 for the first NVIDIA GPU, or auto for that if it is there. The results are the same to the last bit." placeholder:"NAME"`
	Out     runDir `group:"Experiment" help:"New directory for the run's records, checkpoints, models and report." placeholder:"DIR" type:"path"`
	Serve   string `group:"Experiment" help:"Show the learning curves on a web page while training, for instance at :8080; visible to this machine only, unless the address names a host." placeholder:"ADDRESS"`
	Resume  runDir `group:"Experiment" help:"Resume the run in DIR, with its settings, from its last checkpoints." placeholder:"DIR" type:"existingdir"`

	TensorBoard string `group:"Experiment" name:"tensorboard" help:"Directory to write events for TensorBoard to, one folder for each network." placeholder:"DIR" type:"path"`

	given []string // names of the flags that were given for this run
}

// Validate is called by kong.
func (c *trainCmd) Validate() error {
	if err := c.settings.Validate(); err != nil {
		return err
	}
	return mnistrun.InRange("--workers", c.Workers, 1, 64)
}

// Run is called by kong. Everything that can be checked is checked before
// anything is trained or written.
func (c *trainCmd) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Resume != "" {
		if err := c.resume(); err != nil {
			return err
		}
	} else if c.Out != "" && c.Out.holdsRun() {
		return errors.Errorf("--out must be a new directory, got %s, which holds a run: use --resume to continue it", c.Out)
	}
	sets, err := c.Load()
	if err != nil {
		return err
	}
	memory, err := c.room(sets)
	if err != nil {
		return err
	}
	var listener net.Listener
	if c.Serve != "" {
		if listener, err = live.Listen(c.Serve); err != nil {
			return errors.Wrap(err, "--serve")
		}
		defer listener.Close()
	}
	if c.Out != "" {
		lock, err := c.Out.lock()
		if err != nil {
			return err
		}
		defer lock.Close()
		if err := c.Out.clean(); err != nil {
			return errors.Wrap(err, "--out")
		}
	}
	if err := c.begin(); err != nil {
		return err
	}
	to.Logf("%s", blas.Use(min(c.Workers, 2*c.Seeds)))
	to.Logf("%s", memory)
	if listener == nil {
		return c.compare(ctx, to, sets, nil)
	}
	return c.serve(ctx, to, sets, listener)
}

// begin makes a new run, or checks the files of one that is resumed, whose checkpoints
// are then going to change.
func (c *trainCmd) begin() error {
	if c.Out == "" {
		return nil
	}
	if c.Resume != "" {
		return c.Out.openTrials()
	}
	if c.Out.holdsRun() { // begun since we looked
		return errors.Errorf("--out must be a new directory, got %s, which holds a run", c.Out)
	}
	if err := checkpoint.SaveConfig(string(c.Out), c.settings); err != nil {
		return errors.Wrap(err, "--out")
	}
	return errors.Wrap(sums.Keep(string(c.Out), checkpoint.ConfigFile), "--out")
}

// room says how much memory the runs take that are trained at a time, and returns an
// error if there is too little, or if an arm cannot be trained.
func (c *trainCmd) room(sets *mnistrun.Sets) (string, error) {
	var largest training.Memory
	for _, a := range c.arms() {
		m, err := a.Memory(sets, c.Seed)
		if err != nil {
			return "", errors.Wrap(err, a.name)
		}
		if m.Total() > largest.Total() {
			largest = m
		}
	}
	return c.Trainings(largest, min(c.Workers, 2*c.Seeds))
}

// serve compares the arms and shows a page with the learning curves.
func (c *trainCmd) serve(ctx context.Context, to *cmdline.Console, sets *mnistrun.Sets, listener net.Listener) error {
	page := live.New("MNIST without and with dropout", without, with)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = page.Serve(listener) // until the listener is closed
	}()
	defer func() {
		listener.Close()
		<-served
	}()
	to.Logf("Learning curves: http://%s/", listener.Addr())
	if err := c.compare(ctx, to, sets, page); err != nil {
		return err
	}
	to.Logf("The page is up until Ctrl-C.")
	<-ctx.Done()
	return nil
}

// compare trains both arms, shows them on the page if there is one, and writes
// the comparison.
func (c *trainCmd) compare(ctx context.Context, to *cmdline.Console, sets *mnistrun.Sets, page *live.Server) error {
	if !to.JSON {
		fmt.Fprintln(to.Out, fold(c.describe(sets), cmdline.Columns(to.Out)))
	}
	display := progress.New(to.Log)
	watch := func(arm string, seed uint64, _ *training.Trainer) []training.Callback {
		watching := []training.Callback{display.Run(fmt.Sprintf("%s, seed %d", arm, seed))}
		if page != nil {
			watching = append(watching, page.Watch(arm, seed))
		}
		if c.TensorBoard != "" {
			watching = append(watching, c.board(arm, seed))
		}
		return watching
	}
	results, err := experiment.Run(ctx, c.experiment(sets), c.seeds(), c.Workers, watch)
	if closeErr := display.Close(); err == nil {
		err = closeErr
	}
	// What was finished is kept and shown even if the rest was interrupted.
	if saveErr := c.Out.saveResults(results); err == nil {
		err = saveErr
	}
	// A run that failed may have found a damaged file, whose checksum must not be kept.
	if err == nil || errors.Is(err, context.Canceled) {
		if sumErr := c.Out.closeTrials(c.arms(), c.seeds()); err == nil {
			err = sumErr
		}
	}
	if pairs := experiment.Pairs(results, without, with); len(pairs) > 0 {
		if page != nil {
			page.End(compared(pairs).Finding())
		}
		showErr := c.show(to, pairs)
		if showErr == nil && c.Out != "" && ctx.Err() == nil {
			showErr = writeReport(ctx, to, &c.settings, c.Out, pairs)
		}
		if err == nil {
			err = showErr
		}
	}
	if err != nil && c.Out != "" {
		to.Logf("The finished part is in %s; resume with: %s", c.Out, c.Out.resume())
	}
	return err
}

// board records a network for TensorBoard.
func (c *trainCmd) board(name string, seed uint64) training.Callback {
	settings := map[string]any{"arm": name, "seed": seed}
	for _, a := range c.arms() {
		if a.name == name {
			settings["p"], settings["input_p"], settings["lr"], settings["hidden"] = a.P, a.InputP, a.LR, a.Hidden
		}
	}
	dir := filepath.Join(c.TensorBoard, trialName(name, seed))
	return logs.TensorBoard(dir, 0, logs.WithHistograms(), logs.WithGraph(), logs.WithSettings(settings))
}

// experiment returns both arms as they are trained: with checkpoints if there
// is a directory for them, resuming from any that exist.
func (c *trainCmd) experiment(s *mnistrun.Sets) []experiment.Arm {
	var arms []experiment.Arm
	for _, a := range c.arms() {
		arm := experiment.Arm{Name: a.name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			t, data, err := a.Trainer(s, seed)
			if err == nil {
				t.Device = c.Device
			}
			return t, data, err
		}}
		if c.Out != "" {
			arm.Store = func(seed uint64) experiment.Store { return c.Out.trial(a.name, seed) }
		}
		arms = append(arms, arm)
	}
	return arms
}

// compared returns the comparison of both arms.
func compared(results []experiment.Result) report.Comparison {
	return report.Comparison{Results: results, Without: without, With: with}
}

// show writes the comparison of runs.
func (c *settings) show(to *cmdline.Console, results []experiment.Result) error {
	comparison := compared(results)
	if to.JSON {
		e := json.NewEncoder(to.Out)
		e.SetIndent("", "\t")
		return e.Encode(struct {
			Settings *settings           `json:"settings"`
			Finding  string              `json:"finding"`
			Runs     []experiment.Result `json:"runs"`
		}{c, comparison.Finding(), results})
	}
	fmt.Fprintln(to.Out)
	var table strings.Builder
	if err := comparison.WriteTable(&table); err != nil {
		return err
	}
	writeTable(to.Out, table.String(), cmdline.Columns(to.Out))
	_, err := fmt.Fprintf(to.Out, "\n%s\n", fold(comparison.Finding(), cmdline.Columns(to.Out)))
	return err
}

// writeTable writes a table, which finds room on a terminal of the given width, 0 for
// none.
func writeTable(w io.Writer, table string, columns int) {
	first, _, _ := strings.Cut(table, "\n")
	if columns == 0 || utf8.RuneCountInString(first) < columns {
		fmt.Fprint(w, table)
		return
	}
	var rows [][]string
	for line := range strings.Lines(table) {
		// Cells are apart by three spaces or more; the head of the first is empty.
		cells := cellGap.Split(strings.TrimSpace(line), -1)
		if rows == nil {
			cells = append([]string{""}, cells...)
		}
		rows = append(rows, cells)
	}
	cmdline.DrawTable(w, rows, columns-1)
}

var cellGap = regexp.MustCompile(` {2,}`)

// fold breaks a sentence where a terminal of the given width would break words.
func fold(text string, columns int) string {
	if columns == 0 {
		return text
	}
	return cmdline.Wrap(text, columns-1)
}
