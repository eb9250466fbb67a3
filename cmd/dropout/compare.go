package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// compareCmd compares networks without and with dropout.
type compareCmd struct {
	settings
	Time        time.Duration `default:"2m" help:"How long it may take."`
	Rounds      int           `default:"0" help:"End after so many trials of each arm in each split, whatever the time; 0: in time. The same number gives the same results."`
	Workers     int           `default:"2" help:"Trainings at a time on this machine; 0 for none, where a server has workers."`
	Plan        string        `type:"existingfile" help:"YAML file of --save-plan that says what columns are used for, in place of guesses."`
	SavePlan    string        `type:"path" help:"Write what columns are used for to a YAML file." placeholder:"FILE"`
	DryRun      bool          `help:"Say what was found and what would be done, and end."`
	Out         runDir        `type:"path" help:"Directory of the run; by default a new one in runs, called after the data." placeholder:"DIR"`
	TensorBoard string        `name:"tensorboard" type:"path" help:"Directory to write events for TensorBoard to, one folder for each training." placeholder:"DIR"`
	Resume      runDir        `type:"existingdir" help:"Go on with the run in a directory, for the rest of its time or for --time more." placeholder:"DIR"`
	connect.Flags
	room.Insist

	given   []string // flags on the command line
	library string   // of the products
}

// maxWorkers is the largest number of trainings at a time.
const maxWorkers = 1024

// AfterApply is called by kong.
func (c *compareCmd) AfterApply(ctx *kong.Context) error {
	c.given = nil
	for _, p := range ctx.Path {
		if p.Flag != nil {
			c.given = append(c.given, p.Flag.Name)
		}
	}
	switch {
	case c.Time <= 0:
		return errors.Errorf("--time must be positive, got %v", c.Time)
	case c.Rounds < 0:
		return errors.Errorf("--rounds must not be negative, got %d", c.Rounds)
	case c.Workers < 1 && (c.NATS == "" || c.Workers < 0), c.Workers > maxWorkers:
		return errors.Errorf("--workers must be in [1, %d], or 0 with --nats, got %d", maxWorkers, c.Workers)
	}
	if c.TensorBoard != "" && c.NATS != "" {
		return errors.New("--tensorboard must be left out with --nats, whose trainings may be on other machines")
	}
	if c.Resume == "" {
		return c.check()
	}
	allowed := []string{"time", "rounds", "workers", "tensorboard", "resume", "json", "nats", "user", "password-file", "creds", "tls-ca", "tls-cert", "tls-key", "insecure", "insist"}
	for _, name := range c.given {
		if !slices.Contains(allowed, name) {
			return errors.Errorf("--%s must be left out with --resume, which takes the settings of the run", name)
		}
	}
	if c.Data != "" {
		return errors.New("the data must be left out with --resume, which takes those of the run")
	}
	return nil
}

// Run is called by kong.
func (c *compareCmd) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	c.library = blas.Use(c.Workers)
	if c.Resume != "" {
		return c.goOn(ctx, to, start)
	}
	var plan *tabular.Plan
	var err error
	if c.Plan != "" {
		if plan, err = readPlan(c.Plan); err != nil {
			return cmdline.Usage(err)
		}
	}
	d, err := c.load(plan)
	if err != nil {
		return err
	}
	if c.SavePlan != "" && d.plan != nil {
		if err := atomicfile.Write(c.SavePlan, planWriter(d.plan)); err != nil {
			return err
		}
	}
	shown := to.Out
	if to.JSON {
		shown = io.Discard
	}
	d.show(shown, filepath.Base(c.Data))
	if c.DryRun {
		e, err := d.experiment(&c.settings, compare.Length{}, &compare.Store{}, c.Workers)
		if err != nil {
			return err
		}
		paragraph(shown, d.describe(e))
		return nil
	}
	memory, err := c.fits(d, &c.settings, compare.Length{})
	if err != nil {
		return err
	}
	r := &run{data: d, dir: c.Out, state: &state{Settings: c.settings, Digest: d.digest}, to: to, start: start, by: c, memory: memory, board: c.TensorBoard}
	if r.dir == "" {
		r.dir = newRunDir(c.Data)
	}
	if r.dir.holdsRun() {
		return cmdline.Usagef("--out must be a new directory, and %s has a run; go on with it by %s", r.dir, r.dir.resume())
	}
	if r.state.Settings.Data, err = filepath.Abs(c.Data); err != nil {
		return err
	}
	lock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := r.dir.open(); err != nil {
		return err
	}
	if d.plan != nil {
		if err := r.dir.savePlan(d.plan); err != nil {
			return err
		}
	}
	return r.run(ctx, c.limit(start, c.Time), c.Workers)
}

