package ops

import (
	"fmt"
	"hash"
	"math"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A LossOption sets something about a loss that has a default.
type LossOption func(*crossEntropyOp)

// WithLabelSmoothing takes the share eps in [0, 1] from the true class and
// spreads it evenly over all classes (Szegedy et al., CVPR 2016, section 7).
func WithLabelSmoothing(eps float64) LossOption {
	return func(op *crossEntropyOp) { op.smoothing = eps }
}

// WithSum makes the loss the sum over the examples instead of their mean.
func WithSum() LossOption { return func(op *crossEntropyOp) { op.sum = true } }

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
	const name = "ops: SoftmaxCrossEntropy"
	if logits == nil || labels == nil {
		return nil, errors.Errorf("%s: logits and labels must be nodes, got none", name)
	}
	dt, err := dtypeOf(logits)
	if err != nil || (dt != tensor.Float32 && dt != tensor.Float64) || logits.Dims() < 2 {
		return nil, errors.Errorf("%s: logits must be of float32 or float64 and rank 2 or more, got %v", name, logits.Type())
	}
	dims := logits.Dims() - 1
	if lt, err := dtypeOf(labels); err != nil || lt != tensor.Int || !labels.Shape().Eq(logits.Shape()[:dims]) {
		return nil, errors.Errorf("%s: labels must be of int and shape %v, got %v %v",
			name, logits.Shape()[:dims], labels.Type(), labels.Shape())
	}
	op := &crossEntropyOp{dims: dims}
	for _, opt := range opts {
		opt(op)
	}
	if !(op.smoothing >= 0 && op.smoothing <= 1) {
		return nil, errors.Errorf("%s: label smoothing must be in [0, 1], got %v", name, op.smoothing)
	}
	loss, err := gorgonia.ApplyOp(op, logits, labels)
	return loss, errors.Wrap(err, name)
}

// crossEntropyOp :: Tensor-(d+1) a → Tensor-d Int → a
type crossEntropyOp struct {
	dims      int // of labels
	smoothing float64
	sum       bool
}

func (op *crossEntropyOp) Arity() int { return 2 }

func (op *crossEntropyOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(gorgonia.TensorType{Dims: op.dims + 1, Of: a},
		gorgonia.TensorType{Dims: op.dims, Of: tensor.Int}, a)
}

func (op *crossEntropyOp) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}

func (op *crossEntropyOp) ReturnsPtr() bool     { return false }
func (op *crossEntropyOp) OverwritesInput() int { return -1 }
func (op *crossEntropyOp) CallsExtern() bool    { return false }

func (op *crossEntropyOp) String() string {
	return fmt.Sprintf("SoftmaxCrossEntropy{smoothing=%v sum=%v}", op.smoothing, op.sum)
}

func (op *crossEntropyOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String(), op.dims) }
func (op *crossEntropyOp) Hashcode() uint32      { return hashOf(op) }

func (op *crossEntropyOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 2 {
		return nil, errors.Errorf("ops: SoftmaxCrossEntropy: want logits and labels, got %d inputs", len(in))
	}
	var loss gorgonia.Value
	var err error
	switch in[0].Dtype() {
	case tensor.Float32:
		loss, err = crossEntropy[float32](op, in[0], in[1])
	default:
		loss, err = crossEntropy[float64](op, in[0], in[1])
	}
	return loss, errors.Wrap(err, "ops: SoftmaxCrossEntropy")
}

func crossEntropy[F float](op *crossEntropyOp, logits, labels gorgonia.Value) (gorgonia.Value, error) {
	x, y, classes, err := examples[F](logits, labels)
	if err != nil {
		return nil, err
	}
	var total float64
	for n, label := range y {
		row := x[n*classes : (n+1)*classes]
		loss := logSumExp(row) - (1-op.smoothing)*float64(row[label])
		if op.smoothing > 0 {
			var mean float64
			for _, v := range row {
				mean += float64(v)
			}
			loss -= op.smoothing * mean / float64(classes)
		}
		total += loss
	}
	return scalar(F(total * op.weight(len(y)))), nil
}

// weight is the factor of each example's loss.
func (op *crossEntropyOp) weight(examples int) float64 {
	if op.sum {
		return 1
	}
	return 1 / float64(examples)
}

// logSumExp returns log(sum(exp(row))) without overflow.
func logSumExp[F float](row []F) float64 {
	largest := float64(row[0])
	for _, v := range row {
		largest = max(largest, float64(v))
	}
	if math.IsInf(largest, 0) {
		return largest
	}
	var sum float64
	for _, v := range row {
		sum += math.Exp(float64(v) - largest)
	}
	return largest + math.Log(sum)
}

