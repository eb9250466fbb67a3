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

// RDrop returns the loss of R-Drop, for two passes of the same examples through
// a network with dropout, each with masks of its own:
//
//	loss = CE(logits1) + CE(logits2) + alpha*(KL(p1||p2) + KL(p2||p1))/2
//
// where CE is SoftmaxCrossEntropy with the labels and options given, p1 and p2
// are the softmax of the logits and the last term is SymmetricKL, a mean or a
// sum over the examples as CE is. It makes the thinned networks agree. Both
// cross-entropies count wholly, as in the paper's equation 4; the published code
// halves them, so that its loss is half of this one with 2*alpha. alpha must be a
// number and not negative; the authors take 0.3 to 5.
//
// logits1 and logits2 are of one type and shape, and the rest is as in
// SoftmaxCrossEntropy. For two passes in one, as the authors do, repeat the
// batch and slice the logits: rows have masks of their own.
//
// Source: Liang, Wu et al., "R-Drop: Regularized Dropout for Neural Networks",
// NeurIPS 2021, equations 1 to 4.
func RDrop(logits1, logits2, labels *gorgonia.Node, alpha float64, opts ...LossOption) (*gorgonia.Node, error) {
	const name = "ops: RDrop"
	if !(alpha >= 0) || math.IsInf(alpha, 1) {
		return nil, errors.Errorf("%s: alpha must be a number and not negative, got %v", name, alpha)
	}
	op, err := newSymmetricKL(logits1, logits2, opts)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	first, err := SoftmaxCrossEntropy(logits1, labels, opts...)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	second, err := SoftmaxCrossEntropy(logits2, labels, opts...)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	loss, err := gorgonia.Add(first, second)
	if err != nil || alpha == 0 {
		return loss, errors.Wrap(err, name)
	}
	op.weight = alpha
	divergence, err := gorgonia.ApplyOp(op, logits1, logits2)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	loss, err = gorgonia.Add(loss, divergence)
	return loss, errors.Wrap(err, name)
}

// SymmetricKL returns the mean over the examples of the symmetric
// Kullback-Leibler divergence, in nats, between the softmax p of logits a and
// the softmax q of logits b:
//
//	(KL(p||q) + KL(q||p))/2 = sum over k of (p[k]-q[k])*(log p[k] - log q[k])/2
//
// a and b are nodes of float32 or float64, of one type and shape, rank 2 or more
// and with the class as last axis. The result is a scalar of their type. The
// logarithms are those of a softmax with the maximum of each row taken out, so
// that nothing overflows and a term is lost only where both probabilities are 0.
// It is +Inf where one of them alone is. WithSum sums over the examples;
// WithLabelSmoothing changes nothing.
func SymmetricKL(a, b *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	op, err := newSymmetricKL(a, b, opts)
	if err != nil {
		return nil, errors.Wrap(err, "ops: SymmetricKL")
	}
	loss, err := gorgonia.ApplyOp(op, a, b)
	return loss, errors.Wrap(err, "ops: SymmetricKL")
}

// newSymmetricKL returns the op for logits a and b.
func newSymmetricKL(a, b *gorgonia.Node, opts []LossOption) (*symmetricKLOp, error) {
	if a == nil || b == nil {
		return nil, errors.New("logits must be nodes, got none")
	}
	dt, err := dtypeOf(a)
	if err != nil || (dt != tensor.Float32 && dt != tensor.Float64) || a.Dims() < 2 {
		return nil, errors.Errorf("logits must be of float32 or float64 and rank 2 or more, got %v", a.Type())
	}
	if other, err := dtypeOf(b); err != nil || other != dt || !b.Shape().Eq(a.Shape()) {
		return nil, errors.Errorf("logits must be of one type and shape, got %v %v and %v %v", a.Type(), a.Shape(), b.Type(), b.Shape())
	}
	var loss crossEntropyOp
	for _, opt := range opts {
		opt(&loss)
	}
	return &symmetricKLOp{dims: a.Dims(), weight: 1, sum: loss.sum}, nil
}