// goOn goes on with a run.
func (c *compareCmd) goOn(ctx context.Context, to *cmdline.Console, start time.Time) error {
	s, err := c.Resume.state()
	if err != nil {
		return err
	}
	lock, err := c.Resume.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	d, err := c.Resume.load(s)
	if err != nil {
		return err
	}
	memory, err := c.fits(d, &s.Settings, s.Length)
	if err != nil {
		return err
	}
	left := c.Time
	if !slices.Contains(c.given, "time") {
		left = max(0, c.Time-s.Spent)
	}
	if err := c.Resume.open(); err != nil {
		return err
	}
	r := &run{data: d, dir: c.Resume, state: s, to: to, start: start, by: c, memory: memory, board: c.TensorBoard}
	return r.run(ctx, c.limit(start, left), c.Workers)
}

// fits returns how much memory the trainings of a run take, and an error if there is too
// little.
func (c *compareCmd) fits(d *data, s *settings, length compare.Length) (compare.Memory, error) {
	e, err := d.experiment(s, length, &compare.Store{}, 1)
	if err != nil {
		return compare.Memory{}, err
	}
	return fits(c.Insist, e, c.Workers)
}

// load reads the data of a run again, which must be the same.
func (d runDir) load(s *state) (*data, error) {
	var plan *tabular.Plan
	var err error
	if len(s.Settings.Target) > 0 || fileExists(d.path(planFile)) {
		if plan, err = d.plan(); err != nil {
			return nil, err
		}
	}
	of, err := s.Settings.load(plan)
	if err != nil {
		return nil, err
	}
	if of.digest != s.Digest {
		return nil, errors.Errorf("%s must be the same as when the run began, and has changed", s.Settings.Data)
	}
	return of, nil
}

// writing is the time that the report takes.
const writing = 500 * time.Millisecond

// limit returns when tests have to end.
func (c *compareCmd) limit(start time.Time, left time.Duration) compare.Limit {
	if c.Rounds > 0 {
		return compare.Limit{Rounds: c.Rounds}
	}
	return compare.Limit{Until: start.Add(left - max(min(left/10, writing), left/40))}
}

// A run is a comparison under way.
type run struct {
	*data
	dir   runDir
	state *state
	to    *cmdline.Console
	start time.Time
	by    *compareCmd // nil unless it trains
	// What its trainings take.
	memory compare.Memory
	board  string // directory for TensorBoard; "": none
}

// experiment returns the experiment of the run, with the trials that there are.
func (r *run) experiment(workers int) (*compare.Experiment, error) {
	e, err := r.data.experiment(&r.state.Settings, r.state.Length, r.dir.store(), workers)
	if err != nil {
		return nil, err
	}
	if r.board != "" {
		e.Watch = r.watch
	}
	if r.state.Repeats > 0 {
		e.Use(r.state.Repeats)
	}
	return e, nil
}

