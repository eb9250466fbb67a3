package training

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A program is a graph of the model compiled for one mode and batch size, with
// the memory that batches are gathered into.
type program struct {
	graph   *models.Graph
	machine gorgonia.VM
	x       []float32
	wide    []float64 // what the input node holds, for models of float64
	y       []int

	// Only for training:
	loss   *gorgonia.Node
	ops    []string // of the network and the loss
	params []gorgonia.ValueGrad
}

// compile builds the program of a batch size; loss is nil for evaluation. Where
// blocks are wanted, gradients are those of Graph.Blocks.
func compile(m *models.Model, mode models.Mode, batch int, loss Loss, blocks bool) (*program, error) {
	g, err := m.Build(mode, batch)
	if err != nil {
		return nil, err
	}
	p, err := bindInput(m, g)
	if err != nil {
		return nil, err
	}
	out := g.Output.Shape()
	if len(out) < 2 {
		return nil, errors.Errorf("training: output must be logits with the class as last axis, got shape %v", out)
	}
	rows := out[:len(out)-1]
	err = building.Alone(func() error {
		if loss != nil {
			if err := p.differentiate(m, rows, loss, blocks); err != nil {
				return err
			}
		}
		graph := p.needed()
		ops.ReuseMemory(graph)
		p.machine = gorgonia.NewTapeMachine(graph)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// bindInput gives the input of a graph memory to gather batches into.
func bindInput(m *models.Model, g *models.Graph) (*program, error) {
	p := &program{graph: g, x: make([]float32, g.Input.Shape().TotalSize())}
	// Each row of the output has a label.
	out := g.Output.Shape()
	p.y = make([]int, out[:len(out)-1].TotalSize())
	var input *tensor.Dense
	if m.Dtype() == tensor.Float64 {
		p.wide = make([]float64, len(p.x))
		input = tensor.New(tensor.WithShape(g.Input.Shape()...), tensor.WithBacking(p.wide))
	} else {
		input = tensor.New(tensor.WithShape(g.Input.Shape()...), tensor.WithBacking(p.x))
	}
	return p, errors.Wrap(gorgonia.Let(g.Input, input), "training: binding the input")
}

// differentiate adds the loss and its gradients to the graph.
func (p *program) differentiate(m *models.Model, rows tensor.Shape, loss Loss, blocks bool) error {
	labels := gorgonia.NewTensor(p.graph.ExprGraph, tensor.Int, len(rows), gorgonia.WithShape(rows...), gorgonia.WithName("labels"))
	if err := gorgonia.Let(labels, tensor.New(tensor.WithShape(rows...), tensor.WithBacking(p.y))); err != nil {
		return errors.Wrap(err, "training: binding the labels")
	}
	var err error
	if p.loss, err = loss(p.graph.Output, labels); err != nil {
		return err
	}
	p.ops = opNames(p.graph.ExprGraph)
	nodes := p.graph.Params()
	parts := make([]models.Block, len(nodes))
	if blocks {
		parts = p.graph.Blocks()
		for i, part := range parts {
			nodes[i] = part.Node
		}
	}
	frozen := m.Frozen()
	var trained gorgonia.Nodes
	for i, param := range m.Params() {
		if !slices.Contains(frozen, param.Name()) {
			trained = append(trained, nodes[i])
			p.params = append(p.params, &learned{param: param, block: parts[i]})
		}
	}
	if len(trained) == 0 && len(nodes) > 0 {
		return errors.Errorf("training: a parameter must be trained, got all %d frozen", len(nodes))
	}
	grads, err := gradients(p.loss, trained)
	if err != nil {
		return errors.Wrap(err, "training: differentiating the loss")
	}
	for i, grad := range grads {
		p.params[i].(*learned).grad = grad
	}
	return nil
}

// gradients is gorgonia.Grad in nodes that need not be inputs.
func gradients(loss *gorgonia.Node, nodes gorgonia.Nodes) (gorgonia.Nodes, error) {
	one := gorgonia.NewConstant(float32(1))
	switch loss.Dtype() {
	case tensor.Float32:
	case tensor.Float64:
		one = gorgonia.NewConstant(1.0)
	default:
		return nil, errors.Errorf("loss must be a float32 or float64, got %v", loss.Dtype())
	}
	if !loss.IsScalar() {
		return nil, errors.Errorf("loss must be a scalar, got shape %v", loss.Shape())
	}
	return gorgonia.Backpropagate(gorgonia.Nodes{loss}, gorgonia.Nodes{loss.Graph().AddNode(one)}, nodes)
}

// needed is the part of the graph that the results depend on. gorgonia.Grad makes
// the gradient of every input of an op, also where no parameter lies behind it,
// and a machine computes all there is: the gradient of a batch of images is as
// costly as that of the first layer's weights.
func (p *program) needed() *gorgonia.ExprGraph {
	results := gorgonia.Nodes{p.graph.Output}
	if p.loss != nil {
		results = append(results, p.loss)
	}
	for _, l := range p.params {
		results = append(results, l.(*learned).grad)
	}
	return p.graph.ExactSubgraphRoots(results...)
}

// run executes the program on the examples with the given indices. Other machines
// of the model may run meanwhile, but nobody changes its parameters. Errors name
// examples by their indices.
func (p *program) run(data Dataset, indices []int) error {
	if err := data.Gather(indices, p.x, p.y); err != nil {
		return err
	}
	if err := p.checkLabels(indices); err != nil {
		return err
	}
	for i := range p.wide {
		p.wide[i] = float64(p.x[i])
	}
	err := p.graph.Run(p.machine)
	if bad := (*nn.ExampleError)(nil); errors.As(err, &bad) && bad.Example < len(indices) {
		bad.Example = indices[bad.Example]
	}
	return err
}

// checkLabels returns an error unless all labels are classes.
func (p *program) checkLabels(indices []int) error {
	out := p.graph.Output.Shape()
	classes, each := out[len(out)-1], len(p.y)/len(indices)
	for i, label := range p.y {
		if label >= 0 && label < classes {
			continue
		}
		what := "label"
		if each > 1 {
			what = fmt.Sprintf("label %d", i%each)
		}
		return &nn.ExampleError{Example: indices[i/each], Reason: fmt.Sprintf("%s must be in [0, %d), got %d", what, classes, label)}
	}
	return nil
}

// learned is a parameter with the gradient of the last run, as solvers see it.
type learned struct {
	param *models.Param
	grad  *gorgonia.Node
	block models.Block // what grad is for
}

func (l *learned) Name() string                  { return l.param.Name() }
func (l *learned) Value() gorgonia.Value         { return l.param.Value() }
func (l *learned) Grad() (gorgonia.Value, error) { return l.grad.Value(), nil }

// Block is for the solvers of package optim.
func (l *learned) Block() (rows, cols []int) { return units(l.block.Rows), units(l.block.Cols) }

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

// A Loss returns the scalar node to minimize for a batch of logits and labels.
type Loss func(logits, labels *gorgonia.Node) (*gorgonia.Node, error)

// CrossEntropy is the mean softmax cross-entropy; see nn.SoftmaxCrossEntropy.
func CrossEntropy(opts ...nn.CrossEntropyOption) Loss {
	return func(logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
		return nn.SoftmaxCrossEntropy(logits, labels, opts...)
	}
}
