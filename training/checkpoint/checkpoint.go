// Package checkpoint keeps the state of a training run in a directory, so that
// the run can be resumed after an interruption or a crash. [Keep] saves as the
// run goes; [Load] reads the state back for the field Resume of a
// training.Trainer.
//
//	config.json        what was run: the caller's own
//	last.safetensors   the whole state: parameters, solver, position, history
//	best.safetensors   the weights of the best epoch on the validation set
//
// Both files have the weights in the layout of models.Model.Save, so that
// Model.Load and PyTorch can read them.
//
// Files are replaced atomically and synchronized with the disk: a crash at any
// moment leaves either the old state or the new one. They include a checksum.
package checkpoint

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// The names of the files in a run's directory.
const (
	ConfigFile = "config.json"
	LastFile   = "last.safetensors"
	BestFile   = "best.safetensors"
)

// Save writes a state to the file at path, atomically.
func Save(path string, s *training.State) error {
	return errors.Wrap(atomicfile.Write(path, func(w io.Writer) error { return encode(w, s) }), "checkpoint: Save")
}

// Load reads the state from a file that [Save] wrote. A file that is missing,
// damaged or from another program is an error.
func Load(path string) (*training.State, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "checkpoint: Load")
	}
	defer f.Close()
	s, err := decode(f)
	return s, errors.Wrapf(err, "checkpoint: Load: %s", path)
}

// SaveConfig writes config as indented JSON to a run's directory, which it
// creates if there is none.
func SaveConfig(dir string, config any) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Wrap(err, "checkpoint: SaveConfig")
	}
	data, err := json.MarshalIndent(config, "", "\t")
	if err != nil {
		return errors.Wrap(err, "checkpoint: SaveConfig")
	}
	err = atomicfile.Write(filepath.Join(dir, ConfigFile), func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
	return errors.Wrap(err, "checkpoint: SaveConfig")
}

// LoadConfig reads the configuration of a run into config, strictly. These are
// errors: a key that config does not have in exactly this spelling (the error
// suggests the nearest one), a number that does not fit, such as 1.9 for an
// int, a string that is not in the field's tag enum:"a,b", and anything after
// the end. Errors name the line and column.
func LoadConfig(dir string, config any) error {
	n, err := configfile.Read(filepath.Join(dir, ConfigFile))
	if err == nil {
		err = n.Decode(config)
	}
	return errors.Wrap(err, "checkpoint: LoadConfig")
}

// Keep returns a callback that saves the run to a directory. It saves the state
// after each epoch, at the end, however the run ends, and within an epoch
// whenever the interval has passed since the last save (0: never). If there is
// a validation set, it also saves the parameters of the epoch that is the best so far
// by the Trainer's Monitor. A run that ends because a number was not finite, or
// in the middle of a step, leaves the last state saved before that. At the
// start Keep removes temporary files of a run that was killed while it saved.
//
// Its position among the callbacks does not matter: states are taken once all
// of them have seen the step, before early stopping restores the best
// parameters.
func Keep(dir string, interval time.Duration) training.Callback {
	last, best := filepath.Join(dir, LastFile), filepath.Join(dir, BestFile)
	var saved time.Time
	var due bool
	var kept position // of the file
	save := func(r *training.Run) error {
		s, err := r.State()
		if err != nil {
			return err
		}
		saved, due, kept = time.Now(), false, position{s.Epoch, s.Steps, s.History.Stopped}
		return Save(last, s)
	}
	return training.Callback{
		OnStart: func(r *training.Run) error {
			saved, due, kept = time.Now(), false, position{epoch: -1}
			if r.Trainer.Resume != nil {
				if s, err := Load(last); err == nil {
					kept = position{s.Epoch, s.Steps, s.History.Stopped}
				}
			}
			if err := atomicfile.Clean(last, best); err != nil {
				return errors.Wrap(err, "checkpoint: Keep")
			}
			return errors.Wrap(os.MkdirAll(dir, 0o777), "checkpoint: Keep")
		},
		OnEpoch: func(r *training.Run) error {
			due = true
			at, score := r.Trainer.Monitor.Best(r.History.Epochs)
			if at != len(r.History.Epochs)-1 {
				return nil
			}
			return errors.Wrap(saveBest(best, r, score), "checkpoint: Keep")
		},
		OnCheckpoint: func(r *training.Run) error {
			if !due && (interval <= 0 || time.Since(saved) < interval) {
				return nil
			}
			return save(r)
		},
		OnEnd: func(r *training.Run) error {
			// The state that led there is no state to resume from.
			if bad := (*training.NonFiniteError)(nil); errors.As(r.Err, &bad) {
				return nil
			}
			// A run that was already over when it was resumed has nothing new
			// to keep.
			if kept == (position{r.Epoch, r.Steps, r.History.Stopped}) {
				return nil
			}
			return save(r)
		},
	}
}

// position is how far a run has got.
type position struct {
	epoch   int // to continue with
	steps   int64
	stopped string
}

// saveBest writes the weights of the epoch that r has just finished.
func saveBest(path string, r *training.Run, by metrics.Score) error {
	weights, err := r.Trainer.Model.Weights()
	if err != nil {
		return err
	}
	metadata := map[string]string{"epoch": strconv.Itoa(r.Epoch), "metric": by.Name, "value": strconv.FormatFloat(by.Value, 'g', -1, 64)}
	return atomicfile.Write(path, func(w io.Writer) error {
		return tensorfile.WriteWeights(w, weights, nil, metadata)
	})
}
