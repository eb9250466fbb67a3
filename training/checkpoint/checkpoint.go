// Package checkpoint keeps the state of a training run in a directory, so that it
// can be resumed after an interruption or a crash.
//
//	config.json        what was run: the caller's own
//	last.safetensors   the whole state: parameters, solver, position, history
//	best.safetensors   the parameters of the best epoch on the validation set
//
// Files are replaced atomically and synchronized with the disk: a crash at any
// moment leaves the old state or the new one. They carry a checksum.
package checkpoint

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// The names of the files in a directory of a run.
const (
	ConfigFile = "config.json"
	LastFile   = "last.safetensors"
	BestFile   = "best.safetensors"
)

// format is the version of the files.
const format = "dropout checkpoint 1"

// Save writes a state to the file at path, atomically.
func Save(path string, s *training.State) error {
	tensors, metadata, err := encode(s)
	if err != nil {
		return errors.Wrap(err, "checkpoint: Save")
	}
	err = atomicfile.Write(path, func(w io.Writer) error { return tensorfile.Write(w, tensors, metadata) })
	return errors.Wrap(err, "checkpoint: Save")
}

// Load reads the state from a file that Save wrote. A file that is missing,
// damaged or another program's is an error.
func Load(path string) (*training.State, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(err, "checkpoint: Load")
	}
	s, err := decode(data)
	return s, errors.Wrapf(err, "checkpoint: Load: %s", path)
}

// Names of tensors in a file.
const (
	paramPrefix    = "param."
	solverPrefix   = "solver."
	callbackPrefix = "callback."
)

func encode(s *training.State) (map[string]*tensor.Dense, map[string]string, error) {
	state, err := json.Marshal(s)
	if err != nil {
		return nil, nil, err
	}
	slots := make(map[string]int)
	tensors := make(map[string]*tensor.Dense)
	for name, d := range s.Params {
		tensors[paramPrefix+name] = d
	}
	for name, list := range s.Solver.Slots {
		slots[name] = len(list)
		for i, d := range list {
			tensors[solverPrefix+name+"."+strconv.Itoa(i)] = d
		}
	}
	solver, err := json.Marshal(solverState{s.Solver.Step, slots})
	if err != nil {
		return nil, nil, err
	}
	for i, c := range s.Callbacks {
		for name, d := range c.Tensors {
			tensors[callbackPrefix+strconv.Itoa(i)+"."+name] = d
		}
	}
	return tensors, map[string]string{"format": format, "state": string(state), "solver": string(solver)}, nil
}

// solverState is what the file says of the solver beside its tensors.
type solverState struct {
	Step  int64          `json:"step"`
	Slots map[string]int `json:"slots"` // and the number of tensors in each
}

func decode(data []byte) (*training.State, error) {
	tensors, metadata, err := tensorfile.Read(data)
	if err != nil {
		return nil, err
	}
	if got := metadata["format"]; got != format {
		return nil, errors.Errorf("format must be %q, got %q", format, got)
	}
	s := &training.State{Params: make(map[string]*tensor.Dense)}
	if err := json.Unmarshal([]byte(metadata["state"]), s); err != nil {
		return nil, errors.Wrap(err, "state")
	}
	var solver solverState
	if err := json.Unmarshal([]byte(metadata["solver"]), &solver); err != nil {
		return nil, errors.Wrap(err, "solver")
	}
	s.Solver = optim.State{Step: solver.Step, Slots: make(map[string][]*tensor.Dense)}
	for name, n := range solver.Slots {
		if n < 0 || n > len(tensors) {
			return nil, errors.Errorf("solver: slot %q must hold at most the %d tensors of the file, got %d", name, len(tensors), n)
		}
		list := make([]*tensor.Dense, n)
		for i := range list {
			d, ok := tensors[solverPrefix+name+"."+strconv.Itoa(i)]
			if !ok {
				return nil, errors.Errorf("solver: tensor %d of slot %q is missing", i, name)
			}
			list[i] = d
		}
		s.Solver.Slots[name] = list
	}
	for name, d := range tensors {
		if param, ok := strings.CutPrefix(name, paramPrefix); ok {
			s.Params[param] = d
		} else if rest, ok := strings.CutPrefix(name, callbackPrefix); ok {
			number, param, _ := strings.Cut(rest, ".")
			i, err := strconv.Atoi(number)
			if err != nil || i < 0 || i >= len(s.Callbacks) {
				return nil, errors.Errorf("tensor %q must be of one of %d callbacks", name, len(s.Callbacks))
			}
			if s.Callbacks[i].Tensors == nil {
				s.Callbacks[i].Tensors = make(map[string]*tensor.Dense)
			}
			s.Callbacks[i].Tensors[param] = d
		}
	}
	return s, nil
}

