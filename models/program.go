package models

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/internal/device"
	"github.com/gorgonia-dropout/dropout/internal/vm"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A Program is a graph of a model, compiled for batches of one size, with the
// memory for a batch. Trainers, evaluation, sampling and inspection all run
// programs:
//
//	p, err := model.Compile(models.Eval, 100)
//	...
//	defer p.Close()
//	copy(p.Inputs(), images)
//	err = p.Run(nil)
//	err = p.Row(0, logits)
//
// [Program.Set] sets further inputs of the model, and [Program.Output] has further
// outputs. Use a program in one goroutine at a time; programs of one model may run at
// once.
type Program struct {
	graph       *Graph
	machine     gorgonia.VM
	inputs      []float32
	wide        []float64 // what the input node holds, for models of float64
	feeds       []feed    // of the further inputs
	activations bool
	noDevice    error // why it runs on the processor, for Auto
}

// A CompileOption adds to what a [Program] computes.
type CompileOption func(*compilation)

// A compilation collects the options of Compile.
type compilation struct {
	results     gorgonia.Nodes
	computed    gorgonia.Nodes // results whose values stay on a device
	device      string         // "" or CPU for none
	activations bool
}

// WithResults computes further nodes of the graph, such as a loss and its
// gradients. They have their values after a run.
func WithResults(nodes ...*gorgonia.Node) CompileOption {
	return func(c *compilation) { c.results = append(c.results, nodes...) }
}

// WithActivations keeps the outputs of the activation layers for
// [Program.Activations].
func WithActivations() CompileOption { return func(c *compilation) { c.activations = true } }

// Compile returns the program of a new graph of the model, for batches of the
// given size; see [Model.Build].
func (m *Model) Compile(mode Mode, batch int, opts ...CompileOption) (*Program, error) {
	g, err := m.Build(mode, batch)
	if err != nil {
		return nil, err
	}
	return g.Compile(opts...)
}

// Compile returns the program of the graph, which must be complete. The program
// computes the output and what the options ask for, and nothing else in the
// graph: gorgonia.Grad makes the gradient of every input of an op, even without
// a parameter below it, and the gradient of a batch of images costs as much as
// that of the first layer's weights.
func (g *Graph) Compile(opts ...CompileOption) (*Program, error) {
	if err := g.model.checkValues(); err != nil {
		return nil, errors.Wrap(err, "models: Compile")
	}
	var c compilation
	for _, opt := range opts {
		opt(&c)
	}
	p := &Program{graph: g, inputs: make([]float32, g.Input.Shape().TotalSize())}
	input := tensor.New(tensor.WithShape(g.Input.Shape()...), tensor.WithBacking(p.inputs))
	if g.model.dtype == tensor.Float64 {
		p.wide = make([]float64, len(p.inputs))
		input = tensor.New(tensor.WithShape(g.Input.Shape()...), tensor.WithBacking(p.wide))
	}
	if err := gorgonia.Let(g.Input, input); err != nil {
		return nil, errors.Wrap(err, "models: Compile: binding the input")
	}
	var err error
	if p.feeds, err = g.feeds(); err != nil {
		return nil, err
	}
	results := slices.Concat(gorgonia.Nodes{g.Output}, c.results)
	err = building.Exclusively(func() error {
		for _, o := range g.outputs {
			results = append(results, o.node)
		}
		if c.activations {
			for _, a := range g.activations {
				results = append(results, a.Node)
			}
			p.activations = true
		}
		graph := g.ExactSubgraphRoots(slices.Concat(results, c.computed)...)
		var err error
		if c.device != "" && c.device != CPU {
			err = p.compileOn(c.device, graph, results)
			if err == nil || c.device != Auto {
				return errors.Wrap(err, "models: Compile")
			}
			p.noDevice = err
		}
		ops.ReuseMemory(graph)
		p.machine, err = vm.New(graph)
		return errors.Wrap(err, "models: Compile")
	})
	return p, err
}

// Graph returns the graph that the program computes.
func (p *Program) Graph() *Graph { return p.graph }

// Inputs returns the memory for the inputs of a batch, one example after the
// other, to be filled before Run. Models of float64 convert it.
func (p *Program) Inputs() []float32 { return p.inputs }

// Run computes the results for the inputs, while nobody changes the parameters;
// see [Graph.Run]. It overwrites the values of the last run. An
// [*nn.ExampleError] names the example by indices: row i of the batch is
// indices[i mod len(indices)], or i if there are none.
func (p *Program) Run(indices []int) error {
	for i := range p.wide {
		p.wide[i] = float64(p.inputs[i])
	}
	err := p.graph.Run(p.machine)
	if bad := (*nn.ExampleError)(nil); errors.As(err, &bad) && len(indices) > 0 {
		bad.Example = indices[bad.Example%len(indices)]
	}
	return err
}

// Row copies row n of the last run's output to to, whose length must be that of
// a row.
func (p *Program) Row(n int, to []float64) error {
	out, ok := p.graph.Output.Value().(*tensor.Dense)
	if !ok || n < 0 || out.DataSize() < (n+1)*len(to) {
		return errors.Errorf("models: Row: output must be a tensor of %d rows of %d, got %v", n+1, len(to), p.graph.Output.Shape())
	}
	at := n * len(to)
	if out.Dtype() == tensor.Float64 {
		copy(to, out.Float64s()[at:])
		return nil
	}
	for i, v := range out.Float32s()[at : at+len(to)] {
		to[i] = float64(v)
	}
	return nil
}

// LayerValues holds the outputs of an activation layer in a run, for all
// examples of the batch.
type LayerValues struct {
	Layer  string // its place in the model, such as "2"
	Values *tensor.Dense
}

// Activations returns the outputs of the activation layers in the last run, in
// the order of [Graph.Activations], if the program was compiled
// [WithActivations].
func (p *Program) Activations() ([]LayerValues, error) {
	if !p.activations {
		return nil, nil
	}
	layers := make([]LayerValues, len(p.graph.activations))
	for i, a := range p.graph.activations {
		layer, v := a.Layer, a.Node.Value()
		d, ok := v.(*tensor.Dense)
		if !ok {
			return nil, errors.Errorf("models: Activations: layer %s must have a dense tensor after a run, got %T", layer, v)
		}
		layers[i] = LayerValues{Layer: layer, Values: d}
	}
	return layers, nil
}

// Close frees the machine's resources. The program cannot run afterwards.
func (p *Program) Close() error {
	err := p.machine.Close()
	if _, ok := p.machine.(*device.Machine); ok {
		if released := p.graph.model.home.release(); err == nil {
			err = released
		}
	}
	return errors.Wrap(err, "models: Close")
}
