package training

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// A scheduled setting is one of the solver's that follows a schedule.
type scheduled struct {
	name     string
	schedule schedule.Schedule
	set      func(value float64)
}

// scheduled returns the settings that follow a schedule. It is an error if the solver
// has no method that sets one, or if a schedule is not valid or, as far as it tells, not
// of use to a solver.
func (t *Trainer) scheduled() ([]scheduled, error) {
	lr, _ := t.Solver.(interface{ SetLR(float64) })
	momentum, _ := t.Solver.(interface{ SetMomentum(float64) })
	decay, _ := t.Solver.(interface{ SetWeightDecay(float64) })
	all := []scheduled{{name: "LR", schedule: t.LR}, {name: "Momentum", schedule: t.Momentum}, {name: "WeightDecay", schedule: t.WeightDecay}}
	if lr != nil {
		all[0].set = lr.SetLR
	}
	if momentum != nil {
		all[1].set = momentum.SetMomentum
	}
	if decay != nil {
		all[2].set = decay.SetWeightDecay
	}
	var used []scheduled
	for _, s := range all {
		if s.schedule == nil {
			continue
		}
		if s.set == nil {
			return nil, errors.Errorf("a solver must have Set%s for a schedule of it, got %T", s.name, t.Solver)
		}
		if err := schedule.Validate(s.schedule); err != nil {
			return nil, errors.WithMessage(err, s.name)
		}
		if low, _, ok := schedule.Bounds(s.schedule); ok && low < 0 {
			return nil, errors.Errorf("%s must not be negative, got down to %v", s.name, low)
		}
		used = append(used, s)
	}
	return used, nil
}

// followSchedules gives the solver its settings for the step to come.
func (r *Run) followSchedules() error {
	settings, err := r.Trainer.scheduled()
	for _, s := range settings {
		value := s.schedule.At(r.Steps)
		s.set(value)
		if s.name == "LR" {
			r.LR = &value
		}
	}
	return err
}