// examples returns the elements of logits and labels and the number of classes.
func examples[F float](logits, labels gorgonia.Value) (x []F, y []int, classes int, err error) {
	if x, err = values[F](logits); err != nil {
		return nil, nil, 0, errors.Wrap(err, "logits")
	}
	shape := logits.Shape()
	if len(shape) < 2 || len(x) == 0 {
		return nil, nil, 0, errors.Errorf("logits must have rank 2 or more and at least one example and class, got shape %v", shape)
	}
	classes = shape[len(shape)-1]
	l, ok := labels.(*tensor.Dense)
	if !ok || l.Dtype() != tensor.Int || !rowMajor(l) || size(l.Shape()) != len(x)/classes {
		return nil, nil, 0, errors.Errorf("labels must be a row-major tensor of %d int, got %s", len(x)/classes, describe(labels))
	}
	y = l.Ints()
	for n, label := range y {
		if label < 0 || label >= classes {
			return nil, nil, 0, errors.Errorf("label of example %d must be in [0, %d), got %d", n, classes, label)
		}
	}
	return x, y, classes, nil
}

// DiffWRT says that the loss is differentiable in the logits and not in the
// labels.
func (op *crossEntropyOp) DiffWRT(int) []bool { return []bool{true, false} }

func (op *crossEntropyOp) SymDiff(inputs gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	dx, err := gorgonia.ApplyOp(&crossEntropyDiffOp{op, new(reused)}, inputs[0], inputs[1], grad)
	if err != nil {
		return nil, errors.Wrap(err, "ops: SoftmaxCrossEntropy")
	}
	return gorgonia.Nodes{dx, nil}, nil
}

// DoDiff adds the gradient of the logits for a LispMachine.
func (op *crossEntropyOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	dy, err := output.Grad()
	if err != nil {
		return errors.Wrap(err, "ops: SoftmaxCrossEntropy: gradient of the loss")
	}
	dx, err := (&crossEntropyDiffOp{op, new(reused)}).Do(inputs[0].Value(), inputs[1].Value(), dy)
	if err != nil {
		return err
	}
	return errors.Wrap(accumulate(inputs[0], dx), "ops: SoftmaxCrossEntropy: gradient of the logits")
}

// crossEntropyDiffOp :: Tensor-(d+1) a → Tensor-d Int → a → Tensor-(d+1) a
//
// The inputs are the logits, the labels and the gradient of the loss.
type crossEntropyDiffOp struct {
	loss *crossEntropyOp
	*reused
}

func (op *crossEntropyDiffOp) Arity() int { return 3 }

func (op *crossEntropyDiffOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	logits := gorgonia.TensorType{Dims: op.loss.dims + 1, Of: a}
	return hm.NewFnType(logits, gorgonia.TensorType{Dims: op.loss.dims, Of: tensor.Int}, a, logits)
}

func (op *crossEntropyDiffOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: SoftmaxCrossEntropy: want the shape of the logits, got %T", in[0])
	}
	return s.Clone(), nil
}

func (op *crossEntropyDiffOp) ReturnsPtr() bool     { return false }
func (op *crossEntropyDiffOp) OverwritesInput() int { return -1 }
func (op *crossEntropyDiffOp) CallsExtern() bool    { return false }
func (op *crossEntropyDiffOp) String() string       { return op.loss.String() + "'" }

func (op *crossEntropyDiffOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String(), op.loss.dims) }
func (op *crossEntropyDiffOp) Hashcode() uint32      { return hashOf(op) }

func (op *crossEntropyDiffOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.UsePreallocDo(nil, in...)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op *crossEntropyDiffOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 3 {
		return nil, errors.Errorf("ops: SoftmaxCrossEntropy: want logits, labels and gradient, got %d inputs", len(in))
	}
	prealloc = op.memory(prealloc)
	var dx gorgonia.Value
	var err error
	switch in[0].Dtype() {
	case tensor.Float32:
		dx, err = crossEntropyDiff[float32](op.loss, prealloc, in)
	default:
		dx, err = crossEntropyDiff[float64](op.loss, prealloc, in)
	}
	op.keep(dx)
	return dx, errors.Wrap(err, "ops: SoftmaxCrossEntropy")
}

func crossEntropyDiff[F float](op *crossEntropyOp, prealloc gorgonia.Value, in []gorgonia.Value) (gorgonia.Value, error) {
	x, y, classes, err := examples[F](in[0], in[1])
	if err != nil {
		return nil, err
	}
	grad, err := values[F](in[2])
	if err != nil || len(grad) != 1 {
		return nil, errors.Errorf("gradient must be a scalar, got %s", describe(in[2]))
	}
	weight := float64(grad[0]) * op.weight(len(y))
	dx, out := output[F](prealloc, in[0])
	for n, label := range y {
		row, drow := x[n*classes:(n+1)*classes], dx[n*classes:(n+1)*classes]
		log := logSumExp(row)
		for k, v := range row {
			target := op.smoothing / float64(classes)
			if k == label {
				target += 1 - op.smoothing
			}
			drow[k] = F((math.Exp(float64(v)-log) - target) * weight)
		}
	}
	return out, nil
}

var (
	_ gorgonia.SDOp            = (*crossEntropyOp)(nil)
	_ gorgonia.ADOp            = (*crossEntropyOp)(nil)
	_ gorgonia.UsePreallocDoer = (*crossEntropyDiffOp)(nil)
)
