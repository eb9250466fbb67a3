package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
)

// SelfAttention returns what each place of a sequence takes from all places, by
// scaled dot products in several heads:
//
//	softmax(q·k'/sqrt(E/heads))·v
//
// qkv, of shape (N, T, 3E), holds queries, keys and values behind one another,
// each of which has E/heads values for each head; the result has shape (N, T, E).
// The projections before and behind are the caller's, as in PyTorch's
// nn.MultiheadAttention. Each weight, after the softmax, is dropped with
// probability p in training: by the mask of AttentionDropout, of shape
// (N, heads, T, T), whose options these are; WithRateNode, WithNoiseShape and
// WithBroadcastAxes are errors. qkv is of float32 or of float64, and no size may
// be 0.
//
// The gradient is an op that takes the weights from the first; it has no
// derivative itself. Products run on the BLAS that gorgonia.Use was given, heads
// at the same time.
//
// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.
func SelfAttention(qkv *gorgonia.Node, heads int, p float64, opts ...Option) (*gorgonia.Node, error) {
	return newAttention(&attention{heads: heads}, qkv, p, opts)
}

// CausalSelfAttention is SelfAttention in which a place takes nothing from those
// behind it, for models that foretell the next token.
func CausalSelfAttention(qkv *gorgonia.Node, heads int, p float64, opts ...Option) (*gorgonia.Node, error) {
	return newAttention(&attention{heads: heads, causal: true}, qkv, p, opts)
}

// attention is what self-attention shares with its derivative.
type attention struct {
	heads  int
	causal bool
	drop   *linearDrop // of the weights; nil: none
	mem    memory
}

func newAttention(a *attention, qkv *gorgonia.Node, p float64, opts []Option) (*gorgonia.Node, error) {
	if a.heads < 1 {
		return nil, errors.Errorf("ops: %s: heads must be positive, got %d", a.name(), a.heads)
	}
	if err := checkRate(p); err != nil {
		return nil, errors.Wrap(err, "ops: "+a.name())
	}
	var given config
	for _, opt := range opts {
		opt(&given)
	}
	in := gorgonia.Nodes{qkv}
	// A step that nothing reads would break gorgonia.Grad.
	if given.mode != Inference && (p > 0 || given.rate != nil || given.hasRateNode) {
		c, err := configure(a.name(), qkv, opts, false)
		if err != nil {
			return nil, err
		}
		if c.hasRateNode || c.hasNoiseShape || c.broadcast != nil {
			return nil, errors.Errorf("ops: %s: dropout must be of a Rate and by element, got WithRateNode, WithNoiseShape or WithBroadcastAxes", a.name())
		}
		if c.rate == nil {
			c.rate = Constant(p)
		}
		if err := validate(c.rate, bernoulli{}); err != nil {
			return nil, errors.Wrap(err, "ops: "+a.name())
		}
		a.drop = &linearDrop{config: *c}
		a.drop.training.Store(true)
		in = append(in, c.step)
	}
	weights, err := applyFunction(attentionWeights{a}, qkv)
	if err != nil {
		return nil, err
	}
	return applyFunction(attentionOutput{a}, append(gorgonia.Nodes{qkv, weights}, in[1:]...)...)
}

func (a *attention) name() string {
	if a.causal {
		return "CausalSelfAttention"
	}
	return "SelfAttention"
}

// describe tells the attention from others.
func (a *attention) describe(part string) string {
	s := fmt.Sprintf("%s%s{heads=%d", a.name(), part, a.heads)
	if d := a.drop; d != nil {
		s += fmt.Sprintf(" p=%T:%v seed=%d layer=%d mode=%v", d.rate, d.rate, d.seed, d.layer, d.mode)
	}
	return s + "}"
}

func (a *attention) layerID() uint32 {
	if a.drop == nil {
		return 0
	}
	return a.drop.layer
}

func (a *attention) setTraining(training bool) {
	if a.drop != nil {
		a.drop.training.Store(training)
	}
}

