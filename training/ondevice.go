package training

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/device"
	"github.com/gorgonia-dropout/dropout/internal/launch"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Auto is [models.Auto]: for a Trainer, a device must be able to do all that it is to do.
const Auto = models.Auto

// checkDevice returns an error unless a run can be on the device that is asked for.
func (t *Trainer) checkDevice() error {
	if t.Device == "" || t.Device == models.CPU || t.Device == Auto {
		return nil
	}
	return t.suits()
}

// suits returns an error unless a device can do what the trainer is to do.
func (t *Trainer) suits() error {
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
		return optim.CheckDevice(t.Solver)
	}
	return errors.Errorf("%s on a device, where gradients stay", what)
}

// resolve chooses the device of Auto: that on which a batch of training can be compiled
// and updated.
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
	if t.noDevice = t.suits(); t.noDevice == nil {
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

// updates are the steps of the solver on a device: the batches of a run have them in their
// graphs.
type updates struct {
	solver *optim.Device
	of     map[*batch]bool
	next   gathered
}

// A gathered batch is the examples of the next step, gathered while a device computes this
// one.
type gathered struct {
	indices []int // nil for none
	x       []float32
	labels  []int
	now     []float32 // the inputs of this step, if they were gathered before it
}

// gather gathers examples as those of b are, if they have nothing but inputs and labels.
// Errors are left to the step that needs them.
func (g *gathered) gather(b *batch, data Dataset, indices []int) {
	g.indices = nil
	more := b.numbers != nil || b.weights != nil || len(b.heads) > 0 || len(b.Graph().Model().Inputs()) > 0 || b.rdrop != nil
	if len(indices) == 0 || more {
		return
	}
	each := size(data.InputShape())
	g.x = slices.Grow(g.x[:0], len(indices)*each)[:len(indices)*each]
	perExample := len(b.labels) / b.targetShape[0]
	g.labels = slices.Grow(g.labels[:0], len(indices)*perExample)[:len(indices)*perExample]
	if data.Gather(indices, g.x, g.labels) == nil {
		g.indices = indices
	}
}

// take gives a batch the examples, if they are those with the indices, and reports whether
// it has.
func (g *gathered) take(b *batch, indices []int) (bool, error) {
	if len(g.indices) == 0 || len(indices) != len(g.indices) || &indices[0] != &g.indices[0] ||
		len(b.Inputs()) != len(g.x) || len(b.labels) != len(g.labels) {
		g.now = nil
		return false, nil
	}
	g.indices = nil
	copy(b.labels, g.labels)
	g.x, g.now = g.now, g.x
	return true, b.machine().Put(b.Graph().Input, g.now)
}

// gather fills in the examples of a batch, which may have been gathered before.
func (r *Run) gather(b *batch, data Dataset, indices []int) error {
	if r.updates == nil {
		return b.gather(data, indices)
	}
	done, err := r.updates.next.take(b, indices)
	if err != nil {
		return err
	}
	if !done {
		return b.gather(data, indices)
	}
	return b.checkLabels(indices)
}

// machine returns what runs the batch on a device, nil if that is the processor.
func (b *batch) machine() *device.Machine {
	m, _ := b.Machine().(*device.Machine)
	return m
}

// runOnDevice runs a batch of training and, unless its loss is not finite, updates the
// parameters.
func (r *Run) runOnDevice(b *batch, data Dataset) error {
	if err := r.extend(b); err != nil {
		return err
	}
	solver := r.updates.solver
	err := b.Update(func() error {
		if err := solver.Next(); err != nil {
			return err
		}
		if err := solver.Push(); err != nil {
			return err
		}
		return b.machine().Start()
	})
	if err != nil {
		return err
	}
	// Nobody waits for what data do: they may use the model.
	r.updates.next.gather(b, data, r.ahead)
	if err := b.machine().Finish(); err != nil {
		return err
	}
	if finite(scalar(b.loss.Value())) {
		solver.Done()
	} else if now := r.updates.next.now; now != nil {
		copy(b.Inputs(), now) // for who looks for the cause
	}
	return nil
}

// extend adds the update to the graph of a batch.
func (r *Run) extend(b *batch) (err error) {
	m := b.machine()
	if r.updates == nil {
		solver, err := optim.OnDevice(m.Device(), r.Trainer.Solver, b.params)
		if err != nil {
			return err
		}
		r.updates = &updates{solver: solver, of: make(map[*batch]bool)}
	}
	if r.updates.of[b] {
		return nil
	}
	loss, ok := m.At(b.loss)
	places := make([]optim.Place, len(b.params))
	for i, p := range b.params {
		p, _ := p.(*trainedParam)
		values, _ := p.Value().(*tensor.Dense)
		var on [2]bool
		places[i].Value, on[0] = m.Weights().At(values.Float32s())
		places[i].Gradient, on[1] = m.At(p.grad)
		ok = ok && on[0] && on[1]
	}
	if !ok {
		return errors.New("loss, parameters and gradients must be on the device, got some elsewhere")
	}
	err = m.Extend(func(l *launch.List) error {
		clip, err := r.updates.solver.Clip(l, places)
		for i := range places {
			if err == nil {
				err = r.updates.solver.Update(l, i, places[i], clip, loss)
			}
		}
		return err
	})
	r.updates.of[b] = err == nil
	return err
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
	return u.solver.Close()
}
