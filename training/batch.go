package training

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// A batch is a program of the model with the labels of its examples: for evaluation
// or, with loss and params, for a step of training.
type batch struct {
	*models.Program
	labels []int // one for each row of the output

	// Only for training:
	loss   *gorgonia.Node
	ops    []string // of the network and the loss
	params []gorgonia.ValueGrad
}

// newBatch compiles a batch of examples of the graph, and what options ask for.
func newBatch(g *models.Graph, opts ...models.CompileOption) (*batch, error) {
	b := &batch{labels: make([]int, labelsOf(g).TotalSize())}
	return b, b.compile(g, opts...)
}

// newLossBatch compiles a batch with the loss of its labels and the gradients of the
// parameters; where blocks are wanted, those of Graph.Blocks.
func newLossBatch(m *models.Model, g *models.Graph, loss Loss, blocks bool) (*batch, error) {
	b := &batch{labels: make([]int, labelsOf(g).TotalSize())}
	results, err := b.minimize(m, g, loss, blocks)
	if err != nil {
		return nil, err
	}
	return b, b.compile(g, models.WithResults(results...))
}

// labelsOf returns the shape of the labels of a batch: one for each row of the output.
func labelsOf(g *models.Graph) tensor.Shape {
	out := g.Output.Shape()
	return out[:len(out)-1]
}

func (b *batch) compile(g *models.Graph, opts ...models.CompileOption) (err error) {
	b.Program, err = g.Compile(opts...)
	return err
}

// minimize adds the loss and its gradients to the graph, and returns their nodes.
func (b *batch) minimize(m *models.Model, g *models.Graph, loss Loss, blocks bool) (results gorgonia.Nodes, err error) {
	rows := labelsOf(g)
	err = building.Alone(func() error {
		labels := gorgonia.NewTensor(g.ExprGraph, tensor.Int, len(rows), gorgonia.WithShape(rows...), gorgonia.WithName("labels"))
		err := gorgonia.Let(labels, tensor.New(tensor.WithShape(rows...), tensor.WithBacking(b.labels)))
		if err != nil {
			return errors.Wrap(err, "training: binding the labels")
		}
		if b.loss, err = loss(g.Output, labels); err != nil {
			return err
		}
		b.ops = opNames(g.ExprGraph)
		params, err := trainedParams(m, g, b.loss, blocks)
		if err != nil {
			return err
		}
		results = append(results, b.loss)
		for _, p := range params {
			results = append(results, p.grad)
			b.params = append(b.params, p)
		}
		return nil
	})
	return results, err
}

// run executes the program on the examples with the given indices. Other machines
// of the model may run meanwhile, but nobody changes its parameters. Errors name
// examples by their indices.
func (b *batch) run(data Dataset, indices []int) error {
	if err := data.Gather(indices, b.Inputs(), b.labels); err != nil {
		return err
	}
	if err := b.checkLabels(indices); err != nil {
		return err
	}
	return b.Run(indices)
}

// checkLabels returns an error unless all labels are classes.
func (b *batch) checkLabels(indices []int) error {
	out := b.Graph().Output.Shape()
	classes, each := out[len(out)-1], len(b.labels)/len(indices)
	for i, label := range b.labels {
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

// metrics returns the metrics of the last run.
func (b *batch) metrics() (Metrics, error) { return score(b.Graph().Output.Value(), b.labels) }
