package training

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// RDrop sends each example through the network twice in a step, with different masks, and
// pulls the outputs of both passes together:
//
//	loss = (Loss(first) + Loss(second))/2 + Alpha*Divergence(first, second)
//
// The losses of heads are such means too; terms that layers add count once. Both passes are
// one batch of twice the size, which takes about twice the time and twice the memory of
// activations. Batch normalization sees both passes as one batch. A network with one mask for
// the whole batch, such as models.Submatrix draws, is an error: both passes would share it.
// Losses of training contain the divergence. The metrics of training are those of the first
// pass, and evaluation is as without RDrop.
//
// The loss is that of the authors' published code. [nn.RDrop], which follows equation 4 of
// the paper, is twice this with 2*Alpha.
//
// Source: Liang, Wu et al., "R-Drop: Regularized Dropout for Neural Networks", NeurIPS 2021.
type RDrop struct {
	// Alpha is the weight of the divergence, finite and not negative. 0 leaves the mean of
	// the losses.
	Alpha float64
	// Divergence says how far the outputs of one pass, its first argument, are from those of
	// the other, its second; weights are those of the targets. nil means nn.SymmetricKL for
	// labels, of those that count. Numbers need one, such as MSE().
	Divergence Loss
}

// passes is how often an example goes through the network in a step.
func (r *RDrop) passes() int {
	if r == nil {
		return 1
	}
	return 2
}

// String describes the settings for a Setup, "" for nil.
func (r *RDrop) String() string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("Alpha=%v", r.Alpha)
}

// check returns an error unless examples with fields can be trained so.
func (r *RDrop) check(f Fields) error {
	switch {
	case r == nil:
		return nil
	case !(r.Alpha >= 0) || !finite(r.Alpha):
		return errors.Errorf("RDrop: Alpha must be finite and not negative, got %v", r.Alpha)
	case r.Divergence == nil && !f.labelled() && !f.SoftLabels:
		return errors.Errorf("RDrop: targets must be labels where Divergence is not set, got %v", f)
	}
	return nil
}

// checkMasks returns an error if both passes would share masks in a graph.
func (r *RDrop) checkMasks(g *models.Graph) error {
	if r != nil && g.MasksPerBatch() {
		return errors.New("RDrop: examples must have masks of their own, got dropout that draws one mask for the whole batch, which both passes would share")
	}
	return nil
}

// divergence returns the node of the weighted divergence of two outputs.
func (r *RDrop) divergence(first, second, weights *gorgonia.Node) (*gorgonia.Node, error) {
	of := r.Divergence
	if of == nil {
		of = func(first, second, weights *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.SymmetricKL(first, second, weighing(weights)...)
		}
	}
	d, err := of(first, second, weights)
	if err != nil {
		return nil, errors.WithMessage(err, "training: RDrop: Divergence")
	}
	return times(d, r.Alpha, "Alpha of RDrop")
}

// addDivergence adds the divergence of the graph's output in both passes to the loss.
func (b *batch) addDivergence(g *models.Graph, weights *gorgonia.Node) error {
	if b.rdrop == nil || b.rdrop.Alpha == 0 {
		return nil
	}
	var err error
	if b.ignored != nil {
		b.agree = newColumn(b.targetShape, g.Input.Dtype())
		if weights, err = b.bind(g, b.agree.tensor, "labels that count"); err != nil {
			return err
		}
	}
	first, err := passOf(g.Output, 0)
	if err != nil {
		return err
	}
	second, err := passOf(g.Output, 1)
	if err != nil {
		return err
	}
	d, err := b.rdrop.divergence(first, second, weights)
	if err != nil {
		return err
	}
	b.loss, err = gorgonia.Add(b.loss, d)
	return errors.Wrap(err, "training: RDrop: adding the divergence to the loss")
}

// weighAgreement sets the weights of labels for the divergence: 0 where a label is ignored.
func (b *batch) weighAgreement() {
	if b.agree == nil {
		return
	}
	for i := range b.labels {
		weight := float32(1)
		if b.weights != nil {
			weight = b.weights.narrow[i/(len(b.labels)/len(b.weights.narrow))]
		}
		if !b.counts(i) {
			weight = 0
		}
		b.agree.narrow[i] = weight
	}
	b.agree.widen()
}

// lossOf returns a loss of outputs: of both passes, its mean.
func (b *batch) lossOf(of Loss, outputs, targets, weights *gorgonia.Node) (*gorgonia.Node, error) {
	if b.rdrop == nil {
		return of(outputs, targets, weights)
	}
	var sum *gorgonia.Node
	for pass := range b.rdrop.passes() {
		rows, err := passOf(outputs, pass)
		if err != nil {
			return nil, err
		}
		loss, err := of(rows, targets, weights)
		if err != nil {
			return nil, err
		}
		if sum == nil {
			sum = loss
		} else if sum, err = gorgonia.Add(sum, loss); err != nil {
			return nil, errors.Wrap(err, "training: RDrop: adding the losses of both passes")
		}
	}
	return times(sum, 0.5, "share of a pass")
}

// passOf returns the rows of one of two passes.
func passOf(x *gorgonia.Node, pass int) (*gorgonia.Node, error) {
	shape := passShape(x, 2)
	rows, err := gorgonia.Slice(x, gorgonia.S(pass*shape[0], (pass+1)*shape[0]))
	if err != nil {
		return nil, errors.Wrapf(err, "training: RDrop: outputs of pass %d", pass)
	}
	// A slice of one row has lost its axis.
	return gorgonia.Reshape(rows, shape)
}

// passShape returns the shape of an output in one of a number of passes.
func passShape(output *gorgonia.Node, passes int) tensor.Shape {
	shape := output.Shape().Clone()
	if len(shape) > 0 {
		shape[0] /= passes
	}
	return shape
}

// firstPass returns what a value has for the first of a number of passes.
func firstPass(v gorgonia.Value, passes int) gorgonia.Value {
	d, ok := v.(*tensor.Dense)
	if !ok || passes == 1 {
		return v
	}
	shape := d.Shape().Clone()
	shape[0] /= passes
	switch x := d.Data().(type) {
	case []float32:
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x[:shape.TotalSize()]))
	case []float64:
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x[:shape.TotalSize()]))
	}
	return v
}

// times returns a node times a constant; nodes of constants that differ must have names
// that differ.
func times(x *gorgonia.Node, factor float64, name string) (*gorgonia.Node, error) {
	if x.Dtype() == tensor.Float32 {
		return gorgonia.Mul(x, gorgonia.NewConstant(float32(factor), gorgonia.WithName(name)))
	}
	return gorgonia.Mul(x, gorgonia.NewConstant(factor, gorgonia.WithName(name)))
}
