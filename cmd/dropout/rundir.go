package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/filelock"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/internal/sums"
)

// A runDir is the directory of a run.
type runDir string

// The files of a run, besides those of its [compare.Store].
const (
	configFile  = "config.json"
	planFile    = "plan.yaml"
	resultsFile = "results.json"
	reportFile  = "report.html"
	modelFile   = "model.safetensors"
	aboutFile   = "model.json" // what it takes to use the model
	lockFile    = "lock"
)

func (d runDir) path(name string) string { return filepath.Join(string(d), name) }

// newRunDir returns a directory that there is not, called after the data.
func newRunDir(data string) runDir {
	name := strings.TrimSuffix(filepath.Base(filepath.Clean(data)), ".gz")
	name = strings.TrimSuffix(name, filepath.Ext(name))
	if name == "" || name == "." || name == ".." || name == string(filepath.Separator) {
		name = "data"
	}
	for n := 1; ; n++ {
		dir := filepath.Join("runs", name)
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", dir, n)
		}
		if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
			return runDir(dir)
		}
	}
}

func (d runDir) lock() (*os.File, error) {
	if err := os.MkdirAll(string(d), 0o777); err != nil {
		return nil, errors.Wrap(err, "--out")
	}
	f, err := filelock.TryLock(d.path(lockFile))
	if err != nil && !errors.As(err, new(*os.PathError)) {
		return nil, errors.Errorf("%s must be free, but another process works in it", d)
	}
	return f, errors.Wrap(err, "--out")
}

// holdsRun reports whether the directory holds a run.
func (d runDir) holdsRun() bool {
	_, err := os.Stat(d.path(configFile))
	return err == nil
}

// write replaces a file of the run, and its checksum.
func (d runDir) write(name string, write func(io.Writer) error) error {
	return sums.Write(string(d), name, write)
}

func (d runDir) writeJSON(name string, value any) error {
	return d.write(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(value)
	})
}

// checkSum returns an error if a file has another checksum than the one that was kept.
func (d runDir) checkSum(name string) error {
	l, err := sums.Read(string(d))
	if err != nil {
		return err
	}
	return l.Check(string(d), name)
}

func (d runDir) readJSON(name string, to any) error {
	if err := d.checkSum(name); err != nil {
		return err
	}
	n, err := configfile.Read(d.path(name))
	if err != nil {
		return err
	}
	return n.Decode(to)
}

func (d runDir) state() (*state, error) {
	s := new(state)
	if err := d.readJSON(configFile, s); err != nil {
		return nil, err
	}
	return s, errors.Wrap(s.Settings.check(), d.path(configFile))
}

func (d runDir) savePlan(p *tabular.Plan) error { return d.write(planFile, planWriter(p)) }

// plan reads the plan of the run.
func (d runDir) plan() (*tabular.Plan, error) {
	if err := d.checkSum(planFile); err != nil {
		return nil, err
	}
	return readPlan(d.path(planFile))
}

func readPlan(path string) (*tabular.Plan, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, configfile.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return tabular.ParsePlan(path, b)
}

// planWriter returns what writes a plan.
func planWriter(p *tabular.Plan) func(io.Writer) error {
	return func(w io.Writer) error {
		b, err := p.YAML()
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}
}

// open makes the directory ready for a process that works in it: it removes what a killed
// one has left, checks the files of the trials, and forgets their checksums before they
// change. Lines of trials have their own.
func (d runDir) open() error {
	var paths []string
	for _, name := range []string{configFile, planFile, resultsFile, reportFile, modelFile, aboutFile, sums.File} {
		paths = append(paths, d.path(name))
	}
	if err := atomicfile.Clean(paths...); err != nil {
		return err
	}
	if err := d.store().Clean(); err != nil {
		return err
	}
	l, err := sums.Read(string(d))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(l)) {
		if err := l.Check(string(d), name); compare.Keeps(name) && err != nil {
			return err
		}
	}
	return sums.Forget(string(d), compare.Keeps)
}

// close keeps the checksums of the files of the trials.
func (d runDir) close() error {
	names, err := d.store().Files()
	if err != nil {
		return err
	}
	return errors.Wrap(sums.Keep(string(d), names...), "--out")
}

func (d runDir) store() *compare.Store { return &compare.Store{Dir: string(d)} }

// resume returns the command that goes on with the run.
func (d runDir) resume() string { return "dropout compare --resume " + shell.Quote(string(d)) }

// digest tells the contents of a file from others.
func digest(path string) (string, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", errors.Wrapf(err, "%q", path)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// digestOf tells data from others: a file by what is in it, a folder by the names of its
// files and what is in these.
func digestOf(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return digest(path)
	}
	files, err := filesIn(path, func(string) bool { return true })
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, file := range files {
		sum, err := digest(file)
		if err != nil {
			return "", err
		}
		name, err := filepath.Rel(path, file)
		if err != nil {
			return "", errors.Wrapf(err, "%q", file)
		}
		fmt.Fprintf(h, "%s %q\n", sum, filepath.ToSlash(name))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
