package models

import (
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/internal/device"
)

// Names of devices.
const (
	CPU  = "cpu"  // the processor
	Auto = "auto" // "cuda:0" where there is one and it can run the graph, else the processor
)

// OnDevice runs the program on a device: "cuda:0" is the first NVIDIA GPU, whose driver is
// found when the program is compiled, and [CPU], as "", the processor. The results have
// the bits that they have on the processor with the products of training/blas. It is an
// error if there is no such device, or if an op of the graph cannot run there: only [Auto]
// falls back, and [Program.Device] tells why.
//
// The parameters have a copy on the device, where [Program.Update] changes them.
// [Model.View], [Model.Update], [Param.Value] and all that reads or writes a model's
// weights bring them back first. So write to the tensor of Param.Value in Update, or ask
// for it anew: what is written to a tensor that was asked for before the last run of a
// program on a device is lost.
func OnDevice(name string) CompileOption { return func(c *compilation) { c.device = name } }

// WithComputed computes further nodes, like [WithResults], but leaves their values on
// the device, if the program runs on one.
func WithComputed(nodes ...*gorgonia.Node) CompileOption {
	return func(c *compilation) { c.computed = append(c.computed, nodes...) }
}

// A home is where the newest values of a model's parameters may be: on a device that
// programs run on.
type home struct {
	mu       sync.Mutex
	device   *device.Device
	weights  *device.Weights
	programs int
	err      error // of bringing values back, until somebody is told
}

// fetch brings the values to the host, where they may be changed.
func (h *home) fetch() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.err
	h.err = nil
	if h.weights == nil || err != nil {
		return err
	}
	err = h.weights.Pull()
	h.weights.Changed()
	return err
}

// fetchLater is fetch for callers that return no error: the next that does has it.
func (h *home) fetchLater() {
	if err := h.fetch(); err != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.err = err
	}
}

// machine returns one on a device for a graph of the model.
func (m *Model) machine(name string, g *gorgonia.ExprGraph, results gorgonia.Nodes) (*device.Machine, error) {
	h := &m.home
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.device != nil && h.device.Name() != name {
		return nil, errors.Errorf("device must be %s as long as the model has programs there, got %s", h.device.Name(), name)
	}
	if h.device == nil {
		if err := h.open(name, m.params); err != nil {
			return nil, err
		}
	}
	machine, err := h.device.NewMachine(g, h.weights, results)
	if err == nil {
		h.programs++
	} else if h.programs == 0 {
		_ = h.close() // what is wrong with the graph is the error to tell
	}
	return machine, err
}

// open opens a device and copies parameters to it.
func (h *home) open(name string, params []*Param) (err error) {
	if h.device, err = device.Open(name); err != nil {
		return err
	}
	values := make([][]float32, len(params))
	for i, p := range params {
		var ok bool
		if values[i], ok = p.value.Data().([]float32); !ok {
			_ = h.close()
			return errors.Errorf("model must be of float32 on %s, got %v", name, p.value.Dtype())
		}
	}
	if h.weights, err = h.device.NewWeights(values); err != nil {
		_ = h.close()
	}
	return err
}

// release is told that a program is closed.
func (h *home) release() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.programs--; h.programs > 0 {
		return nil
	}
	err := h.weights.Pull()
	if closed := h.close(); err == nil {
		err = closed
	}
	return err
}

// close frees the copies and closes the device.
func (h *home) close() error {
	var err error
	if h.weights != nil {
		err = h.weights.Close()
	}
	if closed := h.device.Close(); err == nil {
		err = closed
	}
	h.device, h.weights = nil, nil
	return err
}

// compileOn makes the machine on a device.
func (p *Program) compileOn(name string, graph *gorgonia.ExprGraph, results gorgonia.Nodes) error {
	if name == Auto {
		name = "cuda:0"
	}
	machine, err := p.graph.model.machine(name, graph, results)
	if err == nil {
		p.machine = machine
	}
	return err
}

// Device returns where the program computes, [CPU] or a name such as "cuda:0", and why it
// is the processor if [Auto] was asked for.
func (p *Program) Device() (name string, why error) {
	if on, ok := p.machine.(*device.Machine); ok {
		return on.Device().Name(), nil
	}
	return CPU, p.noDevice
}

// Machine returns what runs the program, for package training.
func (p *Program) Machine() gorgonia.VM { return p.machine }

// Update calls f, which changes the parameters where the program computes, while nobody
// else uses them: on a device it is [Model.Update] for the values there.
func (p *Program) Update(f func() error) error {
	on, ok := p.machine.(*device.Machine)
	if !ok {
		return p.graph.model.Update(f)
	}
	m := p.graph.model
	m.use.Lock()
	defer m.use.Unlock()
	m.home.mu.Lock()
	defer m.home.mu.Unlock()
	err := f()
	on.Weights().Trained()
	return err
}

// runOnDevice is Graph.Run for a machine that has the parameters on its device.
func (g *Graph) runOnDevice(machine *device.Machine) error {
	m := g.model
	m.use.RLock()
	defer m.use.RUnlock()
	m.home.mu.Lock()
	defer m.home.mu.Unlock()
	return building.Run(func() error { return g.explain(machine.RunAll()) })
}
