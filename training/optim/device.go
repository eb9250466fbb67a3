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

// OnDevice returns a solver on a device, which is to train the parameters of a model:
// SGD, Adam or AdamW. Close it before the solver is used elsewhere.
func OnDevice(on *device.Device, solver gorgonia.Solver, model []gorgonia.ValueGrad) (*Device, error) {
	s, ok := solver.(solverOnDevice)
	if !ok {
		return nil, errors.Errorf("optim: OnDevice: solver must be SGD, Adam or AdamW on a device, got %T", solver)
	}
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
	for k, use := range r.slots {
		if use && !c.slots[k] {
			for i := range c.params {
				c.params[i].grow(k)
			}
			c.slots[k] = true
		}
	}
	return nil
}

func (p *param) adopt(m gorgonia.ValueGrad, seen, maxNorm bool) error {
	w, err := view(m.Value())
	switch {
	case err != nil:
		return errors.WithMessage(err, "value")
	case w.wide || w.strides != nil:
		return errors.Errorf("value must be row-major and of float32 on a device, got %v", w.kind)
	case !seen:
		p.kind = w.kind.clone()
	case !w.kind.equal(p.kind):
		return errors.Errorf("value must be %v as in earlier steps, got %v", p.kind, w.kind)
	}
	if m, ok := m.(interface{ Block() (rows, cols []int) }); ok {
		if rows, cols := m.Block(); rows != nil || cols != nil {
			return errors.New("gradient must be of all units on a device, got one of some")
		}
	}
	p.axis = -1
	if maxNorm {
		if p.axis, err = unitAxis(m, p.shape); err != nil {
			return err
		}
	}
	p.penalized = penalized(m)
	p.extent = [4]uintptr{}
	return nil
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
	if closed := d.each((*device.Weights).Close); err == nil {
		err = closed
	}
	d.slots = [maxSlots]*device.Weights{}
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
