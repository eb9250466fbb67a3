package training

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// gradientOptions say which gradients are computed.
type gradientOptions struct {
	blocks bool // those of Graph.Blocks
	groups []Group
}

// trainedParams returns the parameters of a model that are not frozen, with the nodes
// of their gradients of a loss in g.
func trainedParams(m *models.Model, g *models.Graph, loss *gorgonia.Node, of gradientOptions) ([]*trainedParam, error) {
	nodes := g.Params()
	parts := make([]models.Block, len(nodes))
	if of.blocks {
		parts = g.Blocks()
		for i, part := range parts {
			nodes[i] = part.Node
		}
	}
	frozen := m.Frozen()
	var wrt gorgonia.Nodes
	var params []*trainedParam
	for i, param := range m.Params() {
		group := groupOf(of.groups, param.Name())
		if !group.Frozen && !slices.Contains(frozen, param.Name()) {
			wrt = append(wrt, nodes[i])
			params = append(params, &trainedParam{param: param, block: parts[i], group: group})
		}
	}
	if len(wrt) == 0 && len(nodes) > 0 {
		return nil, errors.Errorf("training: a parameter must be trained, got all %d frozen", len(nodes))
	}
	used := usedBy(g.ExprGraph, loss)
	for i, n := range wrt {
		if !used[n.ID()] {
			return nil, errors.Errorf("training: parameter %s must be used by the loss, got one that only other outputs use: add their Heads, or freeze it", params[i].Name())
		}
	}
	grads, err := nn.Grad(loss, wrt...)
	if err != nil {
		return nil, errors.Wrap(err, "training: differentiating the loss")
	}
	for i, grad := range grads {
		params[i].grad = grad
	}
	return params, nil
}

// usedBy returns the ids of the nodes that a node is computed from.
func usedBy(g *gorgonia.ExprGraph, n *gorgonia.Node) map[int64]bool {
	used := make(map[int64]bool)
	next := []int64{n.ID()}
	for len(next) > 0 {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		if used[id] {
			continue
		}
		used[id] = true
		for from := g.From(id); from.Next(); {
			next = append(next, from.Node().ID())
		}
	}
	return used
}

// trainedParam is a parameter with the gradient of the last run, as solvers see it.
type trainedParam struct {
	param *models.Param
	grad  *gorgonia.Node
	block models.Block // what grad is for
	group Group
}

func (p *trainedParam) Name() string                  { return p.param.Name() }
func (p *trainedParam) Value() gorgonia.Value         { return p.param.Value() }
func (p *trainedParam) Grad() (gorgonia.Value, error) { return p.grad.Value(), nil }

// Block is for the solvers of package optim.
func (p *trainedParam) Block() (rows, cols []int) { return units(p.block.Rows), units(p.block.Cols) }

// units returns the indices that a node holds, nil for no node.
func units(n *gorgonia.Node) []int {
	if n == nil {
		return nil
	}
	if v, ok := n.Value().(*tensor.Dense); ok {
		return v.Ints()
	}
	return nil
}