// symmetricKLOp :: Tensor-d a → Tensor-d a → a
//
// Its value does not depend on the order of the inputs, so that one op serves
// for both gradients.
type symmetricKLOp struct {
	dims   int
	weight float64 // of the result
	sum    bool
}

func (op *symmetricKLOp) Arity() int { return 2 }

func (op *symmetricKLOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	logits := gorgonia.TensorType{Dims: op.dims, Of: a}
	return hm.NewFnType(logits, logits, a)
}

func (op *symmetricKLOp) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}

func (op *symmetricKLOp) ReturnsPtr() bool     { return false }
func (op *symmetricKLOp) OverwritesInput() int { return -1 }
func (op *symmetricKLOp) CallsExtern() bool    { return false }

func (op *symmetricKLOp) String() string {
	return fmt.Sprintf("SymmetricKL{weight=%v sum=%v}", op.weight, op.sum)
}

func (op *symmetricKLOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String(), op.dims) }
func (op *symmetricKLOp) Hashcode() uint32      { return hashOf(op) }

// factor is what the divergence of each row is multiplied by.
func (op *symmetricKLOp) factor(rows int) float64 {
	if op.sum {
		return op.weight
	}
	return op.weight / float64(rows)
}

func (op *symmetricKLOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 2 {
		return nil, errors.Errorf("ops: SymmetricKL: want two logits, got %d inputs", len(in))
	}
	var loss gorgonia.Value
	var err error
	if in[0] != nil && in[0].Dtype() == tensor.Float32 {
		loss, err = symmetricKL[float32](op, in)
	} else {
		loss, err = symmetricKL[float64](op, in)
	}
	return loss, errors.Wrap(err, "ops: SymmetricKL")
}

func symmetricKL[F float](op *symmetricKLOp, in []gorgonia.Value) (gorgonia.Value, error) {
	a, b, classes, err := logitPair[F](in)
	if err != nil {
		return nil, err
	}
	rows := len(a) / classes
	var total float64
	for n := range rows {
		eachClass(a[n*classes:(n+1)*classes], b[n*classes:(n+1)*classes], func(_ int, p, q, d float64) {
			total += (p - q) * d / 2
		})
	}
	return scalar(F(total * op.factor(rows))), nil
}

// eachClass calls f for each class of a row of logits with its probabilities p
// and q and the difference d of their logarithms, which is 0 where both
// probabilities are.
func eachClass[F float](a, b []F, f func(k int, p, q, d float64)) {
	za, zb := logSumExp(a), logSumExp(b)
	for k := range a {
		logP, logQ := float64(a[k])-za, float64(b[k])-zb
		d := logP - logQ
		if math.IsInf(logP, -1) && math.IsInf(logQ, -1) {
			d = 0
		}
		f(k, math.Exp(logP), math.Exp(logQ), d)
	}
}

// logitPair returns the elements of two logits of one shape and the number of
// classes.
func logitPair[F float](in []gorgonia.Value) (a, b []F, classes int, err error) {
	if a, err = values[F](in[0]); err != nil {
		return nil, nil, 0, err
	}
	if b, err = values[F](in[1]); err != nil {
		return nil, nil, 0, err
	}
	shape := in[0].Shape()
	if len(shape) < 2 || len(a) == 0 || !shape.Eq(in[1].Shape()) {
		return nil, nil, 0, errors.Errorf("logits must be of one shape of rank 2 or more and not empty, got %v and %v", shape, in[1].Shape())
	}
	return a, b, shape[len(shape)-1], nil
}

// DiffWRT says that the divergence is differentiable in both logits.
func (op *symmetricKLOp) DiffWRT(int) []bool { return []bool{true, true} }

func (op *symmetricKLOp) SymDiff(inputs gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, 2)
	for i := range grads {
		var err error
		if grads[i], err = gorgonia.ApplyOp(&symmetricKLDiffOp{op, new(reused)}, inputs[i], inputs[1-i], grad); err != nil {
			return nil, errors.Wrap(err, "ops: SymmetricKL")
		}
	}
	return grads, nil
}

