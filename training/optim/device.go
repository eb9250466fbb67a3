package optim

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/device"
)

// A Device is a solver whose steps run on a device, where its slots are too. Package
// training makes it.
type Device struct {
	solver solverOnDevice
	slots  [maxSlots]*device.Weights
	model  []gorgonia.ValueGrad
	rule   rule
	params *param // the first, which a new state of the solver would replace
	fixed  [3]float64
}

// solverOnDevice is a solver with kernels for devices.
type solverOnDevice interface {
	next() (rule, error)
	parts() (*core, *Regularization)
}

// CheckDevice returns an error unless a solver has kernels for devices.
func CheckDevice(solver gorgonia.Solver) error {
	if _, ok := solver.(solverOnDevice); ok {
		return nil
	}
	return errors.Errorf("solver must be SGD, Adam or AdamW on a device, got %T", solver)
}

// OnDevice returns a solver on a device, which is to train the parameters of a model:
// SGD, Adam or AdamW. Close it before the solver is used elsewhere.
func OnDevice(on *device.Device, solver gorgonia.Solver, model []gorgonia.ValueGrad) (*Device, error) {
	if err := CheckDevice(solver); err != nil {
		return nil, errors.WithMessage(err, "optim: OnDevice")
	}
	s, _ := solver.(solverOnDevice)
	d := &Device{solver: s, model: model}
	var err error
	if d.rule, err = s.next(); err != nil {
		return nil, err
	}
	c, reg := s.parts()
	if err := c.adopt(model, d.rule, reg); err != nil {
		return nil, err
	}
	d.params, d.fixed = &c.params[0], reg.fixed()
	if err := d.Next(); err != nil {
		return nil, err
	}
	for k := range d.slots {
		if !c.slots[k] {
			continue
		}
		values := make([][]float32, len(c.params))
		for i := range c.params {
			values[i] = c.params[i].f32.slots[k]
		}
		if d.slots[k], err = on.NewWeights(values); err != nil {
			_ = d.Close()
			return nil, err
		}
	}
	return d, nil
}

// adopt makes the parameters of a model known, with slots, as bind does in a step.
func (c *core) adopt(model []gorgonia.ValueGrad, r rule, reg *Regularization) error {
	if c.seen && len(model) != len(c.params) {
		return errors.Errorf("optim: %s: must have the %d parameters of earlier steps, got %d", r.solver, len(c.params), len(model))
	}
	params := c.params
	if !c.seen {
		params = make([]param, len(model))
	}
	for i, m := range model {
		if err := params[i].adopt(m, c.seen, reg.MaxNorm > 0); err != nil {
			return errors.WithMessagef(err, "optim: %s: parameter %d", r.solver, i)
		}
	}
	c.params, c.seen = params, true
	c.grow(r.slots)
	return nil
}

func (p *param) adopt(m gorgonia.ValueGrad, seen, maxNorm bool) error {
	w, err := p.bindValue(m, seen)
	switch {
	case err != nil:
		return err
	case w.wide:
		return errors.Errorf("value must be of float32 on a device, got %v", w.kind)
	}
	if m, ok := m.(interface{ Block() (rows, cols []int) }); ok {
		if rows, cols := m.Block(); rows != nil || cols != nil {
			return errors.New("gradient must be of all units on a device, got one of some")
		}
	}
	p.extent = [4]uintptr{}
	return p.bindPenalties(m, maxNorm)
}

// fixed returns the settings that are part of a plan.
func (r *Regularization) fixed() [3]float64 { return [3]float64{r.MaxNorm, r.ClipNorm, r.ClipValue} }

// Next settles how the next step is done, by the solver's settings of now.
func (d *Device) Next() (err error) {
	c, reg := d.solver.parts()
	if d.rule, err = d.solver.next(); err != nil {
		return err
	}
	if len(c.params) == 0 || &c.params[0] != d.params || reg.fixed() != d.fixed {
		return errors.Errorf("optim: %s: MaxNorm, ClipNorm, ClipValue and State must stay as they are during a run on a device", d.rule.solver)
	}
	for i := range c.params {
		if err := c.params[i].treat(d.model[i], &d.rule, reg); err != nil {
			return errors.WithMessagef(err, "optim: %s: parameter %d", d.rule.solver, i)
		}
	}
	return nil
}

// Done counts a step.
func (d *Device) Done() {
	c, _ := d.solver.parts()
	c.steps++
	for _, s := range d.slots {
		if s != nil {
			s.Trained()
		}
	}
}

// Push brings slots that are newer on the host to the device, and Pull the other way.
func (d *Device) Push() error { return d.each((*device.Weights).Push) }

// Pull brings slots that are newer on the device to the host.
func (d *Device) Pull() error { return d.each((*device.Weights).Pull) }

// Close brings the slots to the host, and frees those on the device.
func (d *Device) Close() error {
	err := d.Pull()
	for k, s := range d.slots {
		if s == nil {
			continue
		}
		if closed := s.Close(); err == nil {
			err = closed
		}
		d.slots[k] = nil
	}
	return err
}

func (d *Device) each(f func(*device.Weights) error) error {
	for _, s := range d.slots {
		if s == nil {
			continue
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}
