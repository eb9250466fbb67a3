package device

import (
	"slices"
	"unsafe"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A Machine runs a graph on a device. It implements [gorgonia.VM]. Use it in one
// goroutine at a time.
type Machine struct {
	*Plan
	weights *Weights
	memory  map[*gorgonia.Node]launch.Memory
	inputs  []input
	results []result
	steps   []*stepNode
}

// An input is a node whose value is copied to the device before each run.
type input struct {
	node *gorgonia.Node
	to   []byte // page-locked
	put  bool   // what is there is for the next run
}

// A result is a node whose value is copied to the host after each run.
type result struct {
	from []byte // page-locked
	to   []byte
}

// A stepNode holds the training step of a run.
type stepNode struct {
	next func() (int64, error)
	now  int64
}

// NewMachine returns the machine of a complete graph, whose ops it sets to training.
// The values of results are on the host after a run; those of other nodes stay on the
// device. Inputs that are among the weights are read from there.
func (d *Device) NewMachine(g *gorgonia.ExprGraph, w *Weights, results gorgonia.Nodes) (*Machine, error) {
	nodes, err := gorgonia.Sort(g)
	if err != nil {
		return nil, errors.Wrap(err, "device: NewMachine")
	}
	// Gorgonia's edges lead from an op to its inputs.
	slices.Reverse(nodes)
	p, err := d.newPlan(room(nodes, w), size(results))
	if err != nil {
		return nil, err
	}
	m := &Machine{Plan: p, weights: w, memory: make(map[*gorgonia.Node]launch.Memory)}
	if err := m.build(g, nodes, results); err != nil {
		return nil, closing(err, m)
	}
	return m, nil
}

func (m *Machine) build(g *gorgonia.ExprGraph, nodes, results gorgonia.Nodes) error {
	for _, n := range nodes {
		if err := m.add(g, n, slices.Contains(results, n)); err != nil {
			return errors.WithMessagef(err, "device: NewMachine: %s", m.on.name)
		}
	}
	return nil
}

// room returns what the inputs among nodes need that are not weights.
func room(nodes gorgonia.Nodes, w *Weights) int {
	bytes := 0
	for _, n := range nodes {
		if data, err := dataOf(n.Value()); n.Op() == nil && err == nil {
			if _, ok := w.of(n.Value()); !ok {
				bytes += aligned(len(data))
			}
		}
	}
	return bytes
}

// size returns what results need.
func size(results gorgonia.Nodes) int {
	bytes := 0
	for _, n := range results {
		bytes += aligned(launch.Memory{Shape: n.Shape()}.Size() * int(n.Dtype().Size()))
	}
	return bytes
}

// add plans the value of a node.
func (m *Machine) add(g *gorgonia.ExprGraph, n *gorgonia.Node, result bool) error {
	var in []launch.Memory
	for from := g.From(n.ID()); from != nil && from.Next(); {
		input, _ := from.Node().(*gorgonia.Node)
		in = append(in, m.memory[input])
	}
	if n.Op() == nil {
		return m.addInput(n)
	}
	f := op.FunctionOf(n)
	if f == nil {
		if len(in) == 0 && n.Value() != nil {
			return m.addConstant(n)
		}
		return errors.Errorf("%v must have a kernel for devices, got an op of Gorgonia", n.Op())
	}
	if next := f.Loops().Step; next != nil {
		s := &stepNode{next: next}
		m.steps = append(m.steps, s)
		m.memory[n] = launch.Memory{Step: func() int64 { return s.now }}
		return nil
	}
	if t, ok := n.Op().(gorgonia.TrainModeOp); ok {
		if err := t.SetTraining(true); err != nil {
			return err
		}
	}
	y := launch.Memory{Shape: n.Shape(), Dtype: n.Dtype()}
	l, _ := f.(launch.Function)
	if v, ok := f.(launch.View); ok {
		from, offset := v.View(in)
		y.At = in[from].At + cuda.Pointer(offset*int(n.Dtype().Size()))
		if m.memory[n] = y; !result {
			return nil
		}
		l = copied{y.At}
	}
	if l == nil {
		return errors.Errorf("%s must have a kernel for devices, got none", f.Name())
	}
	if bytes := y.Size() * int(y.Dtype.Size()); result {
		var host []byte
		y.At, host = m.out.take(bytes)
		if err := m.give(n, host); err != nil {
			return err
		}
	} else {
		var err error
		if y.At, err = m.Alloc(bytes); err != nil {
			return err
		}
	}
	m.memory[n] = y
	return errors.WithMessage(l.Launch(m.List, y, in), f.Name())
}

// A copied function copies what is at an address: a result that is a view.
type copied struct{ from cuda.Pointer }

// Launch implements [launch.Function], by a dropout that drops nothing.
func (c copied) Launch(l *launch.List, y launch.Memory, _ []launch.Memory) error {
	if err := launch.Floats(y); err != nil {
		return err
	}
	none, err := launch.EachRun(l, func(m *kernels.Mask) error {
		m.Scale = 1
		return nil
	})
	n := y.Size()
	launch.Add(l, "drop", kernels.Threads, launch.Blocks(n, 2048), kernels.Drop{Y: y.At, X: c.from, N: int64(n), Inner: 1, Mask: none})
	return err
}

// Extend lists more launches, which run after all others. It must be called before the
// first run.
func (m *Machine) Extend(list func(*launch.List) error) error {
	if m.graph != nil {
		return errors.New("device: Extend: machine must not have run, got one that has")
	}
	return list(m.List)
}

// addInput plans the value of an input.
func (m *Machine) addInput(n *gorgonia.Node) error {
	mem := launch.Memory{Shape: n.Shape(), Dtype: n.Dtype()}
	if at, ok := m.weights.of(n.Value()); ok {
		mem.At = at
		m.memory[n] = mem
		return nil
	}
	data, err := dataOf(n.Value())
	if err != nil {
		return errors.WithMessagef(err, "input %s", n.Name())
	}
	at, host := m.in.take(len(data))
	m.inputs = append(m.inputs, input{node: n, to: host})
	mem.At = at
	m.memory[n] = mem
	return nil
}

// addConstant plans a value that is the same in all runs.
func (m *Machine) addConstant(n *gorgonia.Node) error {
	data, err := dataOf(n.Value())
	if err != nil {
		return errors.WithMessagef(err, "constant %v", n.Value())
	}
	at, err := m.Alloc(len(data))
	if err != nil {
		return err
	}
	m.memory[n] = launch.Memory{At: at, Shape: n.Shape(), Dtype: n.Dtype()}
	return m.on.cuda.Write(at, data)
}

// give gives the node of a result a value on the host, to be copied from memory there.
func (m *Machine) give(n *gorgonia.Node, from []byte) error {
	v, err := valueOf(n)
	if err != nil {
		return err
	}
	data, err := dataOf(v)
	if err != nil {
		return errors.WithMessagef(err, "result %v", n)
	}
	m.results = append(m.results, result{from, data})
	return gorgonia.UnsafeLet(n, v)
}

// Device returns where the machine runs.
func (m *Machine) Device() *Device { return m.on }

// Weights returns those that the machine reads.
func (m *Machine) Weights() *Weights { return m.weights }

// At returns where the value of a node is on the device.
func (m *Machine) At(n *gorgonia.Node) (cuda.Pointer, bool) {
	mem, ok := m.memory[n]
	return mem.At, ok && mem.Step == nil
}

// RunAll computes the results.
func (m *Machine) RunAll() error {
	if err := m.Start(); err != nil {
		return err
	}
	return m.Finish()
}

// Start begins a run with the values that the inputs have.
func (m *Machine) Start() error {
	for _, s := range m.steps {
		var err error
		if s.now, err = s.next(); err != nil {
			return err
		}
	}
	for i := range m.inputs {
		in := &m.inputs[i]
		if in.put {
			in.put = false
			continue
		}
		data, err := dataOf(in.node.Value())
		if err != nil {
			return errors.WithMessagef(err, "device: RunAll: input %s", in.node.Name())
		}
		if len(data) != len(in.to) {
			return errors.Errorf("device: RunAll: input %s must keep its size of %d bytes, got %d", in.node.Name(), len(in.to), len(data))
		}
		copy(in.to, data)
	}
	if err := m.weights.Push(); err != nil {
		return err
	}
	return m.Plan.Start()
}

// Put gives an input other values for the next run than its node has.
func (m *Machine) Put(n *gorgonia.Node, values []float32) error {
	for i := range m.inputs {
		if in := &m.inputs[i]; in.node == n && len(in.to) == 4*len(values) {
			copy(in.to, cuda.Bytes(values))
			in.put = true
			return nil
		}
	}
	return errors.Errorf("device: Put: %v must be an input of %d values", n, len(values))
}

// Finish waits for the run, and gives the results their values.
func (m *Machine) Finish() error {
	if err := m.Wait(); err != nil {
		return err
	}
	for _, r := range m.results {
		copy(r.to, r.from)
	}
	return nil
}

// Reset does nothing: each run begins at the start.
func (m *Machine) Reset() {}

// dataOf returns the memory of a value on the host.
func dataOf(v gorgonia.Value) ([]byte, error) {
	switch v := v.(type) {
	case *gorgonia.F32:
		return cuda.Bytes(unsafe.Slice(v, 1)), nil
	case *tensor.Dense:
		switch data := v.Data().(type) {
		case []float32:
			return cuda.Bytes(data), nil
		case []int:
			return cuda.Bytes(data), nil
		case float32:
			return cuda.Bytes([]float32{data}), nil
		}
		return nil, errors.Errorf("must be of float32 or int on a device, got %v", v.Dtype())
	case nil:
		return nil, errors.New("must have a value, got none")
	}
	return nil, errors.Errorf("must be a dense tensor of float32 or int on a device, got %T", v)
}

// valueOf returns a value for a node's results.
func valueOf(n *gorgonia.Node) (gorgonia.Value, error) {
	switch {
	case n.IsScalar() && n.Dtype() == tensor.Float32:
		return gorgonia.NewF32(0), nil
	case n.Dtype() == tensor.Float32:
		return tensor.New(tensor.WithShape(n.Shape().Clone()...), tensor.Of(tensor.Float32)), nil
	}
	return nil, errors.Errorf("result must be of float32, got %v", n.Dtype())
}
