package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// An RDropOption sets something about both cross-entropies of RDrop, and how its losses
// become one.
type RDropOption interface {
	CrossEntropyOption
	rdrop()
}

// RDrop returns the loss of R-Drop, for two passes of the same examples through
// a network with dropout, each with its own masks:
//
//	loss = CE(logits1) + CE(logits2) + alpha*(KL(p1||p2) + KL(p2||p1))/2
//
// where CE is [SoftmaxCrossEntropy] with the given labels and options, p1 and
// p2 are the softmax of the logits, and the last term is [SymmetricKL], a mean
// or a sum over the examples like CE. It makes the thinned networks agree. Both
// cross-entropies count in full, as in the paper's equation 4; the published
// code halves them, so that its loss is half of this one with 2*alpha. alpha
// must be a nonnegative number; the authors use 0.3 to 5.
//
// logits1 and logits2 have the same type and shape, and the rest is as in
// [SoftmaxCrossEntropy]. A Trainer of package training has both passes and this
// loss ready, halved. For two passes in one, as the authors do, repeat the
// batch and slice the logits: each row has its own masks.
//
// Source: Liang, Wu et al., "R-Drop: Regularized Dropout for Neural Networks",
// NeurIPS 2021, equations 1 to 4.
func RDrop(logits1, logits2, labels *gorgonia.Node, alpha float64, opts ...RDropOption) (*gorgonia.Node, error) {
	const name = "nn: RDrop"
	if !(alpha >= 0) || math.IsInf(alpha, 1) {
		return nil, errors.Errorf("%s: alpha must be a number and not negative, got %v", name, alpha)
	}
	loss := make([]CrossEntropyOption, len(opts))
	var settings crossEntropy
	for i, opt := range opts {
		loss[i] = opt
		opt.crossEntropy(&settings)
	}
	f, err := newSymmetricKL(logits1, logits2, settings.reduction)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	first, err := SoftmaxCrossEntropy(logits1, labels, loss...)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	second, err := SoftmaxCrossEntropy(logits2, labels, loss...)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	both, err := gorgonia.Add(first, second)
	if err != nil || alpha == 0 {
		return both, errors.Wrap(err, name)
	}
	f.weight = alpha
	divergence, err := apply(f, f.nodes(logits1, logits2)...)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	both, err = gorgonia.Add(both, divergence)
	return both, errors.Wrap(err, name)
}

// SymmetricKL returns the mean over the examples of the symmetric
// Kullback-Leibler divergence, in nats, between the softmax p of logits a and
// the softmax q of logits b:
//
//	(KL(p||q) + KL(q||p))/2 = sum over k of (p[k]-q[k])*(log p[k] - log q[k])/2
//
// a and b are float32 or float64 nodes of the same type and shape, of rank 2 or
// more, with the class as the last axis. The result is a scalar of their type.
// The softmax subtracts the maximum of each row, so that nothing overflows and
// a term is lost only if both probabilities are 0. The result is +Inf if only
// one of them is. [WithSum] sums over the examples.
func SymmetricKL(a, b *gorgonia.Node, opts ...LossOption) (*gorgonia.Node, error) {
	f, err := newSymmetricKL(a, b, reductionOf(opts))
	if err != nil {
		return nil, errors.Wrap(err, "nn: SymmetricKL")
	}
	return apply(f, f.nodes(a, b)...)
}

// newSymmetricKL returns the divergence between logits a and b.
func newSymmetricKL(a, b *gorgonia.Node, r reduction) (f symmetricKL, err error) {
	if a == nil || b == nil {
		return f, errors.New("logits must be nodes, got none")
	}
	dt, err := op.DtypeOf(a)
	if err != nil || !op.IsFloat(dt) || a.Dims() < 2 {
		return f, errors.Errorf("logits must be of float32 or float64 and rank 2 or more, got %v", a.Type())
	}
	if other, err := op.DtypeOf(b); err != nil || other != dt || !b.Shape().Eq(a.Shape()) {
		return f, errors.Errorf("logits must be of one type and shape, got %v %v and %v %v", a.Type(), a.Shape(), b.Type(), b.Shape())
	}
	return symmetricKL{reduction: r, dims: a.Dims(), weight: 1}, nil
}

// symmetricKL :: logits → logits → divergence
//
// Its value does not depend on the order of the inputs, so one function serves
// for both gradients.
type symmetricKL struct {
	reduction
	dims   int
	weight float64 // of the result
}