// SaveConfig writes config as indented JSON to the directory of a run, which it
// makes if there is none.
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

// LoadConfig reads the configuration of a run into config, strictly: a key that
// config does not have, in these letters, is an error that names the nearest one, and
// so are a number that does not fit, such as 1.9 for an int, a string that is not
// among those of a tag enum:"a,b", and anything after the end. Errors name the line
// and column.
func LoadConfig(dir string, config any) error {
	n, err := configfile.Read(filepath.Join(dir, ConfigFile))
	if err == nil {
		err = n.Decode(config)
	}
	return errors.Wrap(err, "checkpoint: LoadConfig")
}

// Keep is a callback that saves the run to a directory: the last state after each
// epoch, at the end, however it comes, and within an epoch whenever the interval
// has passed since the last save (0: never); and the parameters of the epoch with
// the lowest validation error so far, if there is a validation set. A run that ends
// because a number was not finite, or within a step, leaves the last state before that,
// at an epoch's end or after the interval. At the start it removes what a run that was
// killed while it saved has left.
//
// Its place among the callbacks does not matter: states are taken when all of them
// have seen the step, and best parameters that early stopping gives back come after.
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
			if !isBest(r.History.Epochs) {
				return nil
			}
			return errors.Wrap(saveBest(best, r), "checkpoint: Keep")
		},
		OnCheckpoint: func(r *training.Run) error {
			if !due && (interval <= 0 || time.Since(saved) < interval) {
				return nil
			}
			return save(r)
		},
		OnEnd: func(r *training.Run) error {
			// What led there is no state to go on from.
			if bad := (*training.NonFiniteError)(nil); errors.As(r.Err, &bad) {
				return nil
			}
			// A run that was over when it was resumed has nothing new to keep.
			if kept == (position{r.Epoch, r.Steps, r.History.Stopped}) {
				return nil
			}
			return save(r)
		},
	}
}

// position is how far a run has come.
type position struct {
	epoch   int // to go on with
	steps   int64
	stopped string
}

// isBest reports whether the last epoch has a lower validation error than all before.
func isBest(epochs []training.Epoch) bool {
	last := epochs[len(epochs)-1].Validation
	return last != nil && !slices.ContainsFunc(epochs[:len(epochs)-1], func(e training.Epoch) bool {
		return e.Validation != nil && e.Validation.Error() <= last.Error()
	})
}

// saveBest writes the parameters of the epoch that r has finished.
func saveBest(path string, r *training.Run) error {
	tensors := make(map[string]*tensor.Dense)
	m := r.Trainer.Model
	_ = m.View(func() error {
		for _, p := range slices.Concat(m.Params(), m.States()) {
			tensors[p.Name()] = p.Value().Clone().(*tensor.Dense)
		}
		return nil
	})
	e := r.History.Epochs[len(r.History.Epochs)-1].Validation.Error()
	metadata := map[string]string{"epoch": strconv.Itoa(r.Epoch), "validation_error": strconv.FormatFloat(e, 'g', -1, 64)}
	return atomicfile.Write(path, func(w io.Writer) error {
		return tensorfile.Write(w, tensors, metadata)
	})
}
