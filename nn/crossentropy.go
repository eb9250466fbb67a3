package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A LossOption sets something about a loss that has a default.
type LossOption func(*crossEntropy)

// WithLabelSmoothing takes the share eps in [0, 1] from the true class and
// spreads it evenly over all classes (Szegedy et al., CVPR 2016, section 7).
func WithLabelSmoothing(eps float64) LossOption {
	return func(f *crossEntropy) { f.smoothing = eps }
}

// WithSum makes the loss the sum over the examples instead of their mean.
func WithSum() LossOption { return func(f *crossEntropy) { f.sum = true } }

// SoftmaxCrossEntropy returns the mean over the examples of the negative log
// likelihood, in nats, of the labels under the softmax of the logits:
//
//	loss = mean over n of log(sum over k of exp(logits[n,k])) - logits[n,labels[n]]
//
// The last axis of logits, of float32 or float64 and rank 2 or more, is the
// class; labels, of int, has the shape of the other axes. The result is a
// scalar of the type of logits. It is computed in one pass with the maximum of
// each row taken out, so that it neither overflows nor loses what is small,
// unlike a chain of exponential and logarithm. Its gradient is
// (softmax(logits) - onehot(labels))/N. A label outside the classes is an error
// when the graph runs.
func SoftmaxCrossEntropy(logits, labels *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	const name = "nn: SoftmaxCrossEntropy"
	if logits == nil || labels == nil {
		return nil, errors.Errorf("%s: logits and labels must be nodes, got none", name)
	}
	dt, err := op.DtypeOf(logits)
	if err != nil || (dt != tensor.Float32 && dt != tensor.Float64) || logits.Dims() < 2 {
		return nil, errors.Errorf("%s: logits must be of float32 or float64 and rank 2 or more, got %v", name, logits.Type())
	}
	dims := logits.Dims() - 1
	if lt, err := op.DtypeOf(labels); err != nil || lt != tensor.Int || !labels.Shape().Eq(logits.Shape()[:dims]) {
		return nil, errors.Errorf("%s: labels must be of int and shape %v, got %v %v",
			name, logits.Shape()[:dims], labels.Type(), labels.Shape())
	}
	f := crossEntropy{dims: dims}
	for _, opt := range opts {
		opt(&f)
	}
	if err := f.check(); err != nil {
		return nil, errors.Wrap(err, name)
	}
	return apply(f, logits, labels)
}

// check returns an error unless the options are right.
func (f crossEntropy) check() error {
	if !(f.smoothing >= 0 && f.smoothing <= 1) {
		return errors.Errorf("label smoothing must be in [0, 1], got %v", f.smoothing)
	}
	return nil
}

// crossEntropy :: logits → labels → loss
type crossEntropy struct {
	dims      int // of labels
	smoothing float64
	sum       bool
}

func (f crossEntropy) Name() string { return "SoftmaxCrossEntropy" }

func (f crossEntropy) String() string {
	return fmt.Sprintf("SoftmaxCrossEntropy{smoothing=%v sum=%v}", f.smoothing, f.sum)
}

func (f crossEntropy) Rank() int { return 0 }

func (f crossEntropy) Inputs() []op.Input {
	return []op.Input{{Name: "logits", Rank: f.dims + 1}, {Name: "labels", Rank: f.dims, Of: op.IDs}}
}

func (f crossEntropy) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := in[0][:f.dims]; !in[1].Eq(want) {
		return nil, errors.Errorf("labels must have shape %v, got %v", want, in[1])
	}
	return tensor.ScalarShape(), op.NotEmpty("logits", in[0])
}

func (crossEntropy) Role() op.Role { return op.RoleSoftmax }

func (f crossEntropy) Loops() op.Loops { return op.Bind(f, lossOfLabels, lossOfLabels) }

func lossOfLabels[F op.Float](f crossEntropy, loss []F, in op.Args[F]) error {
	var total float64
	err := f.eachExample(in.IDs[1], in.Shapes[0], func(label, from, to int) {
		row := in.Floats[0][from:to]
		loss := logSumExp(row) - float64((1-f.smoothing)*float64(row[label]))
		if f.smoothing > 0 {
			var mean float64
			for _, v := range row {
				mean += float64(v)
			}
			loss -= float64(f.smoothing * mean / float64(len(row)))
		}
		total += loss
	})
	loss[0] = F(total * perExample(1, f.sum, len(in.IDs[1])))
	return err
}

// eachExample calls each with the label of each example and the bounds of its row
// of logits, of the given shape, unless a label is outside the classes.
func (f crossEntropy) eachExample(labels []int, logits tensor.Shape, each func(label, from, to int)) error {
	classes := logits[f.dims]
	for n, label := range labels {
		if label < 0 || label >= classes {
			return exampleError(n, max(1, len(labels)/logits[0]), "label", "must be in [0, %d), got %d", classes, label)
		}
	}
	for n, label := range labels {
		each(label, n*classes, (n+1)*classes)
	}
	return nil
}

// perExample is the factor of each example's loss in a sum or a mean with the given
// weight.
func perExample(weight float64, sum bool, examples int) float64 {
	if sum {
		return weight
	}
	return weight / float64(examples)
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
	for _, v := range row {
		sum += portable.Exp(float64(v) - largest)
	}
	return largest + portable.Log(sum)
}

func (f crossEntropy) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(crossEntropyDiff{f}, x[0], x[1], dy), nil}
}

// crossEntropyDiff is the gradient of the logits from them, the labels and the
// gradient of the loss.
type crossEntropyDiff struct {
	crossEntropy
}

func (f crossEntropyDiff) String() string { return f.crossEntropy.String() + "'" }
func (f crossEntropyDiff) Rank() int      { return f.dims + 1 }

func (f crossEntropyDiff) Inputs() []op.Input {
	return append(f.crossEntropy.Inputs(), op.Input{Name: "gradient of the loss", Rank: 0})
}

func (f crossEntropyDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	_, err := f.crossEntropy.Shape(in[:2])
	return in[0].Clone(), err
}

func (f crossEntropyDiff) Loops() op.Loops { return op.Bind(f, diffOfLabels, diffOfLabels) }

func diffOfLabels[F op.Float](f crossEntropyDiff, dx []F, in op.Args[F]) error {
	weight := float64(in.Floats[2][0]) * perExample(1, f.sum, len(in.IDs[1]))
	return f.eachExample(in.IDs[1], in.Shapes[0], func(label, from, to int) {
		row, drow := in.Floats[0][from:to], dx[from:to]
		log := logSumExp(row)
		for k, v := range row {
			target := f.smoothing / float64(len(row))
			if k == label {
				target += 1 - f.smoothing
			}
			drow[k] = F((portable.Exp(float64(v)-log) - target) * weight)
		}
	})
}

func (f crossEntropyDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (crossEntropyDiff) Role() op.Role { return op.RoleOther }
