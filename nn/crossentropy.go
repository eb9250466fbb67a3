package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A CrossEntropyOption changes a default of [SoftmaxCrossEntropy].
type CrossEntropyOption interface{ crossEntropy(*crossEntropy) }

// WithLabelSmoothing takes the share eps, in [0, 1], from the true class and
// spreads it evenly over all classes (Szegedy et al., CVPR 2016, section 7).
func WithLabelSmoothing(eps float64) RDropOption {
	return smoothing(func(f *crossEntropy) { f.smoothing = eps })
}

// WithClassWeights multiplies the loss of each class by its weight, so that
// rare classes count as much as others. It takes one weight for each class,
// finite and not negative. With integer labels the mean is the sum divided by
// the sum of the labels' weights, so equal weights change nothing; examples
// with soft labels count 1 each. Both are as in PyTorch.
func WithClassWeights(w ...float64) CrossEntropyOption {
	return crossEntropyOption(func(f *crossEntropy) { f.classWeights, f.weighsClasses = w, true })
}

// WithIgnoreIndex leaves out the examples with the given label, which need not
// be a class: their loss and gradient are 0, and they do not count in the mean.
// PyTorch's default is -100; here there is none.
func WithIgnoreIndex(label int) CrossEntropyOption {
	return crossEntropyOption(func(f *crossEntropy) { f.ignored, f.ignores = label, true })
}

type crossEntropyOption func(*crossEntropy)

func (o crossEntropyOption) crossEntropy(f *crossEntropy) { o(f) }

type smoothing func(*crossEntropy)

func (o smoothing) crossEntropy(f *crossEntropy) { o(f) }
func (o smoothing) rdrop()                       {}

// SoftmaxCrossEntropy returns the mean over the examples of the negative log
// likelihood, in nats, of the labels under the softmax of the logits:
//
//	loss = mean over n of log(sum over k of exp(logits[n,k])) - logits[n,labels[n]]
//
// The last axis of logits, of float32 or float64 and rank 2 or more, is the
// class; labels, of int, has the shape of the other axes. The result is a
// scalar of the type of logits. It is computed in one pass with the maximum of
// each row subtracted, so that it neither overflows nor loses small terms,
// unlike an exponential followed by a logarithm. Its gradient is
// (softmax(logits) - onehot(labels))/N. A label outside the classes is an
// [ExampleError] when the graph runs.
//
// labels may also be soft, of the type and shape of logits: the probability of
// each class, as mixup makes them. The loss of an example is then
//
//	-sum over k of labels[n,k]*log(softmax(logits)[n,k])
//
// A class of probability 0 adds nothing, even if its logit is -Inf. A
// probability that is negative, infinite or NaN is an error when the graph
// runs. No gradient flows into labels. It is PyTorch's CrossEntropyLoss, but
// with the class as the last instead of the second axis.
func SoftmaxCrossEntropy(logits, labels *gorgonia.Node, opts ...CrossEntropyOption) (*gorgonia.Node, error) {
	const name = "nn: SoftmaxCrossEntropy"
	f, err := newCrossEntropy(logits, labels)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	for _, opt := range opts {
		opt.crossEntropy(&f)
	}
	if err := f.check(); err != nil {
		return nil, errors.Wrap(err, name)
	}
	return apply(f, f.nodes(logits, labels)...)
}

// newCrossEntropy returns the cross-entropy of logits and labels of either
// kind.
func newCrossEntropy(logits, labels *gorgonia.Node) (f crossEntropy, err error) {
	if logits == nil || labels == nil {
		return f, errors.New("logits and labels must be nodes, got none")
	}
	dt, err := op.DtypeOf(logits)
	if err != nil || !op.IsFloat(dt) || logits.Dims() < 2 {
		return f, errors.Errorf("logits must be of float32 or float64 and rank 2 or more, got %v", logits.Type())
	}
	f.dims = logits.Dims() - 1
	lt, err := op.DtypeOf(labels)
	switch {
	case err == nil && lt == tensor.Int && labels.Shape().Eq(logits.Shape()[:f.dims]):
		return f, nil
	case err == nil && lt == dt && labels.Shape().Eq(logits.Shape()):
		f.soft = true
		return f, nil
	}
	return f, errors.Errorf("labels must be of int and shape %v, or of %v and shape %v, got %v %v",
		logits.Shape()[:f.dims], dt, logits.Shape(), labels.Type(), labels.Shape())
}

// check returns an error unless the options are valid.
func (f crossEntropy) check() error {
	if !(f.smoothing >= 0 && f.smoothing <= 1) {
		return errors.Errorf("label smoothing must be in [0, 1], got %v", f.smoothing)
	}
	for _, w := range f.classWeights {
		if err := checkWeight("weight of a class", w); err != nil {
			return err
		}
	}
	if f.ignores && f.soft {
		return errors.Errorf("labels must be of int where one is ignored, got probabilities to ignore %d in", f.ignored)
	}
	return nil
}

// crossEntropy :: logits → labels → loss
type crossEntropy struct {
	reduction
	dims          int     // of the examples
	soft          bool    // labels are probabilities
	divergence    bool    // the labels' entropy is subtracted
	smoothing     float64 // share of the true class that is spread over all
	weighsClasses bool
	classWeights  []float64
	ignores       bool
	ignored       int // label
}