func (a *attention) step() []slot {
	if a.drop == nil {
		return nil
	}
	return []slot{{name: "step", of: stepNumber}}
}

// weightsShape is the shape of the weights for qkv.
func (a *attention) weightsShape(qkv tensor.Shape) tensor.Shape {
	return tensor.Shape{qkv[0], a.heads, qkv[1], qkv[1]}
}

// check returns an error where the heads do not fit qkv.
func (a *attention) check(qkv tensor.Shape) error {
	if err := positive("qkv", qkv); err != nil {
		return err
	}
	if qkv[2]%(3*a.heads) != 0 {
		return errors.Errorf("qkv must have shape (N, T, 3E) with E a multiple of %d heads, got %v", a.heads, qkv)
	}
	return nil
}

// A head is the queries, keys and values of one head in one example, as matrices
// of T rows and width columns within a tensor of shape (N, T, 3E).
type head[F float] struct {
	q, k, v      matrix[F]
	times, width int
	// place is where its results are in a tensor of shape (N, T, E), and stride
	// that tensor's E.
	place, stride int
}

func headOf[F float](qkv []F, shape tensor.Shape, heads, i int) head[F] {
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
// The result is an op of its own, which is not differentiated, so that forward and
// backward share it by data.
type attentionWeights struct{ *attention }

func (f attentionWeights) String() string { return f.describe(" weights") }
func (f attentionWeights) rank() int      { return 4 }
func (f attentionWeights) inputs() []slot { return []slot{{"qkv", 3, constants}} }

// layerID is 0: nothing is drawn here.
func (f attentionWeights) layerID() uint32 { return 0 }

func (f attentionWeights) shape(in []tensor.Shape) (tensor.Shape, error) {
	return f.weightsShape(in[0]), f.check(in[0])
}

func (f attentionWeights) float32s(y []float32, in arguments[float32]) error { return attend(f, y, in) }
func (f attentionWeights) float64s(y []float64, in arguments[float64]) error { return attend(f, y, in) }

func attend[F float](f attentionWeights, weights []F, in arguments[F]) error {
	times := in.shapes[0][1]
	area := times * times
	parallel(len(weights)/area, 8*area, func(i int) {
		h := headOf(in.floats[0], in.shapes[0], f.heads, i)
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
func distribution[F float](x []F, scale F) {
	largest := x[0]
	for _, v := range x[1:] {
		largest = max(largest, v)
	}
	for i, v := range x {
		x[i] = (v - largest) * scale
	}
	exps(x)
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	share := F(1 / sum)
	for i := range x {
		x[i] *= share
	}
}

// derive returns no gradient: that of the output accounts for all.
func (f attentionWeights) derive(_ *calculus, x []operand, _, _ operand) []operand {
	return make([]operand, len(x))
}

// attentionOutput :: (N, T, 3E) a → (N, heads, T, T) a → [Int64] → (N, T, E) a
type attentionOutput struct{ *attention }

func (f attentionOutput) String() string { return f.describe("") }
func (f attentionOutput) rank() int      { return 3 }

func (f attentionOutput) inputs() []slot {
	return append([]slot{{"qkv", 3, floats}, {"weights", 4, constants}}, f.step()...)
}

func (f attentionOutput) shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in[0]); err != nil {
		return nil, err
	}
	if want := f.weightsShape(in[0]); !in[1].Eq(want) {
		return nil, errors.Errorf("weights must have shape %v, got %v", want, in[1])
	}
	return tensor.Shape{in[0][0], in[0][1], in[0][2] / 3}, nil
}

func (f attentionOutput) float32s(y []float32, in arguments[float32]) error {
	return take(f, y, in, kernel.Float32)
}

func (f attentionOutput) float64s(y []float64, in arguments[float64]) error {
	return take(f, y, in, kernel.Float64)
}

func take[F float](f attentionOutput, y []F, in arguments[F],
	drop func(dst, src []F, offset uint64, s kernel.Stream, t uint32)) error {
	s, threshold, err := f.drop.mask(in.step)
	if err != nil {
		return err
	}
	times := in.shapes[0][1]
	area := times * times
	pool := scratchOf[F](&f.mem)
	parallel(len(in.floats[1])/area, 8*area, func(i int) {
		h := headOf(in.floats[0], in.shapes[0], f.heads, i)
		w := in.floats[1][i*area : (i+1)*area]
		if threshold > 0 {
			kept := pool.take(area)
			defer pool.give(kept)
			drop(kept, w, uint64(i*area), s, threshold)
			w = kept
		}
		gemm(times, h.width, times, matrix[F]{data: w, stride: times}, h.v, 0, y[h.place:], h.stride)
	})
	return nil
}

func (f attentionOutput) derive(c *calculus, x []operand, _, dy operand) []operand {
	grads := make([]operand, len(x))
	grads[0] = c.of(attentionDiff(f), append([]operand{x[0], x[1], dy}, x[2:]...)...)
	return grads
}

// attentionDiff is the gradient of qkv from it, the weights, the gradient of y and
// the step.
type attentionDiff struct{ *attention }

func (f attentionDiff) String() string { return f.describe("'") }
func (f attentionDiff) rank() int      { return 3 }

func (f attentionDiff) inputs() []slot {
	return append([]slot{{"qkv", 3, floats}, {"weights", 4, floats}, {"gradient of y", 3, floats}}, f.step()...)
}

func (f attentionDiff) shape(in []tensor.Shape) (tensor.Shape, error) {
	want, err := attentionOutput(f).shape(in[:2])
	return in[0].Clone(), sameShape(in[2], want, err)
}

func (f attentionDiff) float32s(d []float32, in arguments[float32]) error {
	return attentionBack(f, d, in, kernel.Float32)
}

func (f attentionDiff) float64s(d []float64, in arguments[float64]) error {
	return attentionBack(f, d, in, kernel.Float64)
}

func attentionBack[F float](f attentionDiff, d []F, in arguments[F],
	drop func(dst, src []F, offset uint64, s kernel.Stream, t uint32)) error {
	s, threshold, err := f.drop.mask(in.step)
	if err != nil {
		return err
	}
	times := in.shapes[0][1]
	area := times * times
	pool := scratchOf[F](&f.mem)
	parallel(len(in.floats[1])/area, 16*area, func(i int) {
		h := headOf(in.floats[0], in.shapes[0], f.heads, i)
		dh := headOf(d, in.shapes[0], f.heads, i)
		w := in.floats[1][i*area : (i+1)*area]
		dy := matrix[F]{data: in.floats[2][h.place:], stride: h.stride}
		memory := pool.take(area)
		defer pool.give(memory)
		kept, dw := w, memory
		if threshold > 0 {
			drop(memory, w, uint64(i*area), s, threshold)
			kept = memory
		}
		gemm(times, h.width, times, matrix[F]{kept, times, true}, dy, 0, dh.v.data, dh.v.stride)
		gemm(times, times, h.width, dy, h.v.transpose(), 0, dw, times)
		if threshold > 0 {
			drop(dw, dw, uint64(i*area), s, threshold)
		}
		// Through the softmax: where a weight is 0 so is the gradient of its score.
		for t := range times {
			w, dw := w[t*times:(t+1)*times], dw[t*times:(t+1)*times]
			var mean float64
			for j, g := range dw {
				mean += float64(g) * float64(w[j])
			}
			for j, g := range dw {
				dw[j] = w[j] * (g - F(mean)) * h.scale()
			}
		}
		scores := matrix[F]{data: dw, stride: times}
		gemm(times, h.width, times, scores, h.k, 0, dh.q.data, dh.q.stride)
		gemm(times, h.width, times, scores.transpose(), h.q, 0, dh.k.data, dh.k.stride)
	})
	return nil
}

func (f attentionDiff) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
