package checkpoint

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// The prefixes of tensors other than weights, which are named
// solver/SLOT/NUMBER, average/NAME and callback/NUMBER/NAME.
const (
	averagePrefix  = "average/"
	solverPrefix   = "solver/"
	callbackPrefix = "callback/"
)

// solverState is what the file says about the solver besides its tensors.
type solverState struct {
	Step  int64          `json:"step"`
	Slots map[string]int `json:"slots"` // and the number of tensors in each
}

func encode(w io.Writer, s *training.State) error {
	state, err := json.Marshal(s)
	if err != nil {
		return err
	}
	slots := make(map[string]int)
	rest := make(map[string]*tensor.Dense)
	for name, list := range s.Solver.Slots {
		slots[name] = len(list)
		for i, d := range list {
			rest[solverPrefix+name+"/"+strconv.Itoa(i)] = d
		}
	}
	solver, err := json.Marshal(solverState{s.Solver.Step, slots})
	if err != nil {
		return err
	}
	for name, d := range s.Average {
		rest[averagePrefix+name] = d
	}
	for i, c := range s.Callbacks {
		for name, d := range c.Tensors {
			rest[callbackPrefix+strconv.Itoa(i)+"/"+name] = d
		}
	}
	return tensorfile.WriteWeights(w, s.Params, rest, map[string]string{
		tensorfile.CheckpointKey: tensorfile.Checkpoint, "state": string(state), "solver": string(solver),
	})
}

func decode(r io.Reader) (*training.State, error) {
	f, err := tensorfile.Open(r)
	if err != nil {
		return nil, err
	}
	weights, err := f.Weights()
	if err != nil {
		return nil, err
	}
	if _, ok := f.Metadata[tensorfile.CheckpointKey]; !ok {
		return nil, errors.New("file must be a checkpoint, got one of weights alone, which Model.Load reads")
	}
	if err := f.Load(); err != nil {
		return nil, err
	}
	tensors, err := f.Dense()
	if err != nil {
		return nil, err
	}
	s := &training.State{Params: make(map[string]*tensor.Dense, len(weights))}
	if err := metadata(f, "state", s); err != nil {
		return nil, err
	}
	for name := range weights {
		s.Params[name] = tensors[name]
		delete(tensors, name)
	}
	var solver solverState
	if err := metadata(f, "solver", &solver); err != nil {
		return nil, err
	}
	if err := takeSolver(s, solver, tensors); err != nil {
		return nil, errors.Wrap(err, "solver")
	}
	takeAverage(s, tensors)
	return s, takeCallbacks(s, tensors)
}

// takeAverage moves the tensors of the mean of the weights to s.
func takeAverage(s *training.State, tensors map[string]*tensor.Dense) {
	for full, d := range tensors {
		name, ok := strings.CutPrefix(full, averagePrefix)
		if !ok {
			continue
		}
		if s.Average == nil {
			s.Average = make(map[string]*tensor.Dense)
		}
		s.Average[name] = d
		delete(tensors, full)
	}
}

// metadata reads the JSON that encode has written under a key, exactly.
func metadata(f *tensorfile.File, key string, to any) error {
	n, err := configfile.ParseJSON(key, []byte(f.Metadata[key]))
	if err != nil {
		return err
	}
	return n.DecodeAll(to)
}

// takeSolver moves the solver's tensors to s.
func takeSolver(s *training.State, solver solverState, tensors map[string]*tensor.Dense) error {
	s.Solver = optim.State{Step: solver.Step, Slots: make(map[string][]*tensor.Dense)}
	for name, n := range solver.Slots {
		if n < 0 || n > len(tensors) {
			return errors.Errorf("slot %q must hold at most the %d tensors of the file, got %d", name, len(tensors), n)
		}
		list := make([]*tensor.Dense, n)
		for i := range list {
			full := solverPrefix + name + "/" + strconv.Itoa(i)
			d, ok := tensors[full]
			if !ok {
				return errors.Errorf("slot %q must have tensor %d, got none", name, i)
			}
			list[i] = d
			delete(tensors, full)
		}
		s.Solver.Slots[name] = list
	}
	return nil
}

// takeCallbacks moves the tensors of callbacks, which are all that are left, to
// s.
func takeCallbacks(s *training.State, tensors map[string]*tensor.Dense) error {
	for full, d := range tensors {
		rest, ok := strings.CutPrefix(full, callbackPrefix)
		number, name, cut := strings.Cut(rest, "/")
		i, err := strconv.Atoi(number)
		if !ok || !cut || err != nil || i < 0 || i >= len(s.Callbacks) || number != strconv.Itoa(i) {
			return errors.Errorf("tensor %q must be a weight, the solver's or of one of %d callbacks", full, len(s.Callbacks))
		}
		if s.Callbacks[i].Tensors == nil {
			s.Callbacks[i].Tensors = make(map[string]*tensor.Dense)
		}
		s.Callbacks[i].Tensors[name] = d
	}
	return nil
}
