// Package gradcheck compares the gradients that gorgonia.Grad derives for a
// graph with central differences of the graph's own forward pass, in float64.
// Its entry point is [Check].
package gradcheck

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Graph builds the expression under test from its input nodes: one for each
// input tensor, in order, of the same shape. It is called once for the gradient
// and once for the differences, so it must be deterministic; random ops need a
// fixed step, for instance a constant step node.
type Graph func(in []*gorgonia.Node) (*gorgonia.Node, error)

// Gradients holds, for each input, the gradient of the cost in row-major order.
// The cost is the sum of the output's elements, each times a fixed weight
// between 0.5 and 1.5, so that no element's gradient is hidden by symmetry.
type Gradients struct {
	Symbolic [][]float64 // by gorgonia.Grad
	Numeric  [][]float64 // by central differences
}

// Step is the half width of the central differences. Its cube root of the
// float64 epsilon balances truncation against rounding.
const Step = 6e-6

// Compute returns both gradients of f at the inputs, which are restored before
// it returns. The inputs are contiguous float64 tensors.
func Compute(f Graph, inputs ...*tensor.Dense) (*Gradients, error) {
	backward, err := build(f, inputs, true)
	if err != nil {
		return nil, err
	}
	defer backward.machine.Close()
	if _, err := backward.run(); err != nil {
		return nil, err
	}
	grads := &Gradients{}
	for i, n := range backward.grads {
		v, err := floats(n.Value())
		if err != nil {
			return nil, errors.Wrapf(err, "gradcheck: Compute: gradient of input %d", i)
		}
		grads.Symbolic = append(grads.Symbolic, v)
	}

	forward, err := build(f, inputs, false)
	if err != nil {
		return nil, err
	}
	defer forward.machine.Close()
	for i, in := range inputs {
		x := in.Float64s()
		numeric := make([]float64, len(x))
		for j, at := range x {
			x[j] = at + Step
			above, err := forward.run()
			if err == nil {
				x[j] = at - Step
				var below []float64
				below, err = forward.run()
				// The differences are taken before the sum: elements that do
				// not depend on this input cancel exactly instead of drowning
				// the others in rounding.
				for k := range below {
					numeric[j] += weight(k, len(below)) * (above[k] - below[k]) / (2 * Step)
				}
			}
			x[j] = at
			if err != nil {
				return nil, errors.Wrapf(err, "gradcheck: Compute: input %d, element %d", i, j)
			}
		}
		grads.Numeric = append(grads.Numeric, numeric)
	}
	return grads, nil
}

// Check returns an error that names the worst element if the two gradients of f
// differ anywhere by more than tol, relative to the larger of 1 and the
// gradient.
func Check(f Graph, tol float64, inputs ...*tensor.Dense) error {
	grads, err := Compute(f, inputs...)
	if err != nil {
		return err
	}
	var worst float64
	var message error
	for i := range inputs {
		symbolic, numeric := grads.Symbolic[i], grads.Numeric[i]
		if len(symbolic) != len(numeric) {
			return errors.Errorf("gradcheck: Check: gradient of input %d must have %d elements, got %d",
				i, len(numeric), len(symbolic))
		}
		for j := range numeric {
			e := math.Abs(symbolic[j]-numeric[j]) / max(1, math.Abs(numeric[j]))
			if e > worst || math.IsNaN(e) {
				worst = e
				message = errors.Errorf("gradcheck: Check: input %d, element %d: gradient must be %v by central differences, got %v",
					i, j, numeric[j], symbolic[j])
				if math.IsNaN(e) {
					return message
				}
			}
		}
	}
	if worst > tol {
		return message
	}
	return nil
}

// program is a compiled graph over the inputs.
type program struct {
	machine gorgonia.VM
	out     *gorgonia.Node
	grads   gorgonia.Nodes
}

func build(f Graph, inputs []*tensor.Dense, gradients bool) (*program, error) {
	g := gorgonia.NewGraph()
	nodes := make([]*gorgonia.Node, len(inputs))
	for i, in := range inputs {
		if in.Dtype() != tensor.Float64 {
			return nil, errors.Errorf("gradcheck: Compute: input %d must be of float64, got %v", i, in.Dtype())
		}
		nodes[i] = gorgonia.NodeFromAny(g, in, gorgonia.WithName("input"+string(rune('a'+i))))
	}
	out, err := f(nodes)
	if err != nil {
		return nil, errors.Wrap(err, "gradcheck: Compute: building the graph")
	}
	p := &program{out: out}
	if gradients {
		cost, err := weightedSum(out)
		if err != nil {
			return nil, errors.Wrap(err, "gradcheck: Compute: building the cost")
		}
		if p.grads, err = gorgonia.Grad(cost, nodes...); err != nil {
			return nil, errors.Wrap(err, "gradcheck: Compute: differentiating")
		}
	}
	p.machine = gorgonia.NewTapeMachine(g)
	return p, nil
}

// weight is the factor of element k of an output of n elements in the cost.
func weight(k, n int) float64 {
	if n == 1 {
		return 1
	}
	// The golden ratio's multiples spread evenly and never repeat.
	_, fraction := math.Modf(float64(k+1) * math.Phi)
	return 0.5 + fraction
}

func weightedSum(out *gorgonia.Node) (*gorgonia.Node, error) {
	if out.IsScalar() {
		return out, nil
	}
	weights := make([]float64, out.Shape().TotalSize())
	for k := range weights {
		weights[k] = weight(k, len(weights))
	}
	w := gorgonia.NewConstant(tensor.New(tensor.WithShape(out.Shape()...), tensor.WithBacking(weights)))
	product, err := gorgonia.HadamardProd(out, w)
	if err != nil {
		return nil, err
	}
	return gorgonia.Sum(product)
}

// run returns the elements of the output.
func (p *program) run() ([]float64, error) {
	p.machine.Reset()
	if err := p.machine.RunAll(); err != nil {
		return nil, errors.Wrap(err, "gradcheck: Compute: running the graph")
	}
	return floats(p.out.Value())
}

// floats copies a float64 value out of the machine.
func floats(v gorgonia.Value) ([]float64, error) {
	switch v := v.(type) {
	case *gorgonia.F64:
		return []float64{float64(*v)}, nil
	case *tensor.Dense:
		if v.DataOrder().IsColMajor() {
			break
		}
		if v.RequiresIterator() {
			v = v.Materialize().(*tensor.Dense)
		}
		return slices.Clone(v.Float64s()), nil
	}
	return nil, errors.Errorf("gradcheck: output must be a row-major float64 value, got %T", v)
}
