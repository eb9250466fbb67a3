package onnx

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/models"
)

// A value is what a name of the file stands for: a node, numbers that are known,
// or the mask of a dropout.
type value struct {
	node  *gorgonia.Node
	known *array
	mask  string // the name of the dropout's output
}

func (v value) shape() []int {
	if v.node != nil {
		return v.node.Shape()
	}
	if v.known != nil {
		return v.known.shape
	}
	return nil
}

// run adds the nodes of a network to a graph, one after the other.
type run struct {
	net    *Network
	scope  *models.Scope
	values map[string]value
	names  map[numbersOf]string // of parameters
	taken  map[string]bool      // names of parameters
}

// numbersOf identifies the numbers of a parameter, and what they are used for.
type numbersOf struct {
	first *float64
	role  string
}

// A call is a node of the file with its inputs.
type call struct {
	*run
	proto *onnxpb.NodeProto
	in    []value
}

// add adds a node.
func (r *run) add(p *onnxpb.NodeProto) error {
	operator := operators()[p.GetOpType()]
	if operator == nil || p.GetDomain() != "" && p.GetDomain() != "ai.onnx" {
		return errors.Errorf("operator must be one that can be imported, got %s of domain %q", p.GetOpType(), p.GetDomain())
	}
	c := &call{run: r, proto: p}
	for _, name := range p.GetInput() {
		v, ok := r.values[name]
		if !ok && name != "" {
			return errors.Errorf("inputs must be computed before, got %q", name)
		}
		c.in = append(c.in, v)
	}
	outputs, err := operator(c)
	if err != nil {
		return err
	}
	for i, name := range p.GetOutput() {
		if i >= len(outputs) || name == "" {
			continue
		}
		if _, ok := r.values[name]; ok {
			return errors.Errorf("outputs must have different names, got %q twice", name)
		}
		if i == 0 {
			if outputs[0], err = c.insert(outputs[0]); err != nil {
				return err
			}
		}
		r.values[name] = outputs[i]
	}
	return nil
}

// insert applies the layers after the node.
func (c *call) insert(v value) (value, error) {
	for i, layer := range c.net.after[c.proto.GetName()] {
		if v.node == nil {
			return v, errors.New("output must be computed from the input of the network for a layer to be inserted, got a constant")
		}
		y, err := c.scope.Apply(fmt.Sprintf("%s.after%d", c.label(), i), layer, v.node)
		if err != nil {
			return v, err
		}
		v.node = y
	}
	return v, nil
}

// label returns the node's name without slashes.
func (c *call) label() string { return plain(c.proto.GetName()) }

func plain(name string) string { return strings.Trim(strings.ReplaceAll(name, "/", "."), ".") }

// module returns the part of a PyTorch module in the node's name: "features.0" of
// "/features/features.0/Conv".
func (c *call) module() string {
	parts := strings.Split(strings.Trim(c.proto.GetName(), "/"), "/")
	if len(parts) < 2 {
		return ""
	}
	parts = parts[:len(parts)-1]
	name := parts[0]
	for _, p := range parts[1:] {
		if strings.HasPrefix(p, name+".") {
			name = p
		} else {
			name += "." + p
		}
	}
	return name
}

// apply applies a layer to the first input.
func (c *call) apply(layer models.Layer) ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	return one(c.scope.Apply(c.label(), layer, x))
}

// one returns a node as the only output.
func one(y *gorgonia.Node, err error) ([]value, error) {
	if err != nil {
		return nil, err
	}
	return []value{{node: y}}, nil
}

// x returns the first input, which must be computed.
func (c *call) x() (*gorgonia.Node, error) {
	if len(c.in) == 0 || c.in[0].node == nil {
		return nil, errors.New("input 0 must be computed from the input of the network, got a constant or none")
	}
	return c.in[0].node, nil
}

// has reports whether input i is given.
func (c *call) has(i int) bool {
	return i < len(c.in) && (c.in[i].node != nil || c.in[i].known != nil)
}

// known returns input i, whose numbers must be known.
func (c *call) known(i int) (*array, error) {
	if i >= len(c.in) || c.in[i].known == nil {
		return nil, errors.Errorf("input %d must be a constant, got one that is computed or none", i)
	}
	return c.in[i].known.dense()
}

// attr returns an attribute, nil for none.
func (c *call) attr(name string) *onnxpb.AttributeProto {
	for _, a := range c.proto.GetAttribute() {
		if a.GetName() == name {
			return a
		}
	}
	return nil
}

func (c *call) int(name string, usual int) int {
	if a := c.attr(name); a != nil {
		return int(max(-maxElements, min(maxElements, a.GetI())))
	}
	return usual
}

func (c *call) float(name string, usual float64) float64 {
	if a := c.attr(name); a != nil {
		return float64(a.GetF())
	}
	return usual
}

func (c *call) ints(name string) []int {
	var all []int
	for _, v := range c.attr(name).GetInts() {
		all = append(all, int(max(-maxElements, min(maxElements, v))))
	}
	return all
}

// must returns an error unless an attribute has one of the values, of which the
// first stands for none.
func (c *call) must(name string, values ...int) error {
	if v := c.int(name, values[0]); !slices.Contains(values, v) {
		return errors.Errorf("%s must be one of %v, got %d", name, values, v)
	}
	return nil
}

// axis returns an axis of a tensor of so many, of which negative ones count from
// the end.
func axis(k, dims int) (int, error) {
	if k < -dims || k >= dims {
		return 0, errors.Errorf("axis must be in [%d, %d), got %d", -dims, dims, k)
	}
	return (k + dims) % dims, nil
}

// param returns the parameter that starts as a, of the given shape; number says
// where in a its element i is. role is its name in a module of PyTorch.
func (c *call) param(a *array, role string, shape []int, number func(i int) int) (*gorgonia.Node, error) {
	if err := a.finiteNumbers(); err != nil {
		return nil, err
	}
	return c.scope.Param(c.nameOf(a, role), shape, a.init(number))
}

// init returns the numbers as initial values.
func (a *array) init(number func(i int) int) models.Init {
	return func(values []float64, _ tensor.Shape, _ *rand.Rand) {
		for i := range values {
			values[i] = a.values[number(i)]
		}
	}
}

func inOrder(i int) int { return i }

// nameOf returns the name of a parameter: that of the file, unless an exporter
// has made it up.
func (c *call) nameOf(a *array, role string) string {
	key := numbersOf{role: role}
	if len(a.values) > 0 {
		key.first = &a.values[0]
	}
	if name, ok := c.names[key]; ok {
		return name
	}
	name := a.name
	if name == "" || strings.ContainsAny(name, "/:") {
		name = role
		if module := c.module(); module != "" {
			name = module + "." + role
		} else if label := c.label(); label != "" {
			name = label + "." + role
		}
	}
	for base, k := name, 2; c.taken[name]; k++ {
		name = fmt.Sprintf("%s_%d", base, k)
	}
	c.names[key], c.taken[name] = name, true
	return name
}
