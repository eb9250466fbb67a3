package training

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// A Head says what a further output of the model is trained to be; see models.Head.
type Head struct {
	// Name is that of the output. The field of the data of this name has the targets:
	// class ids of int in the shape of the output without its last axis, or numbers.
	Name string
	// Weights is the name of the field with the weights of the targets, or their mask,
	// of floats; see Examples.Weights. Empty means that all count 1.
	Weights string
	// Loss is nil for CrossEntropy() of class ids and MSE() of numbers.
	Loss Loss
	// Factor is that of the loss in the sum that is minimized; 0 means 1.
	Factor float64
}

// factor returns the factor of the loss.
func (h Head) factor() float64 {
	if h.Factor == 0 {
		return 1
	}
	return h.Factor
}

// String describes the head for a Setup.
func (h Head) String() string {
	s := fmt.Sprintf("head %q by %v", h.Name, h.factor())
	if h.Weights != "" {
		s += fmt.Sprintf(" with weights %q", h.Weights)
	}
	return s
}

// headNames describes all heads for a Setup.
func headNames(heads []Head) string {
	s := ""
	for _, h := range heads {
		s += ", " + h.String()
	}
	return s
}

// checkHeads returns an error unless the model has the heads.
func checkHeads(m *models.Model, heads []Head) error {
	for i, h := range heads {
		if _, err := m.HeadShape(h.Name); err != nil {
			return errors.WithMessagef(err, "Heads: %d", i)
		}
		if slices.ContainsFunc(heads[:i], func(b Head) bool { return b.Name == h.Name }) {
			return errors.Errorf("Heads: names must differ, got %q twice", h.Name)
		}
		if !(h.factor() > 0) || !finite(h.factor()) {
			return errors.Errorf("Heads: Factor of %q must be positive and finite, got %v", h.Name, h.Factor)
		}
	}
	return nil
}

// checkFields returns an error unless data have the targets and weights of a head.
func (h Head) checkFields(fields Fields) error {
	f, ok := fields.Field(h.Name)
	if !ok {
		return errors.Errorf("must have the targets of the head %q, got no field of this name", h.Name)
	}
	if h.Weights == "" {
		return nil
	}
	w, ok := fields.Field(h.Weights)
	switch {
	case !ok:
		return errors.Errorf("must have the weights of the head %q, got no field %q", h.Name, h.Weights)
	case w.Type == tensor.Int:
		return errors.Errorf("weights %q of the head %q must be floats, got int", h.Weights, h.Name)
	case len(w.Shape) > len(f.Shape) || !slices.Equal(w.Shape, f.Shape[:len(w.Shape)]):
		return errors.Errorf("weights %q of the head %q must have the shape %v of its targets or of their leading axes, got %v",
			h.Weights, h.Name, tensor.Shape(f.Shape), tensor.Shape(w.Shape))
	}
	return nil
}

// measure is what is measured of a head where Trainer.Metrics is nil.
func (h Head) measure(fields Fields) metrics.Metric {
	if f, _ := fields.Field(h.Name); f.Type == tensor.Int {
		return metrics.Of(h.Name, metrics.Accuracy{})
	}
	return metrics.Of(h.Name, metrics.RMSE{})
}

// A headBatch is what the examples of a batch have for a head.
type headBatch struct {
	Head
	field   Field
	target  *tensor.Dense
	numbers *column // of floats
	weight  Field
	weights *column // nil for none
}

// newHeadBatch returns the memory for a head with an output of a shape and a type, for a
// batch.
func newHeadBatch(output tensor.Shape, batch int, dt tensor.Dtype, h Head, fields Fields) (*headBatch, error) {
	if err := h.checkFields(fields); err != nil {
		return nil, errors.WithMessage(err, "training: data")
	}
	b := &headBatch{Head: h}
	b.field, _ = fields.Field(h.Name)
	shape := append(tensor.Shape{batch}, b.field.Shape...)
	if b.field.Type == tensor.Int {
		if len(output) < 2 || !shape.Eq(output[:len(output)-1]) {
			return nil, errors.Errorf("training: head %q must have logits for labels of shape %v, with the class as last axis, got shape %v", h.Name, shape, output)
		}
		b.target = tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Int))
	} else {
		b.numbers = newColumn(shape, dt)
		b.target = b.numbers.tensor
	}
	if h.Weights != "" {
		b.weight, _ = fields.Field(h.Weights)
		b.weights = newColumn(append(tensor.Shape{batch}, b.weight.Shape...), dt)
	}
	return b, nil
}

// loss returns the node of the head's loss times its factor.
func (h *headBatch) loss(b *batch, g *models.Graph) (*gorgonia.Node, error) {
	targets, err := b.bind(g, h.target, "targets of "+h.Name)
	if err != nil {
		return nil, err
	}
	var weights *gorgonia.Node
	if h.weights != nil {
		if weights, err = b.bind(g, h.weights.tensor, "weights of "+h.Name); err != nil {
			return nil, err
		}
	}
	of := h.Loss
	switch {
	case of != nil:
	case h.numbers == nil:
		of = CrossEntropy()
	default:
		of = MSE()
	}
	loss, err := b.lossOf(of, g.Head(h.Name), targets, weights)
	if err != nil {
		return nil, errors.WithMessagef(err, "training: head %q", h.Name)
	}
	if h.factor() == 1 {
		return loss, nil
	}
	return times(loss, h.factor(), "factor of "+h.Name)
}

// gather reads what the examples have for the head.
func (h *headBatch) gather(data Dataset, indices []int) error {
	if h.weights != nil {
		if err := h.weights.gather(data, indices, h.weight); err != nil {
			return err
		}
		if at, err := checkWeights(h.weights.narrow); err != nil {
			return exampleError(indices, at/h.weight.size(), "head "+h.Name+": "+err.Error())
		}
	}
	if h.numbers != nil {
		return h.numbers.gather(data, indices, h.field)
	}
	return GatherField(data, indices, h.Name, h.target.Ints())
}

// checkLabels returns an error unless all labels of the head that count are classes.
func (h *headBatch) checkLabels(g *models.Graph, indices []int) error {
	if h.numbers != nil {
		return nil
	}
	labels := h.target.Ints()
	return checkClasses(labels, func(i int) bool { return counts(h.weights, i, len(labels)) }, g.Head(h.Name).Shape(), indices, "head "+h.Name+": ")
}

// seen returns the head's part of the batch, in the first of a number of passes, for
// metrics.
func (h *headBatch) seen(p *models.Program, passes int) (metrics.Batch, error) {
	output, err := p.Output(h.Name)
	if err != nil {
		return metrics.Batch{}, err
	}
	seen := metrics.Batch{Output: firstPass(output, passes), Target: h.target}
	if h.weights != nil {
		seen.Weight = h.weights.tensor
	}
	return seen, nil
}

// namedFields describes fields with names.
func namedFields(named []Field) string {
	var all []string
	for _, f := range named {
		all = append(all, f.String())
	}
	return strings.Join(all, ", ")
}
