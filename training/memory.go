package training

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Memory says how much memory training takes, in bytes, estimated from the shapes of
// the network: without the data and what the program takes in any case.
type Memory struct {
	Weights   int64 // parameters and states, and their averages
	Gradients int64 // of the parameters, for each size of batch, and their sums
	Solver    int64 // its state
	// Activations are the inputs and outputs of all ops, forth and back, for batches
	// of training and of evaluation.
	Activations int64
}

// Total is the sum of all parts.
func (m Memory) Total() int64 { return m.Weights + m.Gradients + m.Solver + m.Activations }

// String returns, for instance, "1.3 GiB: weights 0.4, gradients 0.4, solver 0.4,
// activations 0.1".
func (m Memory) String() string {
	unit, name := int64(1)<<20, "MiB"
	if m.Total() >= 1<<30 {
		unit, name = 1<<30, "GiB"
	}
	in := func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/float64(unit)) }
	return fmt.Sprintf("%s %s: weights %s, gradients %s, solver %s, activations %s", in(m.Total()), name,
		in(m.Weights), in(m.Gradients), in(m.Solver), in(m.Activations))
}

// Memory estimates what [Trainer.Fit] takes for data. It computes nothing, and the model
// may be one made with [models.AsSketch]: then a network can be refused before its weights are made.
func (t *Trainer) Memory(data Data) (Memory, error) {
	if err := t.check(data); err != nil {
		return Memory{}, errors.WithMessage(err, "training: Memory")
	}
	var m Memory
	each := int64(t.Model.Dtype().Size())
	m.Weights = each * int64(t.Model.NumParams())
	for _, s := range t.Model.States() {
		m.Weights += each * int64(s.Value().DataSize())
	}
	frozen := make(map[string]bool)
	for _, name := range t.Model.Frozen() {
		frozen[name] = true
	}
	for _, p := range t.Model.Params() {
		if !frozen[p.Name()] {
			m.Solver += each * int64(optim.Slots(t.Solver)) * int64(p.Shape().TotalSize())
		}
	}
	if t.Average != nil {
		m.Weights *= 2
	}
	if t.accumulated() > 1 {
		m.Gradients = each * int64(t.Model.NumParams())
	}
	fields := FieldsOf(data.Train)
	for size := range sizes(min(t.batchSize(), data.Train.Len()), t.DropLast, data.Train) {
		if err := t.addTraining(&m, size, fields); err != nil {
			return Memory{}, errors.Wrap(err, "training: Memory")
		}
	}
	for size := range sizes(t.evalBatch(), false, data.Train, data.Validation, data.Test) {
		g, err := t.Model.Build(models.Eval, size)
		if err != nil {
			return Memory{}, errors.Wrap(err, "training: Memory")
		}
		m.Activations += outputs(g.ExprGraph, nil, g.Output)
	}
	return m, nil
}

// sizes returns those of batches into which sets are cut.
func sizes(batch int, dropLast bool, sets ...Dataset) map[int]bool {
	all := make(map[int]bool)
	for _, set := range sets {
		if set == nil {
			continue
		}
		if set.Len() >= batch {
			all[batch] = true
		}
		if rest := set.Len() % batch; rest > 0 && !dropLast {
			all[rest] = true
		}
	}
	return all
}

// addTraining adds the gradients and activations of a step.
func (t *Trainer) addTraining(m *Memory, size int, f Fields) error {
	_, g, results, err := t.lossBatch(size, f)
	if err != nil {
		return err
	}
	grads := make(map[*gorgonia.Node]bool)
	for _, n := range results[1:] { // after the loss
		grads[n] = true
		m.Gradients += bytesOf(n)
	}
	m.Activations += outputs(g.ExprGraph, grads, append(results, g.Output)...)
	return nil
}

// outputs returns the size of what is held by the nodes that results need, but for
// parameters and the nodes of except: machines and ops keep it from one run to the next.
func outputs(g *gorgonia.ExprGraph, except map[*gorgonia.Node]bool, results ...*gorgonia.Node) int64 {
	size := int64(0)
	seen := make(map[int64]bool)
	for todo := results; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n.ID()] {
			continue
		}
		seen[n.ID()] = true
		if n.Op() != nil && !except[n] || n.Name() == "input" {
			size += bytesOf(n)
		}
		for inputs := g.From(n.ID()); inputs.Next(); {
			todo = append(todo, inputs.Node().(*gorgonia.Node))
		}
	}
	return size
}

func bytesOf(n *gorgonia.Node) int64 {
	size := int64(n.Dtype().Size())
	for _, d := range n.Shape() {
		size *= int64(d)
	}
	return size
}
