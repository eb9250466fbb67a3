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
	const name = "nn: RDrop"
	if !(alpha >= 0) || math.IsInf(alpha, 1) {
		return nil, errors.Errorf("%s: alpha must be a number and not negative, got %v", name, alpha)
	}
	f, err := newSymmetricKL(logits1, logits2, opts)
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
	f.weight = alpha
	divergence, err := apply(f, logits1, logits2)
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
	f, err := newSymmetricKL(a, b, opts)
	if err != nil {
		return nil, errors.Wrap(err, "nn: SymmetricKL")
	}
	return apply(f, a, b)
}

// newSymmetricKL returns the divergence between logits a and b.
func newSymmetricKL(a, b *gorgonia.Node, opts []LossOption) (f symmetricKL, err error) {
	if a == nil || b == nil {
		return f, errors.New("logits must be nodes, got none")
	}
	dt, err := op.DtypeOf(a)
	if err != nil || (dt != tensor.Float32 && dt != tensor.Float64) || a.Dims() < 2 {
		return f, errors.Errorf("logits must be of float32 or float64 and rank 2 or more, got %v", a.Type())
	}
	if other, err := op.DtypeOf(b); err != nil || other != dt || !b.Shape().Eq(a.Shape()) {
		return f, errors.Errorf("logits must be of one type and shape, got %v %v and %v %v", a.Type(), a.Shape(), b.Type(), b.Shape())
	}
	var loss crossEntropy
	for _, opt := range opts {
		opt(&loss)
	}
	if err := loss.check(); err != nil { // given, though it changes nothing
		return f, err
	}
	return symmetricKL{dims: a.Dims(), weight: 1, sum: loss.sum}, nil
}

// symmetricKL :: logits → logits → divergence
//
// Its value does not depend on the order of the inputs, so that one function
// serves for both gradients.
type symmetricKL struct {
	dims   int
	weight float64 // of the result
	sum    bool
}

func (f symmetricKL) Name() string { return "SymmetricKL" }

func (f symmetricKL) String() string {
	return fmt.Sprintf("SymmetricKL{weight=%v sum=%v}", f.weight, f.sum)
}

func (f symmetricKL) Rank() int { return 0 }

func (f symmetricKL) Inputs() []op.Input {
	return []op.Input{{Name: "logits", Rank: f.dims}, {Name: "other logits", Rank: f.dims}}
}

func (f symmetricKL) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, errors.Errorf("logits must be of one shape, got %v and %v", in[0], in[1])
	}
	return tensor.ScalarShape(), op.NotEmpty("logits", in[0])
}

func (symmetricKL) Role() op.Role { return op.RoleSoftmax }

func (f symmetricKL) Loops() op.Loops { return op.Bind(f, divergence, divergence) }

func divergence[F op.Float](f symmetricKL, y []F, in op.Args[F]) error {
	a, b, classes := in.Floats[0], in.Floats[1], in.Shapes[0][f.dims-1]
	var total float64
	for from := 0; from < len(a); from += classes {
		eachClass(a[from:from+classes], b[from:from+classes], func(_ int, p, q, d float64) {
			total += float64((p - q) * d / 2)
		})
	}
	y[0] = F(total * perExample(f.weight, f.sum, len(a)/classes))
	return nil
}

// eachClass calls f for each class of a row of logits with its probabilities p
// and q and the difference d of their logarithms, which is 0 where both
// probabilities are.
func eachClass[F op.Float](a, b []F, f func(k int, p, q, d float64)) {
	za, zb := logSumExp(a), logSumExp(b)
	for k := range a {
		logP, logQ := float64(a[k])-za, float64(b[k])-zb
		d := logP - logQ
		if math.IsInf(logP, -1) && math.IsInf(logQ, -1) {
			d = 0
		}
		f(k, portable.Exp(logP), portable.Exp(logQ), d)
	}
}

func (f symmetricKL) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(symmetricKLDiff{f}, x[0], x[1], dy), c.Of(symmetricKLDiff{f}, x[1], x[0], dy)}
}

// symmetricKLDiff is the gradient of the first logits from both and the gradient of
// the divergence. With d the difference of the logarithms, that of a row is
//
//	(p[k]*(d[k] - KL(p||q)) + p[k] - q[k])/2
type symmetricKLDiff struct {
	symmetricKL
}

func (f symmetricKLDiff) String() string { return f.symmetricKL.String() + "'" }
func (f symmetricKLDiff) Rank() int      { return f.dims }

func (f symmetricKLDiff) Inputs() []op.Input {
	return append(f.symmetricKL.Inputs(), op.Input{Name: "gradient of the divergence", Rank: 0})
}

func (f symmetricKLDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	_, err := f.symmetricKL.Shape(in[:2])
	return in[0].Clone(), err
}

func (f symmetricKLDiff) Loops() op.Loops { return op.Bind(f, divergenceDiff, divergenceDiff) }

func divergenceDiff[F op.Float](f symmetricKLDiff, dx []F, in op.Args[F]) error {
	a, b, classes := in.Floats[0], in.Floats[1], in.Shapes[0][f.dims-1]
	weight := float64(in.Floats[2][0]) * perExample(f.weight, f.sum, len(a)/classes) / 2
	for from := 0; from < len(a); from += classes {
		to := from + classes
		var divergence float64
		eachClass(a[from:to], b[from:to], func(_ int, p, _, d float64) {
			if p > 0 {
				divergence += float64(p * d)
			}
		})
		eachClass(a[from:to], b[from:to], func(k int, p, q, d float64) {
			slope := p - q
			if p > 0 {
				slope += float64(p * (d - divergence))
			}
			dx[from+k] = F(slope * weight)
		})
	}
	return nil
}

func (f symmetricKLDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (symmetricKLDiff) Role() op.Role { return op.RoleOther }
