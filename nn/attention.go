package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// SelfAttention returns multi-head self-attention by scaled dot products:
//
//	softmax(q·k'/sqrt(E/heads))·v
//
// qkv, of shape (N, T, 3E), is queries, keys and values concatenated along the
// last axis, each with E/heads values for each head; the result has shape (N,
// T, E). The caller makes the projections before and after, which PyTorch's
// nn.MultiheadAttention includes. In training each weight is dropped with
// probability p after the softmax, by the mask of [ops.AttentionDropout], of
// shape (N, heads, T, T); the options set its stream and rate. qkv is float32
// or float64, and no size may be 0.
//
// The gradient is an op that reuses the weights of the forward pass and has no
// derivative itself. Products run on the BLAS given to gorgonia.Use, with heads
// in parallel.
//
// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.
func SelfAttention(qkv *gorgonia.Node, heads int, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	return newAttention(&attention{heads: heads}, qkv, p, opts)
}

// CausalSelfAttention is [SelfAttention] in which each position attends only to
// itself and earlier positions, for models that predict the next token.
func CausalSelfAttention(qkv *gorgonia.Node, heads int, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	return newAttention(&attention{heads: heads, causal: true}, qkv, p, opts)
}

// attention is what self-attention and its derivative share.
type attention struct {
	heads  int
	causal bool
	drop   *draw.Fused // of the weights; nil: none
	mem    parallel.Memory
}

func newAttention(a *attention, qkv *gorgonia.Node, p float64, opts []ops.FusedOption) (*gorgonia.Node, error) {
	if a.heads < 1 {
		return nil, errors.Errorf("nn: %s: heads must be positive, got %d", a.Name(), a.heads)
	}
	if qkv == nil || qkv.Graph() == nil {
		return nil, errors.Errorf("nn: %s: qkv must be a node of a graph, got none", a.Name())
	}
	settings := draw.Collect(opts)
	rate, err := settings.Rate(p, draw.CheckRate)
	if err != nil {
		return nil, errors.Wrap(err, "nn: "+a.Name())
	}
	// A step that nothing reads would break gorgonia.Grad.
	if settings.Mode() != ops.Eval && rate != schedule.Constant(0) {
		if a.drop, err = settings.Fused(qkv, p); err != nil {
			return nil, errors.Wrap(err, "nn: "+a.Name())
		}
	}
	weights, err := apply(attentionWeights{attention: a}, qkv)
	if err != nil {
		return nil, err
	}
	return apply(attentionOutput{a}, append(gorgonia.Nodes{qkv, weights}, a.drop.Nodes()...)...)
}

func (a *attention) Name() string {
	if a.causal {
		return "CausalSelfAttention"
	}
	return "SelfAttention"
}

// describe distinguishes the attention from others.
func (a *attention) describe(part string) string {
	return fmt.Sprintf("%s%s{heads=%d%v}", a.Name(), part, a.heads, a.drop)
}

func (a *attention) SetTraining(training bool) { a.drop.SetTraining(training) }

// weightsShape returns the shape of the weights for qkv.
func (a *attention) weightsShape(qkv tensor.Shape) tensor.Shape {
	return tensor.Shape{qkv[0], a.heads, qkv[1], qkv[1]}
}

// check returns an error if the heads do not fit qkv.
func (a *attention) check(qkv tensor.Shape) error {
	if err := op.NotEmpty("qkv", qkv); err != nil {
		return err
	}
	if qkv[2]%(3*a.heads) != 0 {
		return errors.Errorf("qkv must have shape (N, T, 3E) with E a multiple of %d heads, got %v", a.heads, qkv)
	}
	return nil
}

// A head is the queries, keys and values of one head in one example, as matrices
// of T rows and width columns within a tensor of shape (N, T, 3E).
type head[F op.Float] struct {
	q, k, v      matrix[F]
	times, width int
	// place is where the head's results begin in a tensor of shape (N, T, E),
	// and stride that tensor's E.
	place, stride int
}

func headOf[F op.Float](qkv []F, shape tensor.Shape, heads, i int) head[F] {
	times, stride := shape[1], shape[2]/3
	width := stride / heads
	n, at := i/heads, i%heads*width
	part := func(k int) matrix[F] {
		return matrix[F]{data: qkv[n*times*3*stride+k*stride+at:], stride: 3 * stride}
	}
	return head[F]{part(0), part(1), part(2), times, width, n*times*stride + at, stride}
}

func (h head[F]) scale() F { return F(1 / math.Sqrt(float64(h.width))) }

func (m matrix[F]) transpose() matrix[F] {
	m.transposed = !m.transposed
	return m
}

// attentionWeights :: (N, T, 3E) a → (N, heads, T, T) a
//
// It is a separate op, which is not differentiated, so that the forward and
// backward passes share its result as data.
type attentionWeights struct {
	*attention
	op.NoGradient // that of the output accounts for all
}

func (f attentionWeights) String() string { return f.describe(" weights") }
func (f attentionWeights) Rank() int      { return 4 }
func (f attentionWeights) Inputs() []op.Input {
	return []op.Input{{Name: "qkv", Rank: 3, Of: op.Constants}}
}

func (f attentionWeights) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return f.weightsShape(in[0]), f.check(in[0])
}

func (f attentionWeights) Loops() op.Loops { return op.Bind(f, attend, attend) }

