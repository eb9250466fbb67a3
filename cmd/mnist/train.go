package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// trainCmd trains both arms and compares them.
type trainCmd struct {
	settings
	Serve  string `group:"Experiment" help:"Show the learning curves on a web page while training, such as at :8080; only to this machine unless the address names a host." placeholder:"ADDRESS"`
	Resume string `group:"Experiment" help:"Go on with the run in DIR, with its settings, from its last checkpoints." placeholder:"DIR" type:"existingdir"`

	given []string // names of the flags that were given for this run
}

// Run is called by kong. Whatever can be found wrong is found before anything is
// trained or written.
func (c *trainCmd) Run(ctx context.Context, to *console) error {
	if c.Resume != "" {
		if err := c.resume(); err != nil {
			return err
		}
		if err := cleanRun(c.Out); err != nil {
			return errors.Wrap(err, "--resume")
		}
	} else if c.Out != "" {
		if _, err := os.Stat(filepath.Join(c.Out, checkpoint.ConfigFile)); err == nil {
			return errors.Errorf("--out must be a new directory, got %s, which holds a run: go on with it by --resume", c.Out)
		}
	}
	sets, err := c.Load()
	if err != nil {
		return err
	}
	for _, a := range c.arms() {
		if _, _, err := a.Trainer(sets, c.Seed); err != nil {
			return errors.Wrap(err, a.name)
		}
	}
	var listener net.Listener
	if c.Serve != "" {
		if listener, err = live.Listen(c.Serve); err != nil {
			return errors.Wrap(err, "--serve")
		}
		defer listener.Close()
	}
	if c.Resume == "" && c.Out != "" {
		if err := checkpoint.SaveConfig(c.Out, c.settings); err != nil {
			return errors.Wrap(err, "--out")
		}
	}
	fmt.Fprintln(to.log, blas.Use(min(c.Workers, 2*c.Seeds)))
	if listener == nil {
		return c.run(ctx, to, sets, nil)
	}
	return c.serve(ctx, to, sets, listener)
}

// serve runs with a page of the learning curves.
func (c *trainCmd) serve(ctx context.Context, to *console, sets *mnistrun.Sets, listener net.Listener) error {
	page := live.New("MNIST without and with dropout", without, with)
	server := &http.Server{Handler: page, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	fmt.Fprintf(to.log, "Learning curves: http://%s/\n", listener.Addr())
	if err := c.run(ctx, to, sets, page); err != nil {
		return err
	}
	fmt.Fprintln(to.log, "The page is up until Ctrl-C.")
	<-ctx.Done()
	return nil
}

// checkpointInterval is how much work a crash may cost.
const checkpointInterval = 10 * time.Second

// run trains both arms, shows them on the page if there is one, and writes the
// comparison.
func (c *settings) run(ctx context.Context, to *console, sets *mnistrun.Sets, page *live.Server) error {
	if !to.json {
		fmt.Fprintln(to.out, c.describe(sets))
	}
	display := progress.New(to.log)
	results, err := experiment.Run(ctx, c.experiment(sets), c.seeds(), c.Workers, func(arm string, seed uint64, _ *training.Trainer) []training.Callback {
		shown := display.Run(fmt.Sprintf("%s, seed %d", arm, seed))
		if page == nil {
			return []training.Callback{shown}
		}
		return []training.Callback{shown, page.Watch(arm, seed)}
	})
	if closeErr := display.Close(); err == nil {
		err = closeErr
	}
	// What was finished is kept and shown, even if the rest was interrupted.
	if saveErr := c.save(results); err == nil {
		err = saveErr
	}
	if pairs := finished(results); len(pairs) > 0 {
		if page != nil {
			page.End(report.Comparison{Results: pairs, Without: without, With: with}.Finding())
		}
		showErr := c.show(to, pairs)
		if showErr == nil && c.Out != "" && ctx.Err() == nil {
			showErr = c.writeReport(ctx, to, pairs)
		}
		if err == nil {
			err = showErr
		}
	}
	if err != nil && c.Out != "" {
		fmt.Fprintf(to.log, "What was done is in %s; go on with it: mnist --resume %s\n", c.Out, shell.Quote(c.Out))
	}
	return err
}

// show writes the comparison of runs.
func (c *settings) show(to *console, results []experiment.Result) error {
	comparison := report.Comparison{Results: results, Without: without, With: with}
	if to.json {
		e := json.NewEncoder(to.out)
		e.SetIndent("", "\t")
		return e.Encode(struct {
			Settings *settings           `json:"settings"`
			Finding  string              `json:"finding"`
			Runs     []experiment.Result `json:"runs"`
		}{c, comparison.Finding(), results})
	}
	fmt.Fprintln(to.out)
	if err := comparison.WriteTable(to.out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to.out, "\n%s\n", comparison.Finding())
	return err
}

// finished returns the results of the seeds that both arms have finished.
func finished(results []experiment.Result) []experiment.Result {
	runs := make(map[uint64]int)
	for _, r := range results {
		runs[r.Seed]++
	}
	return slices.DeleteFunc(slices.Clone(results), func(r experiment.Result) bool { return runs[r.Seed] < 2 })
}

// seeds are those of the experiment.
func (c *settings) seeds() []uint64 {
	seeds := make([]uint64, c.Seeds)
	for i := range seeds {
		seeds[i] = c.Seed + uint64(i)
	}
	return seeds
}

// experiment returns both arms as they are trained: with checkpoints where there
// is a directory for them, and going on from those that are there.
func (c *settings) experiment(s *mnistrun.Sets) []experiment.Arm {
	var arms []experiment.Arm
	for _, a := range c.arms() {
		arms = append(arms, experiment.Arm{Name: a.name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			t, data, err := a.Trainer(s, seed)
			if err != nil || a.run == "" {
				return t, data, err
			}
			dir := a.dir(seed)
			t.Callbacks = slices.Insert(t.Callbacks, 0, checkpoint.Keep(dir, checkpointInterval))
			t.Callbacks = append(t.Callbacks, keepModel(dir))
			state, err := checkpoint.Load(filepath.Join(dir, checkpoint.LastFile))
			switch {
			case err == nil:
				t.Resume = state
			case !errors.Is(err, os.ErrNotExist):
				return nil, data, err
			}
			return t, data, nil
		}})
	}
	return arms
}

// save writes the results to files in the run's directory, if there is one.
func (c *settings) save(results []experiment.Result) error {
	if c.Out == "" || len(results) == 0 {
		return nil
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, []experiment.Result) error
	}{{"runs.csv", report.WriteCSV}, {"runs.json", report.WriteJSON}} {
		if err := atomicfile.Write(filepath.Join(c.Out, f.name), func(w io.Writer) error { return f.write(w, results) }); err != nil {
			return errors.Wrap(err, "--out")
		}
	}
	return nil
}
