package models

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
)

// An output is a node of a graph that the model gives by name.
type output struct {
	name string
	node *gorgonia.Node
}

// Output makes a node a further output of the model, a head: (batch, ...). Trainers
// minimize its loss together with that of the model's own output, and
// [Program.Output] has its values. It is an error if another output has the name.
func (s *Scope) Output(name string, y *gorgonia.Node) error {
	switch {
	case name == "":
		return s.Errorf("outputs must have names, got none")
	case y == nil || y.Graph() != s.graph.ExprGraph:
		return s.Errorf("output %q must be a node of the model's graph, got another", name)
	case s.graph.Head(name) != nil:
		return s.Errorf("names of outputs must differ, got %q twice", name)
	}
	s.graph.outputs = append(s.graph.outputs, output{name, y})
	return nil
}

// Head returns the node of a further output, nil if there is none of this name.
func (g *Graph) Head(name string) *gorgonia.Node {
	for _, o := range g.outputs {
		if o.name == name {
			return o.node
		}
	}
	return nil
}

// Heads returns the names of the model's further outputs, in the order in which its
// layers give them.
func (m *Model) Heads() []string {
	var names []string
	for _, o := range m.heads {
		names = append(names, o.name)
	}
	return names
}

// HeadShape returns the shape of a further output for an example, an error if there is
// none of this name.
func (m *Model) HeadShape(name string) ([]int, error) {
	for _, o := range m.heads {
		if o.name == name {
			return o.node.Shape()[1:].Clone(), nil
		}
	}
	return nil, errors.Errorf("models: output %q must be one of the model's, got none of this name", name)
}

// checkOutputs returns an error unless the batch is the first axis of all outputs.
func (g *Graph) checkOutputs(batch int) error {
	if out := g.Output.Shape(); len(out) == 0 || out[0]%batch != 0 {
		return errors.Errorf("models: Build: output must have the batch of %d as its first axis, got shape %v", batch, out)
	}
	for _, o := range g.outputs {
		if out := o.node.Shape(); len(out) == 0 || out[0]%batch != 0 {
			return errors.Errorf("models: Build: output %q must have the batch of %d as its first axis, got shape %v", o.name, batch, out)
		}
	}
	return nil
}