// run trains and tests.
func (r *run) run(ctx context.Context, limit compare.Limit, workers int) (err error) {
	defer func() {
		if closeErr := r.dir.close(); err == nil {
			err = closeErr
		}
	}()
	e, err := r.experiment(max(1, workers))
	if err != nil {
		return err
	}
	r.to.Logf("Memory: %v.", r.memory)
	e.Fixed = e.Fixed || limit.Until.IsZero()
	if !r.to.JSON {
		paragraph(r.to.Out, r.describe(e))
		fmt.Fprintln(r.to.Out)
	}
	if err := e.Pace(ctx, limit, r.state.Length == (compare.Length{}) && r.state.Settings.Epochs == 0); err != nil {
		return err
	}
	r.state.Length = e.Length
	if err := r.dir.writeJSON(configFile, r.state); err != nil {
		return err
	}
	shown := newDisplay(r.to.Log, r.Kind())
	err = r.train(ctx, e, limit, shown.update)
	shown.close()
	if e.Fixed {
		r.state.Repeats = e.Repeats()
	}
	r.state.Spent += time.Since(r.start)
	if saveErr := r.dir.writeJSON(configFile, r.state); err == nil {
		err = saveErr
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	// What was finished is shown even if the rest was interrupted.
	if finishErr := r.finish(context.WithoutCancel(ctx), e); err == nil || len(e.Trials()) == 0 {
		if err == nil {
			err = finishErr
		}
	} else if finishErr != nil {
		r.to.Logf("%v", finishErr)
	}
	if errors.Is(err, context.Canceled) {
		r.to.Logf("The finished part is in %s; go on with: %s", r.dir, r.dir.resume())
	}
	return err
}

// finish tests what was trained and writes the results.
func (r *run) finish(ctx context.Context, e *compare.Experiment) error {
	o, err := e.Evaluate(ctx)
	if err != nil {
		return err
	}
	if err := r.dir.writeJSON(resultsFile, o); err != nil {
		return err
	}
	kept, err := r.keep(ctx, e, o)
	if err != nil {
		return err
	}
	if err := r.writePage(ctx, e, o, kept); err != nil {
		return err
	}
	if r.to.JSON {
		out := json.NewEncoder(r.to.Out)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			Finding string           `json:"finding"`
			Run     string           `json:"run"`
			Outcome *compare.Outcome `json:"outcome"`
		}{strings.Join(o.Finding(r.wording()), " "), string(r.dir), o})
	}
	showResults(r.to.Out, o, r.wording())
	fmt.Fprintln(r.to.Out)
	paragraph(r.to.Out, kept)
	fmt.Fprintf(r.to.Out, "\nReport:   %s\n", r.dir.path(reportFile))
	example := "IMAGE..."
	switch {
	case r.table != nil:
		example = "NEW.csv"
	case r.Kind() == compare.Text:
		example = "TEXT"
	}
	fmt.Fprintf(r.to.Out, "Predict:  dropout predict %s %s\n", shell.Quote(string(r.dir)), example)
	return nil
}

// keep writes the final model, and says which it is.
func (r *run) keep(ctx context.Context, e *compare.Experiment, o *compare.Outcome) (string, error) {
	f, err := e.Final(ctx, o)
	if err != nil {
		return "No model is kept: " + err.Error() + ".", nil
	}
	if err := r.dir.write(modelFile, func(w io.Writer) error { return f.Model.WriteSafetensors(w) }); err != nil {
		return "", err
	}
	if err := r.dir.writeJSON(aboutFile, f); err != nil {
		return "", err
	}
	said := fmt.Sprintf("The model to predict with is a network %s, which was better by the tuning parts", f.Arm)
	if f.Arm == compare.With {
		said += fmt.Sprintf(" (p = %s of hidden units and %s of %s)", compare.Rate(f.Settings.HiddenP), compare.Rate(f.Settings.InputP), cmp.Or(r.wording().Inputs, "inputs"))
	}
	if f.Split > 0 {
		return said + fmt.Sprintf(", trained on the training part of split %d: there was no time to train on more.", f.Split), nil
	}
	return said + fmt.Sprintf(", trained on all but %s to tune on.", thousands(len(e.Splits[0].Validation))), nil
}