func attend[F op.Float](f attentionWeights, weights []F, in op.Args[F]) error {
	times := in.Shapes[0][1]
	area := times * times
	parallel.Each(len(weights)/area, 8*area, func(i int) {
		h := headOf(in.Floats[0], in.Shapes[0], f.heads, i)
		w := weights[i*area : (i+1)*area]
		gemm(times, times, h.width, h.q, h.k.transpose(), 0, w, times)
		for t := range times {
			row := w[t*times : (t+1)*times]
			if f.causal {
				clear(row[t+1:])
				row = row[:t+1]
			}
			distribution(row, h.scale())
		}
	})
	return nil
}

// distribution replaces x by the softmax of scale*x.
func distribution[F op.Float](x []F, scale F) {
	largest := x[0]
	for _, v := range x[1:] {
		largest = max(largest, v)
	}
	for i, v := range x {
		x[i] = (v - largest) * scale
	}
	elementary.Exp(x)
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	share := F(1 / sum)
	for i := range x {
		x[i] *= share
	}
}

// attentionOutput :: (N, T, 3E) a → (N, heads, T, T) a → [Int64] → (N, T, E) a
type attentionOutput struct{ *attention }

func (f attentionOutput) String() string { return f.describe("") }

// Draws describes the dropout of the weights.
func (f attentionOutput) Draws() draw.Drawing { return f.drop.Drawing(1) }

func (attentionOutput) Role() op.Role { return op.RoleAttention }

func (f attentionOutput) Rank() int { return 3 }

func (f attentionOutput) Inputs() []op.Input {
	return append([]op.Input{{Name: "qkv", Rank: 3}, {Name: "weights", Rank: 4, Of: op.Constants}}, f.drop.Inputs()...)
}

func (f attentionOutput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in[0]); err != nil {
		return nil, err
	}
	if want := f.weightsShape(in[0]); !in[1].Eq(want) {
		return nil, errors.Errorf("weights must have shape %v, got %v", want, in[1])
	}
	return tensor.Shape{in[0][0], in[0][1], in[0][2] / 3}, nil
}

func (f attentionOutput) Loops() op.Loops { return op.Bind(f, take, take) }

func take[F op.Float](f attentionOutput, y []F, in op.Args[F]) error {
	s, threshold, err := f.drop.At(in.Step)
	if err != nil {
		return err
	}
	times := in.Shapes[0][1]
	area := times * times
	pool := parallel.ScratchOf[F](&f.mem)
	parallel.Each(len(in.Floats[1])/area, 8*area, func(i int) {
		h := headOf(in.Floats[0], in.Shapes[0], f.heads, i)
		w := in.Floats[1][i*area : (i+1)*area]
		if threshold > 0 {
			kept := pool.Take(area)
			defer pool.Give(kept)
			drop.Apply(kept, w, uint64(i*area), s, threshold)
			w = kept
		}
		gemm(times, h.width, times, matrix[F]{data: w, stride: times}, h.v, 0, y[h.place:], h.stride)
	})
	return nil
}

func (f attentionOutput) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(attentionDiff{attention: f.attention}, append([]op.Operand{x[0], x[1], dy}, x[2:]...)...)
	return grads
}

// attentionDiff computes the gradient of qkv from qkv, the weights, the
// gradient of y and the step.
type attentionDiff struct {
	*attention
	op.NotDifferentiable
}

func (f attentionDiff) String() string { return f.describe("'") }
func (f attentionDiff) Rank() int      { return 3 }

func (f attentionDiff) Inputs() []op.Input {
	return append([]op.Input{{Name: "qkv", Rank: 3}, {Name: "weights", Rank: 4}, {Name: "gradient of y", Rank: 3}}, f.drop.Inputs()...)
}

func (f attentionDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	want, err := attentionOutput{f.attention}.Shape(in[:2])
	return in[0].Clone(), op.SameShape(in[2], want, err)
}

func (f attentionDiff) Loops() op.Loops { return op.Bind(f, attentionBack, attentionBack) }

func attentionBack[F op.Float](f attentionDiff, d []F, in op.Args[F]) error {
	s, threshold, err := f.drop.At(in.Step)
	if err != nil {
		return err
	}
	times := in.Shapes[0][1]
	area := times * times
	pool := parallel.ScratchOf[F](&f.mem)
	parallel.Each(len(in.Floats[1])/area, 16*area, func(i int) {
		h := headOf(in.Floats[0], in.Shapes[0], f.heads, i)
		dh := headOf(d, in.Shapes[0], f.heads, i)
		w := in.Floats[1][i*area : (i+1)*area]
		dy := matrix[F]{data: in.Floats[2][h.place:], stride: h.stride}
		memory := pool.Take(area)
		defer pool.Give(memory)
		kept, dw := w, memory
		if threshold > 0 {
			drop.Apply(memory, w, uint64(i*area), s, threshold)
			kept = memory
		}
		gemm(times, h.width, times, matrix[F]{kept, times, true}, dy, 0, dh.v.data, dh.v.stride)
		gemm(times, times, h.width, dy, h.v.transpose(), 0, dw, times)
		if threshold > 0 {
			drop.Apply(dw, dw, uint64(i*area), s, threshold)
		}
		// Through the softmax: if a weight is 0, so is the gradient of its
		// score.
		scale := h.scale()
		for t := range times {
			w, dw := w[t*times:(t+1)*times], dw[t*times:(t+1)*times]
			var mean float64
			for j, g := range dw {
				mean += float64(float64(g) * float64(w[j]))
			}
			for j, g := range dw {
				dw[j] = w[j] * (g - F(mean)) * scale
			}
		}
		scores := matrix[F]{data: dw, stride: times}
		gemm(times, h.width, times, scores, h.k, 0, dh.q.data, dh.q.stride)
		gemm(times, h.width, times, scores.transpose(), h.q, 0, dh.k.data, dh.k.stride)
	})
	return nil
}
