package models

import "gorgonia.org/gorgonia"

// View calls f while nobody changes the parameters and states, and Update while
// nobody else uses them: so may one model be trained, evaluated, sampled, saved and
// loaded at the same time. Graph.Run, the methods of Model, and packages training
// and uncertainty call them; who reads or writes Param.Value elsewhere while
// others are at work must do so too. They return the error of f, which must not call
// View, Update, or what calls them, on the same model: it would wait for itself.
func (m *Model) View(f func() error) error {
	m.use.RLock()
	defer m.use.RUnlock()
	return f()
}

// Update calls f while nobody else uses the parameters; see View.
func (m *Model) Update(f func() error) error {
	m.use.Lock()
	defer m.use.Unlock()
	return f()
}

// Run runs a machine for g, or for a graph that contains it, from the start, while
// nobody changes the parameters. What the nodes hold afterwards is the machine's
// own. The error of an op names the layer, the op, what must be and what was there.
func (g *Graph) Run(machine gorgonia.VM) error {
	run := func() error {
		machine.Reset()
		return g.explain(machine.RunAll())
	}
	if g.mode == Train && len(g.model.byName) > len(g.model.params) {
		return g.model.Update(run) // running statistics are written
	}
	return g.model.View(run)
}
