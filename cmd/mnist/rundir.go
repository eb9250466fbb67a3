package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// runDir is a directory that mnist --out has written.
type runDir struct {
	Dir string `arg:"" type:"existingdir" help:"Directory of a run: what --out was."`
}

// settings reads the run's configuration.
func (d runDir) settings() (*settings, error) { return runSettings(d.Dir, 1) }

// runSettings reads the configuration of the run in a directory: all of it must be
// there.
func runSettings(dir string, workers int) (*settings, error) {
	path := filepath.Join(dir, checkpoint.ConfigFile)
	n, err := configfile.Read(path)
	if err != nil {
		return nil, err
	}
	c := &settings{Workers: workers, Out: dir}
	if err := n.DecodeAll(c); err != nil {
		return nil, err
	}
	return c, errors.Wrap(c.check(), path)
}

// modelFile holds the parameters with which a training has ended, those that its
// results are of: with early stopping they are not the last checkpoint's.
const modelFile = "model.safetensors"

// keepModel writes the model when a training has come to its end. It must be the
// last callback, so that the others have given the model what it ends with.
func keepModel(dir string) training.Callback {
	return training.Callback{OnFinish: func(r *training.Run) error {
		if r.Err != nil {
			return nil
		}
		return r.Trainer.Model.Save(filepath.Join(dir, modelFile))
	}}
}

// trained is a model of a run.
type trained struct {
	*models.Model
	epochs int // made, where the training was interrupted; -1: it was finished
}

// warn says that a training was interrupted.
func (m trained) warn(to *console, a arm, seed uint64) {
	if m.epochs >= 0 {
		fmt.Fprintf(to.log, "%s, seed %d: interrupted after %d of %d epochs; go on with it: mnist --resume %s\n", a.name, seed, m.epochs, a.Epochs, shell.Quote(a.run))
	}
}

// trained returns the model of an arm and seed: that which its results are of, or, of
// a training that was interrupted, that of its last checkpoint.
func (a arm) trained(seed uint64) (trained, error) {
	m, err := a.Model(784, 10, seed)
	if err != nil {
		return trained{}, err
	}
	err = m.Load(filepath.Join(a.dir(seed), modelFile))
	if !errors.Is(err, os.ErrNotExist) {
		return trained{m, -1}, err
	}
	state, err := checkpoint.Load(filepath.Join(a.dir(seed), checkpoint.LastFile))
	if err != nil {
		return trained{}, err
	}
	return trained{m, state.Epoch}, state.Restore(m)
}

// cleanRun removes what a run that was killed while it wrote a file has left beside
// the files of its directory. checkpoint.Keep does so for those of each seed.
func cleanRun(dir string) error {
	var paths []string
	for _, name := range []string{checkpoint.ConfigFile, "runs.csv", "runs.json", "report.html", "curves.svg", "curves.png"} {
		paths = append(paths, filepath.Join(dir, name))
	}
	return atomicfile.Clean(paths...)
}
