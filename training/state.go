package training

import (
	"encoding/json"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A State is all that a run needs to go on later as if it had never stopped: a
// Trainer of the same configuration whose Resume it is ends, on the same data and
// BLAS, with the same weights bit for bit. It needs no state of random number
// generators, since masks are a function of seed and step and the order of the
// examples one of seed and epoch. See package checkpoint for files of it.
type State struct {
	// Epoch is the epoch to go on with and Batches the number of its batches that
	// are done; Partial is the record of these.
	Epoch   int   `json:"epoch"`
	Batches int   `json:"batches"`
	Partial Epoch `json:"partial"`
	// Seen is the state of Trainer.Metrics over these batches.
	Seen json.RawMessage `json:"seen,omitempty"`
	// Steps is the number of updates made or skipped.
	Steps   int64   `json:"steps"`
	History History `json:"history"`
	// Setup is what the run was begun with. A run that goes on must have the same.
	Setup Setup `json:"setup"`

	Params map[string]*tensor.Dense `json:"-"` // what Model.Weights returns: parameters and states, in the layout of files
	Solver optim.State              `json:"-"`
	// Average is the mean of the weights that Trainer.Average keeps, by the names of the
	// model's tensors and in their shapes, and Averaged the number of those in it.
	Average   map[string]*tensor.Dense `json:"-"`
	Averaged  int64                    `json:"averaged,omitempty"`
	Callbacks []CallbackState          `json:"callbacks"` // of those that have one, by their names
}

// A CallbackState is what a callback has to remember.
type CallbackState struct {
	// Name is that of the callback, set by Run.State.
	Name    string                   `json:"name"`
	Data    json.RawMessage          `json:"data,omitempty"`
	Tensors map[string]*tensor.Dense `json:"-"`
}

// stateful is a solver that can be resumed.
type stateful interface {
	State() optim.State
	SetState(optim.State) error
}

// State returns the state of the run, with tensors of its own. It is to be called
// from OnCheckpoint or OnEnd, when all callbacks have seen what was done: elsewhere it
// is an error, and in OnEnd of a run that failed within a step or while callbacks were
// told of one. It is an error, too, if the solver cannot tell its state, as those of
// package optim can, and a *NonFiniteError if a parameter is NaN or infinite: nothing
// could be learnt from there on.
func (r *Run) State() (*State, error) {
	if err := r.finite(); err != nil {
		return nil, errors.Wrap(err, "training: State")
	}
	if !r.whole && r.Err != nil {
		return nil, errors.Errorf("training: State: the last step and epoch must be whole, got a run that failed at epoch %d, step %d", r.Epoch, r.Steps)
	}
	if !r.whole {
		return nil, errors.New("training: State: must be called from OnCheckpoint or OnEnd, when all callbacks have seen the step")
	}
	solver, ok := r.Trainer.Solver.(stateful)
	if !ok {
		return nil, errors.Errorf("training: State: solver must have State and SetState, got %T", r.Trainer.Solver)
	}
	m := r.Trainer.Model
	weights, err := m.Weights()
	if err == nil {
		err = r.updates.settle()
	}
	if err != nil {
		return nil, errors.Wrap(err, "training: State")
	}
	s := &State{
		Epoch: r.next, Batches: r.batches, Partial: r.partial, Steps: r.Steps, Setup: r.setup,
		History: *r.History, Params: weights, Solver: solver.State(),
	}
	if s.Batches > 0 {
		if s.Seen, err = json.Marshal(r.seen); err != nil {
			return nil, errors.Wrap(err, "training: State: metrics")
		}
	}
	s.Average, s.Averaged = r.average.state()
	s.History.Epochs = slices.Clone(r.History.Epochs)
	s.History.Steps, s.History.Stopped, s.History.Partial = r.Steps, r.stop, nil
	for _, c := range r.Trainer.Callbacks {
		if c.Save == nil {
			continue
		}
		cs, err := c.Save()
		if err != nil {
			return nil, err
		}
		cs.Name = c.Name
		s.Callbacks = append(s.Callbacks, cs)
	}
	return s, nil
}

// Restore sets the parameters of a model, and its other state, to those of s. It
// changes nothing if they do not fit.
func (s *State) Restore(m *models.Model) error {
	if err := s.fits(m); err != nil {
		return errors.Wrap(err, "training: Restore")
	}
	s.set(m)
	return nil
}

// fits returns an error unless the tensors of s are those of m.
func (s *State) fits(m *models.Model) error { return m.CheckWeights(s.Params) }

// set copies the tensors of s, which fit, into m.
func (s *State) set(m *models.Model) {
	// It cannot fail.
	_ = m.SetWeights(s.Params)
}