// DoDiff adds the gradients of the logits for a LispMachine.
func (op *symmetricKLOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	dy, err := output.Grad()
	if err != nil {
		return errors.Wrap(err, "ops: SymmetricKL: gradient of the divergence")
	}
	for i := range 2 {
		dx, err := (&symmetricKLDiffOp{op, new(reused)}).Do(inputs[i].Value(), inputs[1-i].Value(), dy)
		if err != nil {
			return err
		}
		if err := accumulate(inputs[i], dx); err != nil {
			return errors.Wrap(err, "ops: SymmetricKL: gradient of the logits")
		}
	}
	return nil
}

// symmetricKLDiffOp :: Tensor-d a → Tensor-d a → a → Tensor-d a
//
// The inputs are the logits with respect to which the divergence is
// differentiated, the others and the gradient of the divergence. With d the
// difference of the logarithms, the gradient of a row is
//
//	(p[k]*(d[k] - KL(p||q)) + p[k] - q[k])/2
type symmetricKLDiffOp struct {
	loss *symmetricKLOp
	*reused
}

func (op *symmetricKLDiffOp) Arity() int { return 3 }

func (op *symmetricKLDiffOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	logits := gorgonia.TensorType{Dims: op.loss.dims, Of: a}
	return hm.NewFnType(logits, logits, a, logits)
}

func (op *symmetricKLDiffOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: SymmetricKL: want the shape of the logits, got %T", in[0])
	}
	return s.Clone(), nil
}

func (op *symmetricKLDiffOp) ReturnsPtr() bool     { return false }
func (op *symmetricKLDiffOp) OverwritesInput() int { return -1 }
func (op *symmetricKLDiffOp) CallsExtern() bool    { return false }
func (op *symmetricKLDiffOp) String() string       { return op.loss.String() + "'" }

func (op *symmetricKLDiffOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String(), op.loss.dims) }
func (op *symmetricKLDiffOp) Hashcode() uint32      { return hashOf(op) }

func (op *symmetricKLDiffOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.UsePreallocDo(nil, in...)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op *symmetricKLDiffOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 3 {
		return nil, errors.Errorf("ops: SymmetricKL: want two logits and gradient, got %d inputs", len(in))
	}
	prealloc = op.memory(prealloc)
	var dx gorgonia.Value
	var err error
	if in[0] != nil && in[0].Dtype() == tensor.Float32 {
		dx, err = symmetricKLDiff[float32](op.loss, prealloc, in)
	} else {
		dx, err = symmetricKLDiff[float64](op.loss, prealloc, in)
	}
	op.keep(dx)
	return dx, errors.Wrap(err, "ops: SymmetricKL")
}

func symmetricKLDiff[F float](op *symmetricKLOp, prealloc gorgonia.Value, in []gorgonia.Value) (gorgonia.Value, error) {
	a, b, classes, err := logitPair[F](in)
	if err != nil {
		return nil, err
	}
	grad, err := values[F](in[2])
	if err != nil || len(grad) != 1 {
		return nil, errors.Errorf("gradient must be a scalar, got %s", describe(in[2]))
	}
	rows := len(a) / classes
	weight := float64(grad[0]) * op.factor(rows) / 2
	dx, out := output[F](prealloc, in[0])
	for n := range rows {
		x, y, row := a[n*classes:(n+1)*classes], b[n*classes:(n+1)*classes], dx[n*classes:(n+1)*classes]
		var divergence float64
		eachClass(x, y, func(_ int, p, _, d float64) {
			if p > 0 {
				divergence += p * d
			}
		})
		eachClass(x, y, func(k int, p, q, d float64) {
			slope := p - q
			if p > 0 {
				slope += p * (d - divergence)
			}
			row[k] = F(slope * weight)
		})
	}
	return out, nil
}

var (
	_ gorgonia.SDOp            = (*symmetricKLOp)(nil)
	_ gorgonia.ADOp            = (*symmetricKLOp)(nil)
	_ gorgonia.UsePreallocDoer = (*symmetricKLDiffOp)(nil)
)
