package training

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/device"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Auto is the name of the device that is "cuda:0" where there is one and it can run the
// graph, and the processor otherwise.
const Auto = "auto"

// checkDevice returns an error unless a run can be on the device that is asked for.
func (t *Trainer) checkDevice() error {
	if t.Device == "" || t.Device == models.CPU {
		return nil
	}
	what := ""
	switch {
	case t.accumulated() > 1:
		what = "Accumulate must be 1"
	case t.NonFinite != StopOnNonFinite:
		what = "NonFinite must be StopOnNonFinite"
	}
	for _, c := range t.Callbacks {
		if c.OnGradients != nil {
			what = "callbacks must not have OnGradients"
		}
	}
	if what == "" {
		return nil
	}
	return errors.Errorf("%s on the device %q, where gradients stay", what, t.Device)
}

// resolve chooses the device of Auto: that on which a batch of training can be compiled.
func (t *Trainer) resolve(size int, f Fields) {
	before := t.device
	defer func() {
		if t.device != before {
			t.forget(func(key batchKey) bool { return key.device != t.device })
		}
	}()
	t.device, t.noDevice = t.Device, nil
	if t.Device != Auto {
		return
	}
	t.device = "cuda:0"
	if t.noDevice = t.checkDevice(); t.noDevice == nil {
		if _, ok := t.Solver.(interface{ State() optim.State }); !ok {
			t.noDevice = errors.Errorf("solver must be SGD, Adam or AdamW on a device, got %T", t.Solver)
		}
	}
	if t.noDevice == nil {
		_, t.noDevice = t.batch(models.Train, size, f)
	}
	if t.noDevice != nil {
		t.device = models.CPU
	}
}

// place returns where batches are computed outside of a run.
func (t *Trainer) place() string {
	if t.device == "" && t.Device != Auto {
		return t.Device
	}
	return t.device
}

// Device returns where the run computes, "cpu" or a name such as "cuda:0", and, of a run
// on the processor for which [Auto] was asked, why it is not on a device.
func (r *Run) Device() (name string, why error) {
	if r.Trainer.device == "" {
		return models.CPU, nil
	}
	return r.Trainer.device, r.Trainer.noDevice
}

// updates are the steps of the solver on a device, for all batches of a run.
type updates struct {
	solver *optim.Device
	plans  map[*batch]*device.Plan
}

// update makes the step of the solver where the batch was computed.
func (r *Run) update(c *computation) error {
	machine, ok := c.batch.Machine().(*device.Machine)
	if !ok {
		return r.Trainer.Model.Update(func() error { return r.Trainer.Solver.Step(c.params) })
	}
	if r.updates == nil {
		solver, err := optim.OnDevice(machine.Device(), r.Trainer.Solver, c.params)
		if err != nil {
			return err
		}
		r.updates = &updates{solver, make(map[*batch]*device.Plan)}
	}
	u := r.updates
	plan, ok := u.plans[c.batch]
	if !ok {
		var err error
		if plan, err = u.plan(machine, c); err != nil {
			return err
		}
		u.plans[c.batch] = plan
	}
	return c.batch.Update(func() error {
		if err := u.solver.Next(); err != nil {
			return err
		}
		if err := machine.Weights().Push(); err != nil {
			return err
		}
		if err := u.solver.Push(); err != nil {
			return err
		}
		if err := plan.Start(); err != nil {
			return err
		}
		u.solver.Done()
		return nil
	})
}

// plan lists the update of the parameters by the gradients of a batch.
func (u *updates) plan(machine *device.Machine, c *computation) (*device.Plan, error) {
	places := make([]optim.Place, len(c.params))
	for i, p := range c.params {
		values, _ := p.Value().(*tensor.Dense)
		var ok bool
		if places[i].Value, ok = machine.Weights().At(values.Float32s()); !ok {
			return nil, errors.Errorf("parameter %d must be on the device, got one elsewhere", i)
		}
		if places[i].Gradient, ok = machine.At(c.batch.params[i].(*trainedParam).grad); !ok {
			return nil, errors.Errorf("gradient of parameter %d must be on the device, got one elsewhere", i)
		}
	}
	plan, err := machine.Device().NewPlan()
	if err != nil {
		return nil, err
	}
	if err := u.solver.Plan(plan.List, places); err != nil {
		_ = plan.Close() // what is wrong with the plan is the error to tell
		return nil, err
	}
	return plan, nil
}

// settle brings what the solver remembers to the host.
func (u *updates) settle() error {
	if u == nil {
		return nil
	}
	return u.solver.Pull()
}

// close settles and frees what the updates have on the device.
func (u *updates) close() error {
	if u == nil {
		return nil
	}
	err := u.solver.Close()
	for _, p := range u.plans {
		if closed := p.Close(); err == nil {
			err = closed
		}
	}
	return err
}
