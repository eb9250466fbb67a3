package main

import (
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/filelock"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/internal/sums"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A runDir is the directory of a run's records, models and report, as given to
// --out. The empty one keeps nothing.
type runDir string

// The files of a run, besides the directories of its trials.
const (
	resultsFile = "runs.json"
	tableFile   = "runs.csv"
	reportFile  = "report.html"
	curvesFile  = "curves" // before the format
	lockFile    = "lock"   // held by the process that trains
)

func (d runDir) path(name string) string { return filepath.Join(string(d), name) }

// holdsRun reports whether the directory holds a run.
func (d runDir) holdsRun() bool {
	_, err := os.Stat(d.path(checkpoint.ConfigFile))
	return err == nil
}

// settings reads the run's configuration, which must be complete.
func (d runDir) settings() (*settings, error) {
	file := d.path(checkpoint.ConfigFile)
	if err := d.checkSum(checkpoint.ConfigFile); err != nil {
		return nil, err
	}
	n, err := configfile.Read(file)
	if err != nil {
		return nil, err
	}
	c := &settings{}
	if err := n.DecodeAll(c); err != nil {
		return nil, err
	}
	return c, errors.Wrap(c.check(), file)
}

// saveResults writes the results, if there are any and a directory for them.
func (d runDir) saveResults(results []experiment.Result) error {
	if d == "" || len(results) == 0 {
		return nil
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, []experiment.Result) error
	}{{tableFile, report.WriteCSV}, {resultsFile, report.WriteJSON}} {
		if err := sums.Write(string(d), f.name, func(w io.Writer) error { return f.write(w, results) }); err != nil {
			return errors.Wrap(err, "--out")
		}
	}
	return nil
}

// results reads what saveResults has written.
func (d runDir) results() ([]experiment.Result, error) {
	if err := d.checkSum(resultsFile); err != nil {
		return nil, err
	}
	n, err := configfile.Read(d.path(resultsFile))
	if err != nil {
		return nil, err
	}
	var results []experiment.Result
	return results, n.DecodeAll(&results)
}

// lock makes the directory and keeps other processes from training in it until the file
// is closed or the process ends, however it ends.
func (d runDir) lock() (*os.File, error) {
	if err := os.MkdirAll(string(d), 0o777); err != nil {
		return nil, errors.Wrap(err, "--out")
	}
	f, err := filelock.TryLock(d.path(lockFile))
	if err != nil && !errors.As(err, new(*os.PathError)) {
		return nil, errors.Errorf("%s must be free, but another process trains in it", d)
	}
	return f, errors.Wrap(err, "--out")
}

// clean removes temporary files that a killed run has left in its directory.
// checkpoint.Keep does the same for each trial's.
func (d runDir) clean() error {
	var paths []string
	for _, name := range []string{checkpoint.ConfigFile, tableFile, resultsFile, reportFile, curvesFile + ".svg", curvesFile + ".png", sums.File} {
		paths = append(paths, d.path(name))
	}
	return atomicfile.Clean(paths...)
}

// trial returns the directory of an arm and a seed.
func (d runDir) trial(arm string, seed uint64) trialDir {
	return trialDir(d.path(filepath.FromSlash(path.Dir(d.name(arm, seed, modelFile)))))
}

// A trialDir keeps the checkpoints and the model of a trial. It implements
// [experiment.Store]: a finished trial resumes at its end.
type trialDir string

// modelFile holds the parameters at the end of training, which the results
// describe: with early stopping they are not those of the last checkpoint.
const modelFile = "model.safetensors"

// checkpointInterval is how much work a crash may cost.
const checkpointInterval = 10 * time.Second

func (d trialDir) path(name string) string { return filepath.Join(string(d), name) }

// Find finds nothing: a finished trial resumes at its end.
func (d trialDir) Find(context.Context) (*experiment.Result, error) { return nil, nil }

// Prepare makes t keep checkpoints and, at its end, the model; and makes it
// resume.
func (d trialDir) Prepare(_ context.Context, t *training.Trainer) error {
	t.Callbacks = slices.Insert(t.Callbacks, 0, checkpoint.Keep(string(d), checkpointInterval))
	// The last callback, after the others have set the model's final
	// parameters.
	t.Callbacks = append(t.Callbacks, training.Callback{OnFinish: func(r *training.Run) error {
		if r.Err != nil {
			return nil
		}
		return r.Trainer.Model.Save(d.path(modelFile))
	}})
	state, err := checkpoint.Load(d.path(checkpoint.LastFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	t.Resume = state
	return err
}

// Finish leaves the result to the run's own files.
func (d trialDir) Finish(_ context.Context, r experiment.Result) (experiment.Result, error) {
	return r, nil
}

// trained is a model of a run.
type trained struct {
	*models.Model
	epochs int // so far, if the training was interrupted; -1 if it finished
}

// model returns the model of an arm and seed: the one that its results describe
// or, if the training was interrupted, that of its last checkpoint.
func (d runDir) model(a arm, seed uint64) (trained, error) {
	m, err := a.Model(784, 10, seed)
	if err != nil {
		return trained{}, err
	}
	if err := d.checkSum(d.name(a.name, seed, modelFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return trained{}, err
	}
	dir := d.trial(a.name, seed)
	err = m.Load(dir.path(modelFile))
	if !errors.Is(err, os.ErrNotExist) {
		return trained{m, -1}, err
	}
	state, err := checkpoint.Load(dir.path(checkpoint.LastFile))
	if err != nil {
		return trained{}, err
	}
	return trained{m, state.Epoch}, state.Restore(m)
}

// chosen returns the model without or with dropout of a seed, by default the
// run's first.
func (d runDir) chosen(to *cmdline.Console, s *settings, memory mnistrun.Insist, plain bool, seed *uint64) (trained, error) {
	if err := memory.Loading(&s.Config); err != nil {
		return trained{}, err
	}
	a := s.arms()[1]
	if plain {
		a = s.arms()[0]
	}
	if seed == nil {
		seed = &s.Seed
	}
	m, err := d.model(a, *seed)
	if err == nil {
		d.warn(to, m, a, *seed)
	}
	return m, err
}

// warn reports that the training of a model was interrupted.
func (d runDir) warn(to *cmdline.Console, m trained, a arm, seed uint64) {
	if m.epochs >= 0 {
		to.Logf("%s, seed %d: interrupted after %d of %d epochs; resume with: %s", a.name, seed, m.epochs, a.Epochs, d.resume())
	}
}

// resume returns the command that resumes the run.
func (d runDir) resume() string { return "mnist --resume " + shell.Quote(string(d)) }
