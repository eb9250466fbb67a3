package onnx

import (
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/graph"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/models"
)

// An exporter writes the ops of a graph as nodes of ONNX.
type exporter struct {
	in     *models.Graph
	graph  *onnxpb.GraphProto
	params map[int64]*models.Param // by the ids of their nodes
	states []*models.Param
	values map[int64]string // the names of what nodes compute, by id
	taken  map[string]bool  // names in use

	transposed map[*models.Param]string // the names of those that are there as transposes
	stored     map[*models.Param]bool   // states that are there
}

func newExporter(m *models.Model, g *models.Graph) *exporter {
	e := &exporter{
		in: g, graph: &onnxpb.GraphProto{}, states: m.States(),
		params: make(map[int64]*models.Param), values: make(map[int64]string), taken: make(map[string]bool),
		transposed: make(map[*models.Param]string), stored: make(map[*models.Param]bool),
	}
	byName := make(map[string]*models.Param)
	for _, p := range m.Params() {
		byName[p.Name()] = p
		e.taken[p.Name()] = true
	}
	for _, s := range e.states {
		e.taken[s.Name()] = true
	}
	for _, n := range g.Params() {
		e.params[n.ID()] = byName[n.Name()]
	}
	return e
}

// value returns the name of what n computes, and adds it to the file the first
// time.
func (e *exporter) value(n *gorgonia.Node) (string, error) {
	if name, ok := e.values[n.ID()]; ok {
		return name, nil
	}
	var name string
	var err error
	switch p := e.params[n.ID()]; {
	case p != nil:
		if name = p.Name(); e.transposed[p] != "" {
			name = e.fresh(name + ".T")
		}
		e.initializer(name, p.Value().Shape(), numbers(p.Value()))
	case n.Op() == nil && n.Value() != nil && n.IsScalar():
		name, err = e.scalar(n)
	case n.Op() == nil:
		err = errors.Errorf("%s must be a parameter or computed, got a node of shape %v", n.Name(), n.Shape())
	default:
		name, err = e.operator(n, e.inputsOf(n))
	}
	if err != nil {
		return "", err
	}
	e.values[n.ID()] = name
	return name, nil
}

// inputsOf returns the inputs of a node's op in order.
func (e *exporter) inputsOf(n *gorgonia.Node) []*gorgonia.Node {
	var in []*gorgonia.Node
	for _, x := range graph.NodesOf(e.in.From(n.ID())) {
		in = append(in, x.(*gorgonia.Node))
	}
	return in
}

// scalar adds a constant of one number.
func (e *exporter) scalar(n *gorgonia.Node) (string, error) {
	switch v := n.Value().Data().(type) {
	case float32:
		return e.scalarOf(float64(v)), nil
	case float64:
		return e.scalarOf(v), nil
	}
	return "", errors.Errorf("constants must be float32 or float64, got %v", n.Value())
}

// all returns the names of what nodes compute.
func (e *exporter) all(nodes ...*gorgonia.Node) ([]string, error) {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		var err error
		if names[i], err = e.value(n); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// emit adds a node with one output and returns its name.
func (e *exporter) emit(op string, inputs []string, attrs ...*onnxpb.AttributeProto) string {
	name := e.fresh(op)
	e.graph.Node = append(e.graph.Node, &onnxpb.NodeProto{OpType: op, Name: name, Input: inputs, Output: []string{name}, Attribute: attrs})
	return name
}

// fresh returns a name that nothing has yet: that of an op with a number.
func (e *exporter) fresh(base string) string {
	for i := 0; ; i++ {
		name := base + "_" + strconv.Itoa(i)
		if !e.taken[name] {
			e.taken[name] = true
			return name
		}
	}
}

// initializer adds a tensor called name.
func (e *exporter) initializer(name string, shape tensor.Shape, values []float64) {
	e.taken[name] = true
	e.graph.Initializer = append(e.graph.Initializer, floatTensor(name, shape, values))
}

// floats adds a constant and returns its name.
func (e *exporter) floats(base string, shape tensor.Shape, values []float64) string {
	name := e.fresh(base)
	e.initializer(name, shape, values)
	return name
}

// scalarOf adds a constant of one number and returns its name.
func (e *exporter) scalarOf(v float64) string { return e.floats("scalar", nil, []float64{v}) }

// ints adds a vector of numbers that say something of shapes.
func (e *exporter) ints(base string, values ...int64) string {
	name := e.fresh(base)
	e.graph.Initializer = append(e.graph.Initializer, intTensor(name, values))
	return name
}

// numbers returns the elements of a float tensor.
func numbers(d *tensor.Dense) []float64 {
	if d.Dtype() == tensor.Float64 {
		return d.Float64s()
	}
	wide := make([]float64, d.DataSize())
	for i, v := range d.Float32s() {
		wide[i] = float64(v)
	}
	return wide
}
