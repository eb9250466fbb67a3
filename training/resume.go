package training

import (
	"encoding/json"
	"slices"

	"github.com/pkg/errors"
)

// place puts the run where s was taken, unless s is not a state of this run. It
// changes nothing but r.
func (r *Run) place(s *State) error {
	if _, ok := r.Trainer.Solver.(stateful); !ok {
		return errors.Errorf("solver must have State and SetState, got %T", r.Trainer.Solver)
	}
	if err := s.Setup.same(r.setup); err != nil {
		return err
	}
	if err := s.fits(r.Trainer.Model); err != nil {
		return err
	}
	if err := r.has(s.Callbacks); err != nil {
		return err
	}
	if err := r.average.fits(s.Average, s.Averaged); err != nil {
		return err
	}
	switch steps := int64(r.StepsPerEpoch); {
	case s.Epoch < 0 || s.Batches < 0 || s.Batches > r.StepsPerEpoch || s.Epoch > r.Trainer.Epochs:
		return errors.Errorf("state must be within %d epochs of %d steps, got epoch %d, batch %d", r.Trainer.Epochs, r.StepsPerEpoch, s.Epoch, s.Batches)
	case s.Steps != int64(s.Epoch)*steps+int64(s.Batches):
		return errors.Errorf("state of epoch %d, batch %d must be of step %d, got %d", s.Epoch, s.Batches, int64(s.Epoch)*steps+int64(s.Batches), s.Steps)
	case len(s.History.Epochs) != s.Epoch:
		return errors.Errorf("state of epoch %d must have the record of as many, got %d", s.Epoch, len(s.History.Epochs))
	}
	if s.Batches > 0 {
		if err := json.Unmarshal(s.Seen, r.seen); err != nil {
			return errors.Wrap(err, "metrics of the state")
		}
	}
	r.Epoch, r.next, r.batches, r.partial, r.Steps = s.Epoch, s.Epoch, s.Batches, s.Partial, s.Steps
	// A run that was stopped within an epoch goes on with it.
	if s.Batches == 0 || s.Batches == r.StepsPerEpoch {
		r.stop = s.History.Stopped
	}
	*r.History = s.History
	r.History.Stopped, r.History.Partial = "", nil
	r.History.Epochs = slices.Clone(s.History.Epochs)
	return nil
}

// has returns an error unless states are those of the callbacks that have one.
func (r *Run) has(states []CallbackState) error {
	var names []string
	for _, c := range r.Trainer.Callbacks {
		if c.Load != nil {
			names = append(names, c.Name)
		}
	}
	for i, s := range states {
		if !slices.Contains(names, s.Name) {
			return errors.Errorf("callbacks must have %q as in the state, got %q", s.Name, names)
		}
		if slices.ContainsFunc(states[:i], func(other CallbackState) bool { return other.Name == s.Name }) {
			return errors.Errorf("state must have one callback %q, got two", s.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(states, func(s CallbackState) bool { return s.Name == name }) {
			return errors.Errorf("state must have the callback %q, got none", name)
		}
	}
	return nil
}

// resume gives the solver, the callbacks and the model what s holds of them. The
// model stays as it is where one of them refuses.
func (r *Run) resume(s *State) error {
	if err := r.Trainer.Solver.(stateful).SetState(s.Solver); err != nil {
		return err
	}
	for _, c := range r.Trainer.Callbacks {
		if c.Load == nil {
			continue
		}
		i := slices.IndexFunc(s.Callbacks, func(s CallbackState) bool { return s.Name == c.Name })
		if err := c.Load(s.Callbacks[i]); err != nil {
			return errors.Wrapf(err, "callback %q", c.Name)
		}
	}
	r.average.setState(s.Average, s.Averaged)
	s.set(r.Trainer.Model)
	return nil
}

// checkCallbacks returns an error unless states can be told apart by their names.
func (t *Trainer) checkCallbacks() error {
	seen := make(map[string]bool)
	for i, c := range t.Callbacks {
		switch {
		case (c.Save == nil) != (c.Load == nil):
			return errors.Errorf("callback %d, %q, must have both Save and Load or none, got one", i, c.Name)
		case c.Save == nil:
			continue
		case c.Name == "":
			return errors.Errorf("callback %d has Save and must have a name, got none", i)
		case seen[c.Name]:
			return errors.Errorf("callbacks with Save must have names of their own, got two of %q", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}
