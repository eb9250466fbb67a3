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
	// Steps is the number of updates made.
	Steps   int64   `json:"steps"`
	History History `json:"history"`

	Params    map[string]*tensor.Dense `json:"-"` // what Model.Weights returns: parameters and states, in the layout of files
	Solver    optim.State              `json:"-"`
	Callbacks []CallbackState          `json:"callbacks"` // in the order of Trainer.Callbacks
}

// A CallbackState is what a callback has to remember.
type CallbackState struct {
	Data    json.RawMessage          `json:"data,omitempty"`
	Tensors map[string]*tensor.Dense `json:"-"`
}

// stateful is a solver that can be resumed.
type stateful interface {
	State() optim.State
	SetState(optim.State) error
}

// State returns the state of the run, with tensors of its own. Called from
// OnStep, OnEpoch or OnEnd it is between two updates. It is an error if the
// solver cannot tell its state, as those of package optim can, and a
// *NonFiniteError if a parameter is NaN or infinite: nothing could be learnt from
// there on.
func (r *Run) State() (*State, error) {
	solver, ok := r.Trainer.Solver.(stateful)
	if !ok {
		return nil, errors.Errorf("training: State: solver must have State and SetState, got %T", r.Trainer.Solver)
	}
	m := r.Trainer.Model
	if err := r.finite(); err != nil {
		return nil, errors.Wrap(err, "training: State")
	}
	weights, err := m.Weights()
	if err != nil {
		return nil, errors.Wrap(err, "training: State")
	}
	s := &State{
		Epoch: r.next, Batches: r.batches, Partial: r.partial, Steps: r.Steps,
		History: *r.History, Params: weights, Solver: solver.State(),
	}
	s.History.Epochs = slices.Clone(r.History.Epochs)
	s.History.Steps = r.Steps
	for _, c := range r.Trainer.Callbacks {
		var cs CallbackState
		if c.Save != nil {
			var err error
			if cs, err = c.Save(); err != nil {
				return nil, err
			}
		}
		s.Callbacks = append(s.Callbacks, cs)
	}
	return s, nil
}

// resume puts the run where s was taken. It changes nothing if s does not fit.
func (r *Run) resume(s *State) error {
	t := r.Trainer
	solver, ok := t.Solver.(stateful)
	if !ok {
		return errors.Errorf("training: Resume: solver must have State and SetState, got %T", t.Solver)
	}
	if err := s.fits(t.Model); err != nil {
		return errors.Wrap(err, "training: Resume")
	}
	if s.Epoch < 0 || s.Steps < 0 || s.Batches < 0 || s.Batches > r.StepsPerEpoch {
		return errors.Errorf("training: Resume: state must be at a step of %d in an epoch, got epoch %d, batch %d, step %d",
			r.StepsPerEpoch, s.Epoch, s.Batches, s.Steps)
	}
	if len(s.Callbacks) != len(t.Callbacks) {
		return errors.Errorf("training: Resume: state must be of %d callbacks, got %d", len(t.Callbacks), len(s.Callbacks))
	}
	if err := solver.SetState(s.Solver); err != nil {
		return errors.Wrap(err, "training: Resume")
	}
	for i, c := range t.Callbacks {
		if c.Load != nil {
			if err := c.Load(s.Callbacks[i]); err != nil {
				return errors.Wrapf(err, "training: Resume: callback %d", i)
			}
		}
	}
	s.set(t.Model)
	r.Epoch, r.next, r.batches, r.partial, r.Steps = s.Epoch, s.Epoch, s.Batches, s.Partial, s.Steps
	r.stop = s.History.Stopped
	*r.History = s.History
	r.History.Epochs = slices.Clone(s.History.Epochs)
	return nil
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
