package training

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/schedule"
)

// A scheduled setting is one of the solver's that follows a schedule.
type scheduled struct {
	name     string
	schedule schedule.Schedule
	set      func(value float64) // nil if the solver has no method for it
}

// scheduled returns the settings that follow a schedule.
func (t *Trainer) scheduled() (used []scheduled) {
	if t.LR != nil {
		s := scheduled{name: "LR", schedule: t.LR}
		if solver, ok := t.Solver.(interface{ SetLR(float64) }); ok {
			s.set = solver.SetLR
		}
		used = append(used, s)
	}
	if t.Momentum != nil {
		s := scheduled{name: "Momentum", schedule: t.Momentum}
		if solver, ok := t.Solver.(interface{ SetMomentum(float64) }); ok {
			s.set = solver.SetMomentum
		}
		used = append(used, s)
	}
	if t.WeightDecay != nil {
		s := scheduled{name: "WeightDecay", schedule: t.WeightDecay}
		if solver, ok := t.Solver.(interface{ SetWeightDecay(float64) }); ok {
			s.set = solver.SetWeightDecay
		}
		used = append(used, s)
	}
	return used
}

// checkSchedules returns an error if the solver has no method for a setting that follows a
// schedule, or if a schedule is not valid or, as far as it tells, of no use to a solver.
func (t *Trainer) checkSchedules() error {
	for _, s := range t.scheduled() {
		if s.set == nil {
			return s.cannot(t.Solver)
		}
		if err := schedule.Validate(s.schedule); err != nil {
			return errors.WithMessage(err, s.name)
		}
		if low, _, ok := schedule.Bounds(s.schedule); ok && low < 0 {
			return errors.Errorf("%s must not be negative, got down to %v", s.name, low)
		}
	}
	return nil
}

// cannot returns the error of a solver without a method for s.
func (s scheduled) cannot(solver any) error {
	return errors.Errorf("a solver must have Set%s for a schedule of it, got %T", s.name, solver)
}

// followSchedules gives the solver its settings for the step to come. A callback may have
// changed the schedules since the last one.
func (r *Run) followSchedules() error {
	for _, s := range r.Trainer.scheduled() {
		if s.set == nil {
			return s.cannot(r.Trainer.Solver)
		}
		value := s.schedule.At(r.Steps)
		if s.name == "LR" {
			value *= r.lrFactor
			r.LR = &value
		}
		s.set(value)
	}
	if r.Trainer.LR == nil && r.reduces {
		value := r.baseLR * r.lrFactor
		r.Trainer.Solver.(interface{ SetLR(float64) }).SetLR(value)
		r.LR = &value
	}
	return nil
}
