package training

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// A batch is a program of the model with the targets of its examples: for evaluation
// or, with loss and params, for a step of training.
type batch struct {
	*models.Program
	labels  []int   // one for each row of the output, where the targets are labels
	numbers *column // the targets otherwise
	weights *column // nil for none
	ignored *int    // a label that does not count; nil for none

	// Only for training:
	loss   *gorgonia.Node
	ops    []string // of the network and the loss
	params []gorgonia.ValueGrad

	targetShape tensor.Shape
}

// newBatch compiles a batch of examples of the graph, and what options ask for.
func newBatch(g *models.Graph, f Fields, opts ...models.CompileOption) (*batch, error) {
	b, err := emptyBatch(g, f)
	if err != nil {
		return nil, err
	}
	return b, b.compile(g, opts...)
}

// newLossBatch compiles a batch with the loss of its targets and the gradients of the
// parameters.
func newLossBatch(m *models.Model, g *models.Graph, f Fields, loss Loss, of gradientOptions) (*batch, error) {
	b, err := emptyBatch(g, f)
	if err != nil {
		return nil, err
	}
	results, err := b.minimize(m, g, loss, of)
	if err != nil {
		return nil, err
	}
	return b, b.compile(g, models.WithResults(results...))
}

// emptyBatch returns the memory of the targets and weights of a batch.
func emptyBatch(g *models.Graph, f Fields) (*batch, error) {
	targets, err := f.targets(g.Input.Shape()[0], g.Output.Shape())
	if err != nil {
		return nil, err
	}
	b := &batch{targetShape: targets}
	if f.labelled() {
		b.labels = make([]int, targets.TotalSize())
	} else {
		b.numbers = newColumn(targets, g.Input.Dtype())
	}
	weights, err := f.weights(g.Input.Shape()[0], targets)
	if weights != nil {
		b.weights = newColumn(weights, g.Input.Dtype())
	}
	return b, err
}

func (b *batch) compile(g *models.Graph, opts ...models.CompileOption) (err error) {
	b.Program, err = g.Compile(opts...)
	return err
}

// minimize adds the loss and its gradients to the graph, and returns their nodes.
func (b *batch) minimize(m *models.Model, g *models.Graph, loss Loss, of gradientOptions) (results gorgonia.Nodes, err error) {
	err = building.Alone(func() error {
		targets, err := b.bind(g, b.target(), "labels")
		if err != nil {
			return err
		}
		var weights *gorgonia.Node
		if b.weights != nil {
			if weights, err = b.bind(g, b.weights.tensor, "weights"); err != nil {
				return err
			}
		}
		if b.loss, err = loss(g.Output, targets, weights); err != nil {
			return err
		}
		b.ops = opNames(g.ExprGraph)
		params, err := trainedParams(m, g, b.loss, of)
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

// bind returns a new node of the graph over the memory of a tensor.
func (b *batch) bind(g *models.Graph, t *tensor.Dense, name string) (*gorgonia.Node, error) {
	n := gorgonia.NewTensor(g.ExprGraph, t.Dtype(), t.Dims(), gorgonia.WithShape(t.Shape()...), gorgonia.WithName(name))
	return n, errors.Wrapf(gorgonia.Let(n, t), "training: binding the %s", name)
}

// target returns the targets as a tensor.
func (b *batch) target() *tensor.Dense {
	if b.numbers != nil {
		return b.numbers.tensor
	}
	return tensor.New(tensor.WithShape(b.targetShape...), tensor.WithBacking(b.labels))
}

// run executes the program on the examples with the given indices. Other machines
// of the model may run meanwhile, but nobody changes its parameters. Errors name
// examples by their indices.
func (b *batch) run(data Dataset, indices []int) error {
	if err := data.Gather(indices, b.Inputs(), b.labels); err != nil {
		return err
	}
	if err := GatherFields(data, indices, b.numbers.values(), b.weights.values()); err != nil {
		return err
	}
	if at, err := checkWeights(b.weights.values()); err != nil {
		return &nn.ExampleError{Example: indices[at/(len(b.weights.narrow)/len(indices))], Reason: err.Error()}
	}
	b.numbers.widen()
	b.weights.widen()
	if err := b.checkLabels(indices); err != nil {
		return err
	}
	return b.Run(indices)
}

// counts reports whether label i has another weight than 0 and is not ignored.
func (b *batch) counts(i int) bool {
	if b.ignored != nil && b.labels[i] == *b.ignored {
		return false
	}
	return b.weights == nil || b.weights.narrow[i/(len(b.labels)/len(b.weights.narrow))] != 0
}

// checkLabels returns an error unless all labels that count are classes.
func (b *batch) checkLabels(indices []int) error {
	if b.numbers != nil {
		return nil
	}
	out := b.Graph().Output.Shape()
	classes, each := out[len(out)-1], len(b.labels)/len(indices)
	for i, label := range b.labels {
		if label >= 0 && label < classes || !b.counts(i) {
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

// scored returns the metrics of the last run, and adds the batch to the set.
func (b *batch) scored(set *metrics.Set) (Metrics, error) {
	output := b.Graph().Output.Value()
	seen := metrics.Batch{Output: output, Target: b.target(), Ignored: b.ignored}
	if b.weights != nil {
		seen.Weight = b.weights.tensor
	}
	if err := set.Add(seen); err != nil {
		return Metrics{}, err
	}
	m := Metrics{Numeric: true, Examples: b.targetShape[0]}
	if b.numbers == nil {
		var err error
		if m, err = score(output, b.labels, b.counts); err != nil {
			return m, err
		}
	}
	m.Scores = scoresOf(set)
	return m, nil
}

// A column is what the examples of a batch have of a field.
type column struct {
	narrow []float32 // what is gathered
	wide   []float64 // what the node holds, for models of float64
	tensor *tensor.Dense
}

func newColumn(shape tensor.Shape, dt tensor.Dtype) *column {
	c := &column{narrow: make([]float32, shape.TotalSize())}
	if dt == tensor.Float64 {
		c.wide = make([]float64, len(c.narrow))
		c.tensor = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.wide))
	} else {
		c.tensor = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.narrow))
	}
	return c
}

// values returns the memory to gather into; none of no column.
func (c *column) values() []float32 {
	if c == nil {
		return nil
	}
	return c.narrow
}

// widen converts what was gathered for models of float64.
func (c *column) widen() {
	if c == nil {
		return
	}
	for i := range c.wide {
		c.wide[i] = float64(c.narrow[i])
	}
}
