package nn

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A LossOption sets how the losses of the examples become one; every loss takes
// it. By default the result is their mean. An example is what has its own loss:
// an element in regression, a label in classification.
type LossOption interface {
	BCEOption
	CrossEntropyOption
	FocalOption
	RDropOption
	reduce(*reduction)
}

// WithSum makes the loss the sum over the examples instead of their mean.
func WithSum() LossOption { return reductionOption(func(r *reduction) { r.kind = reduceSum }) }

// WithoutReduction makes the result the losses of the individual examples, in
// their shape.
func WithoutReduction() LossOption {
	return reductionOption(func(r *reduction) { r.kind = reduceNone })
}

// WithWeights multiplies the loss of each example by its weight; the mean
// becomes the weighted mean, the sum of the products divided by the sum of the
// weights. (PyTorch divides by that sum in its cross-entropy, but by the number
// of examples in BCEWithLogitsLoss; for the latter use [WithSum] and divide.)
// An example of weight 0 has loss and gradient 0 whatever it holds, even NaN,
// so a mask of zeros and ones leaves padding out. The mean is 0 if all weights
// are 0.
//
// w is a node of the type of the first input. Its shape is that of the
// examples, or of their leading axes: (N) weighs whole sequences, (N, T) their
// tokens. No gradient flows into it. A weight that is negative, infinite or NaN
// is an error when the graph runs.
func WithWeights(w *gorgonia.Node) LossOption {
	return reductionOption(func(r *reduction) { r.weights, r.weighted = w, true })
}

type reductionOption func(*reduction)

func (o reductionOption) reduce(r *reduction)          { o(r) }
func (o reductionOption) bce(f *bceWithLogits)         { o(&f.reduction) }
func (o reductionOption) crossEntropy(f *crossEntropy) { o(&f.reduction) }
func (o reductionOption) focal(f *focalLoss)           { o(&f.reduction) }
func (o reductionOption) rdrop()                       {}

type reductionKind string

const (
	reduceMean reductionKind = ""
	reduceSum  reductionKind = " sum"
	reduceNone reductionKind = " none"
)

// reduction says how the losses of examples become one.
type reduction struct {
	kind     reductionKind
	weighted bool
	weights  *gorgonia.Node // of the examples, the last input of the op where weighted
}

func reductionOf(opts []LossOption) (r reduction) {
	for _, opt := range opts {
		opt.reduce(&r)
	}
	return r
}

// settings distinguishes one reduction from another.
func (r reduction) settings() string {
	if r.weighted {
		return string(r.kind) + " weighted"
	}
	return string(r.kind)
}

// rank returns the rank of the result for examples of a rank.
func (r reduction) rank(examples int) int {
	if r.kind == reduceNone {
		return examples
	}
	return 0
}

// with appends the weights, if any, to the other inputs.
func (r reduction) with(inputs ...op.Input) []op.Input {
	if !r.weighted {
		return inputs
	}
	in := op.Input{Name: "weights", Rank: 1, Of: op.Constants}
	if r.weights != nil {
		in.Rank = max(1, r.weights.Dims())
	}
	return append(inputs, in)
}

// nodes appends the node of the weights, if any, to the others.
func (r reduction) nodes(in ...*gorgonia.Node) []*gorgonia.Node {
	if !r.weighted {
		return in
	}
	return append(in, r.weights)
}

// shape returns the shape of the result for examples of a shape, or an error
// unless the weights, the last of the inputs, fit them.
func (r reduction) shape(examples tensor.Shape, inputs []tensor.Shape) (tensor.Shape, error) {
	if r.weighted {
		w := inputs[len(inputs)-1]
		if w.Dims() > examples.Dims() || !w.Eq(examples[:w.Dims()]) {
			return nil, errors.Errorf("weights must have the shape %v of the examples or of their leading axes, got %v", examples, w)
		}
	}
	if r.kind == reduceNone {
		return examples.Clone(), nil
	}
	return tensor.ScalarShape(), nil
}

// scale returns the factor of the sum of the losses of examples whose weights
// add up to total.
func (r reduction) scale(total float64) float64 {
	switch {
	case r.kind != reduceMean:
		return 1
	case total == 0:
		return 0
	}
	return 1 / total
}

// weighing holds the weights of a number of examples.
type weighing[F op.Float] struct {
	examples int
	of       []F // nil: all are 1
	each     int // examples that share a weight
}

// weigh returns the reduction's weights, which are among the inputs.
func weigh[F op.Float](r reduction, examples, inputs int, in op.Args[F]) (weighing[F], error) {
	w := weighing[F]{examples: examples}
	if !r.weighted {
		return w, nil
	}
	w.of = in.Floats[inputs]
	w.each = examples / len(w.of)
	for i, v := range w.of {
		if !(v >= 0) || math.IsInf(float64(v), 1) {
			return w, exampleError(i, len(w.of)/in.Shapes[inputs][0], "weight", "must be finite and not negative, got %v", v)
		}
	}
	return w, nil
}

func (w weighing[F]) at(example int) float64 {
	if w.of == nil {
		return 1
	}
	return float64(w.of[example/w.each])
}

// total returns the sum of the weights.
func (w weighing[F]) total() float64 {
	if w.of == nil {
		return float64(w.examples)
	}
	var total float64
	for _, v := range w.of {
		total += float64(v)
	}
	return total * float64(w.each)
}

// reduceLosses sets y to the reduction of the losses of the examples, in their
// order; it does not ask for those of weight 0. scale is the reduction's.
func reduceLosses[F op.Float](r reduction, y []F, w weighing[F], scale float64, loss func(example int) float64) {
	var total float64
	for e := range w.examples {
		var weighted float64
		if weight := w.at(e); weight != 0 {
			weighted = weight * loss(e)
		}
		if r.kind == reduceNone {
			y[e] = F(weighted)
			continue
		}
		total += float64(weighted)
	}
	if r.kind != reduceNone {
		y[0] = F(total * scale)
	}
}

// slopes calls f with each example and the factor of the gradient of its loss,
// which is 0 for weight 0; dy is the gradient of the reduction.
func slopes[F op.Float](r reduction, dy []F, w weighing[F], scale float64, f func(example int, factor float64)) {
	for e := range w.examples {
		upstream := dy[0]
		if r.kind == reduceNone {
			upstream = dy[e]
		}
		f(e, float64(upstream)*scale*w.at(e))
	}
}

// gradientOf is the input of a gradient's function that holds the gradient of
// the result.
func (r reduction) gradientOf(what string, examples int) op.Input {
	return op.Input{Name: "gradient of the " + what, Rank: r.rank(examples)}
}