func (f crossEntropy) Name() string {
	if f.divergence {
		return "KLDiv"
	}
	return "SoftmaxCrossEntropy"
}

func (f crossEntropy) String() string {
	s := fmt.Sprintf("%s{smoothing=%v sum=%v", f.Name(), f.smoothing, f.kind == reduceSum)
	if f.kind == reduceNone || f.weighted {
		s += f.settings()
	}
	if f.weighsClasses {
		s += fmt.Sprintf(" classWeights=%v", f.classWeights)
	}
	if f.ignores {
		s += fmt.Sprintf(" ignored=%d", f.ignored)
	}
	if f.soft {
		s += " soft"
	}
	return s + "}"
}

func (f crossEntropy) Rank() int { return f.rank(f.dims) }

func (f crossEntropy) Inputs() []op.Input {
	labels := op.Input{Name: "labels", Rank: f.dims, Of: op.IDs}
	if f.soft {
		labels.Rank, labels.Of = f.dims+1, op.Constants
	}
	return f.with(op.Input{Name: "logits", Rank: f.dims + 1}, labels)
}

func (f crossEntropy) Shape(in []tensor.Shape) (tensor.Shape, error) {
	examples := in[0][:f.dims]
	want := examples
	if f.soft {
		want = in[0]
	}
	if !in[1].Eq(want) {
		return nil, errors.Errorf("labels must have shape %v, got %v", want, in[1])
	}
	if err := op.NotEmpty("logits", in[0]); err != nil {
		return nil, err
	}
	if classes := in[0][f.dims]; f.weighsClasses && len(f.classWeights) != classes {
		return nil, errors.Errorf("there must be a weight for each of %d classes, got %d", classes, len(f.classWeights))
	}
	return f.shape(examples, in)
}

func (crossEntropy) Role() op.Role { return op.RoleSoftmax }

func (f crossEntropy) Loops() op.Loops { return op.Bind(f, lossOfLabels, lossOfLabels) }

func lossOfLabels[F op.Float](f crossEntropy, y []F, in op.Args[F]) error {
	b, err := readLabels(f, in)
	if err != nil {
		return err
	}
	reduceLosses(f.reduction, y, b.weighing, f.scale(b.share()), b.loss)
	return nil
}

// logSumExp returns log(sum(exp(row))) without overflow.
func logSumExp[F op.Float](row []F) float64 {
	largest := float64(row[0])
	for _, v := range row {
		largest = max(largest, float64(v))
	}
	if math.IsInf(largest, 0) {
		return largest
	}
	var sum float64
	var memory [some]float64
	for len(row) > 0 {
		e := expsLess(&memory, row, largest)
		for _, v := range e {
			sum += v
		}
		row = row[len(e):]
	}
	return largest + portable.Log(sum)
}

// some is how many exponentials are computed at a time.
const some = 64

// expsLess returns exp(v-less) for the first elements v of a row, in the memory.
func expsLess[F op.Float](memory *[some]float64, row []F, less float64) []float64 {
	e := memory[:min(some, len(row))]
	for i, v := range row[:len(e)] {
		e[i] = float64(v) - less
	}
	elementary.Exp64(e)
	return e
}

func (f crossEntropy) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(crossEntropyDiff{f}, append(x[:len(x):len(x)], dy)...)
	return grads
}

// crossEntropyDiff computes the gradient of the logits from the logits, the
// labels, the weights and the gradient of the loss.
type crossEntropyDiff struct {
	crossEntropy
}

func (f crossEntropyDiff) String() string { return f.crossEntropy.String() + "'" }
func (f crossEntropyDiff) Rank() int      { return f.dims + 1 }

func (f crossEntropyDiff) Inputs() []op.Input {
	return append(f.crossEntropy.Inputs(), f.gradientOf("loss", f.dims))
}

func (f crossEntropyDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	last := len(in) - 1
	want, err := f.crossEntropy.Shape(in[:last])
	return in[0].Clone(), op.SameShape(in[last], want, err)
}

func (f crossEntropyDiff) Loops() op.Loops { return op.Bind(f, diffOfLabels, diffOfLabels) }

func diffOfLabels[F op.Float](f crossEntropyDiff, dx []F, in op.Args[F]) error {
	b, err := readLabels(f.crossEntropy, in)
	if err != nil {
		return err
	}
	dy := in.Floats[len(in.Floats)-1]
	slopes(f.reduction, dy, b.weighing, f.scale(b.share()), func(n int, factor float64) {
		drow := dx[n*b.classes : (n+1)*b.classes]
		if b.at(n) == 0 {
			clear(drow)
			return
		}
		row := b.row(n)
		log := logSumExp(row)
		target, all := b.target(n)
		var memory [some]float64
		for len(row) > 0 {
			e := expsLess(&memory, row, log)
			for k, v := range e {
				drow[k] = F((float64(all*v) - target[k]) * factor)
			}
			row, drow, target = row[len(e):], drow[len(e):], target[len(e):]
		}
	})
	return nil
}

func (f crossEntropyDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (crossEntropyDiff) Role() op.Role { return op.RoleOther }
