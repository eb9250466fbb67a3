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
	heads   []*headBatch
	ignored *int // a label that does not count; nil for none

	// Only for training:
	rdrop  *RDrop
	agree  *column // the weights of labels where one is ignored, for rdrop; nil for none
	loss   *gorgonia.Node
	ops    []string // of the network and the loss
	params []gorgonia.ValueGrad

	targetShape tensor.Shape
}

// newBatch compiles a batch of examples of the graph, and what options ask for.
func newBatch(g *models.Graph, f Fields, heads []Head, opts ...models.CompileOption) (*batch, error) {
	b, err := emptyBatch(g, f, heads, nil)
	if err != nil {
		return nil, err
	}
	return b, b.compile(g, opts...)
}

// lossBatch returns a batch of training that is not compiled: its graph, with the loss of
// all targets and the gradients of the parameters, and the nodes of these.
func (t *Trainer) lossBatch(size int, f Fields) (b *batch, g *models.Graph, results gorgonia.Nodes, err error) {
	if g, err = t.Model.Build(models.Train, t.RDrop.passes()*size); err != nil {
		return nil, nil, nil, err
	}
	if err := t.RDrop.checkMasks(g); err != nil {
		return nil, nil, nil, err
	}
	if b, err = emptyBatch(g, f, t.Heads, t.RDrop); err != nil {
		return nil, nil, nil, err
	}
	b.ignored = t.IgnoreIndex
	results, err = b.minimize(t.Model, g, t.loss(f), t.gradientOptions())
	return b, g, results, err
}

// emptyBatch returns the memory of the targets and weights of a batch.
func emptyBatch(g *models.Graph, f Fields, heads []Head, r *RDrop) (*batch, error) {
	size := g.Input.Shape()[0] / r.passes()
	targets, err := f.targets(size, passShape(g.Output, r.passes()))
	if err != nil {
		return nil, err
	}
	b := &batch{targetShape: targets, rdrop: r}
	if f.labelled() {
		b.labels = make([]int, targets.TotalSize())
	} else {
		b.numbers = newColumn(targets, g.Input.Dtype())
	}
	weights, err := f.weights(size, targets)
	if weights != nil {
		b.weights = newColumn(weights, g.Input.Dtype())
	}
	for _, h := range heads {
		if err != nil {
			break
		}
		var of *headBatch
		of, err = newHeadBatch(passShape(g.Head(h.Name), r.passes()), size, g.Input.Dtype(), h, f)
		b.heads = append(b.heads, of)
	}
	return b, err
}

func (b *batch) compile(g *models.Graph, opts ...models.CompileOption) (err error) {
	b.Program, err = g.Compile(opts...)
	return err
}

// minimize adds the loss and its gradients to the graph, and returns their nodes.
func (b *batch) minimize(m *models.Model, g *models.Graph, loss Loss, of gradientOptions) (results gorgonia.Nodes, err error) {
	err = building.Exclusively(func() error {
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
		if b.loss, err = b.lossOf(loss, g.Output, targets, weights); err != nil {
			return err
		}
		if err := b.addDivergence(g, weights); err != nil {
			return err
		}
		for _, h := range b.heads {
			of, err := h.loss(b, g)
			if err != nil {
				return err
			}
			if b.loss, err = gorgonia.Add(b.loss, of); err != nil {
				return errors.Wrapf(err, "training: loss of the head %q", h.Name)
			}
		}
		for _, term := range g.Losses() {
			if b.loss, err = gorgonia.Add(b.loss, term); err != nil {
				return errors.Wrap(err, "training: adding a layer's term to the loss")
			}
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
	if err := b.gather(data, indices); err != nil {
		return err
	}
	return b.Run(indices)
}

// gather fills in the examples.
func (b *batch) gather(data Dataset, indices []int) error {
	if err := GatherInputs(b.Program, data, indices, b.labels); err != nil {
		return err
	}
	if err := GatherFields(data, indices, b.numbers.values(), b.weights.values()); err != nil {
		return err
	}
	if at, err := checkWeights(b.weights.values()); err != nil {
		return exampleError(indices, at/(len(b.weights.narrow)/len(indices)), err.Error())
	}
	b.numbers.widen()
	b.weights.widen()
	b.weighAgreement()
	for _, h := range b.heads {
		if err := h.gather(data, indices); err != nil {
			return err
		}
		if err := h.checkLabels(b.Graph(), indices); err != nil {
			return err
		}
	}
	return b.checkLabels(indices)
}

// counts reports whether label i has another weight than 0 and is not ignored.
func (b *batch) counts(i int) bool {
	if b.ignored != nil && b.labels[i] == *b.ignored {
		return false
	}
	return counts(b.weights, i, len(b.labels))
}

// counts reports whether label i of n has another weight than 0.
func counts(weights *column, i, n int) bool {
	return weights == nil || weights.narrow[i/(n/len(weights.narrow))] != 0
}

// checkLabels returns an error unless all labels that count are classes.
func (b *batch) checkLabels(indices []int) error {
	if b.numbers != nil {
		return nil
	}
	return checkClasses(b.labels, b.counts, b.Graph().Output.Shape(), indices, "")
}

// checkClasses returns an error unless all labels that count are classes of an output;
// whose labels they are is said before it.
func checkClasses(labels []int, counts func(i int) bool, output tensor.Shape, indices []int, whose string) error {
	classes, each := output[len(output)-1], len(labels)/len(indices)
	for i, label := range labels {
		if label >= 0 && label < classes || !counts(i) {
			continue
		}
		what := "label"
		if each > 1 {
			what = fmt.Sprintf("label %d", i%each)
		}
		return exampleError(indices, i/each, fmt.Sprintf("%s%s must be in [0, %d), got %d", whose, what, classes, label))
	}
	return nil
}

// exampleError returns the error about row i of a batch.
func exampleError(indices []int, i int, reason string) error {
	return &nn.ExampleError{Example: indices[i], Reason: reason}
}

// scored returns the metrics of the last run, and adds the batch to the set.
func (b *batch) scored(set *metrics.Set) (Metrics, error) {
	output := firstPass(b.Graph().Output.Value(), b.rdrop.passes())
	seen := metrics.Batch{Output: output, Target: b.target(), Ignored: b.ignored}
	if b.weights != nil {
		seen.Weight = b.weights.tensor
	}
	for _, h := range b.heads {
		of, err := h.seen(b.Program, b.rdrop.passes())
		if err != nil {
			return Metrics{}, err
		}
		if seen.Heads == nil {
			seen.Heads = make(map[string]metrics.Batch)
		}
		seen.Heads[h.Name] = of
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
