package main

import (
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// runDir is a directory that mnist --out has written.
type runDir struct {
	Dir string `arg:"" type:"existingdir" help:"Directory of a run: what --out was."`
}

// settings reads the run's configuration.
func (d runDir) settings() (*settings, error) {
	var c settings
	if err := checkpoint.LoadConfig(d.Dir, &c); err != nil {
		return nil, err
	}
	c.Out, c.Workers = d.Dir, 1
	return &c, errors.Wrap(c.Validate(), filepath.Join(d.Dir, checkpoint.ConfigFile))
}

// trained returns the model of an arm and seed as its last checkpoint has it.
func (a arm) trained(seed uint64) (*models.Model, error) {
	m, err := a.Model(784, 10, seed)
	if err != nil {
		return nil, err
	}
	state, err := checkpoint.Load(filepath.Join(a.dir(seed), checkpoint.LastFile))
	if err != nil {
		return nil, err
	}
	return m, state.Restore(m)
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
