package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/internal/device"
)

// View calls f while nobody changes the parameters and states: it holds a read
// lock, [Model.Update] a write lock, so that one model can be trained,
// evaluated, sampled, saved and loaded at the same time. [Graph.Run], the
// methods of Model, and packages training and uncertainty take these locks by
// themselves; other code that reads or writes [Param.Value] while others are at
// work must use View or Update. Both return the error of f. f must not call
// View, Update, or anything that calls them, on the same model: it would wait
// for itself.
func (m *Model) View(f func() error) error {
	m.use.RLock()
	defer m.use.RUnlock()
	if err := m.home.fetch(); err != nil {
		return err
	}
	return f()
}

// Update calls f while nobody else uses the parameters and states; see
// [Model.View].
func (m *Model) Update(f func() error) error {
	m.use.Lock()
	defer m.use.Unlock()
	if err := m.home.fetch(); err != nil {
		return err
	}
	return f()
}

// Run runs a machine for g, or for a graph that contains g, from the start,
// while nobody changes the parameters. The machine owns what the nodes hold
// afterwards. The error of an op names the layer, the op, what it needs and
// what it got.
func (g *Graph) Run(machine gorgonia.VM) error {
	if machine, ok := machine.(*device.Machine); ok {
		return g.runOnDevice(machine)
	}
	run := func() error {
		return building.Run(func() error {
			machine.Reset()
			return g.explain(machine.RunAll())
		})
	}
	if g.mode == Train && len(g.model.byName) > len(g.model.params) {
		return g.model.Update(run) // training writes running statistics
	}
	return g.model.View(run)
}
