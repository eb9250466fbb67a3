package models

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A Graph is a [Model] as an expression graph, for one mode and batch size.
// [Model.Build] makes it.
type Graph struct {
	*gorgonia.ExprGraph

	// Input takes a batch: its shape is the batch size followed by the shape of
	// an example. It has no value until gorgonia.Let binds one.
	Input *gorgonia.Node
	// Output is what the network computes: for a classifier, logits.
	Output *gorgonia.Node

	model       *Model
	mode        Mode
	params      map[*Param]*gorgonia.Node
	uses        map[*Param]int
	blocks      map[*gorgonia.Node]Block  // by the parameter's node
	inputs      map[string]*gorgonia.Node // the further ones that are used
	outputs     []output                  // the further ones
	activations []Activation
	places      map[*gorgonia.Node]string // of the layers that built the nodes, as in Scope.path
	fused       bool                      // layers are computed together where possible
	layers      []*LayerSummary           // of those that Scope.Apply has added
	losses      gorgonia.Nodes            // terms that layers have added
	targets     []target                  // of PruneTargeted
}

// An Activation is the output of an activation layer in a [Graph].
type Activation struct {
	Layer string // its place in the model, such as "2"
	Node  *gorgonia.Node
}

// Activations returns the outputs of the activation layers in order. Where
// training and sampling fuse a layer with a following dropout or max pooling,
// its output is that of the fused op.
func (g *Graph) Activations() []Activation { return slices.Clone(g.activations) }

// observe lists the output of an activation layer.
func (s *Scope) observe(y *gorgonia.Node) {
	if y != nil {
		s.graph.activations = append(s.graph.activations, Activation{strings.TrimSuffix(s.path, "."), y})
	}
}

// Build returns a new graph of the model for batches of the given size, which
// must be positive.
func (m *Model) Build(mode Mode, batch int) (*Graph, error) { return m.build(mode, batch, !m.apart) }

func (m *Model) build(mode Mode, batch int, fused bool) (*Graph, error) {
	if batch <= 0 {
		return nil, errors.Errorf("models: Build: batch must be positive, got %d", batch)
	}
	if _, err := bounded.Product(maxValues, append([]int{batch}, m.input...)...); err != nil {
		return nil, errors.Wrapf(err, "models: Build: batch of %d", batch)
	}
	if mode > Sample {
		return nil, errors.Errorf("models: Build: mode must be Eval, Train or Sample, got %v", mode)
	}
	g := &Graph{ExprGraph: gorgonia.NewGraph(), model: m, mode: mode, fused: fused, params: make(map[*Param]*gorgonia.Node),
		inputs: make(map[string]*gorgonia.Node), uses: make(map[*Param]int), blocks: make(map[*gorgonia.Node]Block), places: make(map[*gorgonia.Node]string)}
	err := building.Exclusively(func() (err error) {
		shape := append(tensor.Shape{batch}, m.input...)
		g.Input = gorgonia.NewTensor(g.ExprGraph, m.dtype, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("input"))
		root := &Scope{model: m, graph: g, dropouts: new(uint32), layer: new(LayerSummary)}
		g.Output, err = root.Apply("", m.net, g.Input)
		return err
	})
	if err == nil {
		err = g.checkOutputs(batch)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Model returns the model that the graph is of.
func (g *Graph) Model() *Model { return g.model }

// Mode returns what the graph is for.
func (g *Graph) Mode() Mode { return g.mode }

// SetStep makes the next run of the graph draw the dropout masks of the given
// step; later runs count on from there. It does nothing in a graph without
// dropout.
func (g *Graph) SetStep(step int64) {
	if s, ok := ops.FindStep(g.ExprGraph); ok {
		s.Set(step)
	}
}

// MasksPerBatch reports whether a dropout in the graph draws one mask for all
// examples of a batch; see [ops.MasksPerBatch].
func (g *Graph) MasksPerBatch() bool {
	batch := gorgonia.Nodes{g.Input}
	for _, n := range g.inputs {
		batch = append(batch, n)
	}
	return ops.MasksPerBatch(batch...)
}

// Params returns the nodes of the model's parameters in this graph, in the
// order of [Model.Params].
func (g *Graph) Params() gorgonia.Nodes {
	var nodes gorgonia.Nodes
	for _, p := range g.model.params {
		if n, ok := g.params[p]; ok {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// A Block is the part of a parameter that a graph computes with: all of it or,
// with [Submatrix], the rows and columns of the units that are kept.
type Block struct {
	// Node is what to differentiate with respect to: the node of the parameter,
	// or of the kept rows and columns, whose gradient has their shape.
	Node *gorgonia.Node
	// Rows and Cols hold the indices of a matrix's kept units, ascending and
	// new at each step: vectors of int, nil for all units. A vector has Cols
	// only.
	Rows, Cols *gorgonia.Node
}

// Blocks returns the blocks of the parameters in the order of [Model.Params],
// for solvers that can update just these, such as those of package optim. A
// parameter that several layers use is one whole block.
func (g *Graph) Blocks() []Block {
	var blocks []Block
	for _, p := range g.model.params {
		n, ok := g.params[p]
		if !ok {
			continue
		}
		b, ok := g.blocks[n]
		if !ok || g.uses[p] > 1 {
			b = Block{Node: n}
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// bind returns the node of p, which it makes at first use. A parameter that two
// layers ask for is one node, with one gradient.
func (g *Graph) bind(p *Param) (*gorgonia.Node, error) {
	g.uses[p]++
	if n, ok := g.params[p]; ok {
		return n, nil
	}
	n := gorgonia.NewTensor(g.ExprGraph, g.model.dtype, p.shape.Dims(), gorgonia.WithShape(p.shape...),
		gorgonia.WithName(p.name))
	if p.value != nil {
		// Machines write to the headers of tensors, such as their engine. Each
		// graph has its own header over the shared memory.
		if err := gorgonia.Let(n, share(p.value)); err != nil {
			return nil, errors.Wrapf(err, "models: parameter %s", p.name)
		}
	}
	g.params[p] = n
	return n, nil
}

// share returns a tensor with its own header over the memory of d.
func share(d *tensor.Dense) *tensor.Dense {
	return tensor.New(tensor.WithShape(d.Shape().Clone()...), tensor.WithBacking(d.Data()))
}