func (f symmetricKL) Name() string { return "SymmetricKL" }

func (f symmetricKL) String() string {
	return fmt.Sprintf("SymmetricKL{weight=%v%s}", f.weight, f.settings())
}

func (f symmetricKL) Rank() int { return f.rank(f.dims - 1) }

func (f symmetricKL) Inputs() []op.Input {
	return f.with(op.Input{Name: "logits", Rank: f.dims}, op.Input{Name: "other logits", Rank: f.dims})
}

func (f symmetricKL) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, errors.Errorf("logits must be of one shape, got %v and %v", in[0], in[1])
	}
	if err := op.NotEmpty("logits", in[0]); err != nil {
		return nil, err
	}
	return f.shape(in[0][:f.dims-1], in)
}

func (symmetricKL) Role() op.Role { return op.RoleSoftmax }

func (f symmetricKL) Loops() op.Loops { return op.Bind(f, divergence, divergence) }

func divergence[F op.Float](f symmetricKL, y []F, in op.Args[F]) error {
	a, b, classes := in.Floats[0], in.Floats[1], in.Shapes[0][f.dims-1]
	w, err := weigh(f.reduction, len(a)/classes, 2, in)
	if err != nil {
		return err
	}
	reduceLosses(f.reduction, y, w, f.weight*f.scale(w.total()), func(n int) float64 {
		from, to := n*classes, (n+1)*classes
		var total float64
		eachClass(a[from:to], b[from:to], func(_ int, p, q, d float64) {
			total += float64((p - q) * d / 2)
		})
		return total
	})
	return nil
}

// eachClass calls f for each class of a row of logits, with its probabilities p
// and q and the difference d of their logarithms, which is 0 if both
// probabilities are.
func eachClass[F op.Float](a, b []F, f func(k int, p, q, d float64)) {
	za, zb := logSumExp(a), logSumExp(b)
	var memoryP, memoryQ [some]float64
	for from := 0; from < len(a); from += some {
		p, q := expsLess(&memoryP, a[from:], za), expsLess(&memoryQ, b[from:], zb)
		for i := range p {
			k := from + i
			logP, logQ := float64(a[k])-za, float64(b[k])-zb
			d := logP - logQ
			if math.IsInf(logP, -1) && math.IsInf(logQ, -1) {
				d = 0
			}
			f(k, p[i], q[i], d)
		}
	}
}

func (f symmetricKL) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	rest := append(x[2:len(x):len(x)], dy)
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(symmetricKLDiff{f}, append([]op.Operand{x[0], x[1]}, rest...)...)
	grads[1] = c.Of(symmetricKLDiff{f}, append([]op.Operand{x[1], x[0]}, rest...)...)
	return grads
}

// symmetricKLDiff computes the gradient of the first logits from both and the
// gradient of the divergence. With d the difference of the logarithms, that of
// a row is
//
//	(p[k]*(d[k] - KL(p||q)) + p[k] - q[k])/2
type symmetricKLDiff struct {
	symmetricKL
}

func (f symmetricKLDiff) String() string { return f.symmetricKL.String() + "'" }
func (f symmetricKLDiff) Rank() int      { return f.dims }

func (f symmetricKLDiff) Inputs() []op.Input {
	return append(f.symmetricKL.Inputs(), f.gradientOf("divergence", f.dims-1))
}

func (f symmetricKLDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	last := len(in) - 1
	want, err := f.symmetricKL.Shape(in[:last])
	return in[0].Clone(), op.SameShape(in[last], want, err)
}

func (f symmetricKLDiff) Loops() op.Loops { return op.Bind(f, divergenceDiff, divergenceDiff) }

func divergenceDiff[F op.Float](f symmetricKLDiff, dx []F, in op.Args[F]) error {
	a, b, classes := in.Floats[0], in.Floats[1], in.Shapes[0][f.dims-1]
	w, err := weigh(f.reduction, len(a)/classes, 2, in)
	if err != nil {
		return err
	}
	dy := in.Floats[len(in.Floats)-1]
	slopes(f.reduction, dy, w, f.weight*f.scale(w.total())/2, func(n int, factor float64) {
		from, to := n*classes, (n+1)*classes
		if w.at(n) == 0 {
			clear(dx[from:to])
			return
		}
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
			dx[from+k] = F(slope * factor)
		})
	})
	return nil
}

func (f symmetricKLDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (symmetricKLDiff) Role() op.Role { return op.RoleOther }
