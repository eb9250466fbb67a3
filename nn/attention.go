package nn

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
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
// in parallel. [Attention] also takes padded sequences and other sequences'
// keys and values.
//
// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.
func SelfAttention(qkv *gorgonia.Node, heads int, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	return Attention{Heads: heads, P: p}.Self(qkv, opts...)
}

// CausalSelfAttention is [SelfAttention] in which each position attends only to
// itself and earlier positions, for models that predict the next token.
func CausalSelfAttention(qkv *gorgonia.Node, heads int, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	return Attention{Heads: heads, P: p, Causal: true}.Self(qkv, opts...)
}

// CrossAttention is [SelfAttention] with the keys and values of other sequences:
// queries have shape (N, T, E), and keysValues, keys and values concatenated
// along the last axis, (N, S, 2E). The mask of the dropout has shape (N, heads,
// T, S).
func CrossAttention(queries, keysValues *gorgonia.Node, heads int, p float64, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	return Attention{Heads: heads, P: p}.Cross(queries, keysValues, opts...)
}

// Attention says how positions attend to others. Heads is required.
type Attention struct {
	Heads  int
	P      float64 // drop probability of the weights
	Causal bool    // positions attend to themselves and earlier ones only; not for Cross
	// Mask, of the type of the other inputs, says which keys are there: 1, or 0
	// for padding. (PyTorch's key_padding_mask is true for padding.) Its shape
	// is (N, T), or (N, S) for Cross; nil means that all are there. Nothing
	// attends to padding. In self-attention, padding itself gets 0, where PyTorch
	// gives what its queries find, and its gradient is 0. Where no key is left the
	// result is 0, and PyTorch's NaN.
	//
	// Padding changes nothing for the others, to the bit: they are computed as if
	// it were not there, whatever it holds. The mask of the dropout is drawn for
	// the whole shape, though: a sequence that is padded to another length has
	// another mask.
	Mask *gorgonia.Node
}

// Self is [SelfAttention], or [CausalSelfAttention].
func (a Attention) Self(qkv *gorgonia.Node, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	name := "SelfAttention"
	if a.Causal {
		name = "CausalSelfAttention"
	}
	return newAttention(&attention{name: name, heads: a.Heads, causal: a.Causal, sources: 1}, gorgonia.Nodes{qkv}, a, opts)
}

// Cross is [CrossAttention].
func (a Attention) Cross(queries, keysValues *gorgonia.Node, opts ...ops.FusedOption) (*gorgonia.Node, error) {
	if a.Causal {
		return nil, errors.New("nn: CrossAttention: Causal must be false, since positions of other sequences are neither earlier nor later, got true")
	}
	return newAttention(&attention{name: "CrossAttention", heads: a.Heads, sources: 2}, gorgonia.Nodes{queries, keysValues}, a, opts)
}

// attention is what an attention and its derivative share.
type attention struct {
	name    string
	heads   int
	causal  bool
	sources int         // 1: queries, keys and values are one input; 2: queries apart
	masked  bool        // a mask follows the sources
	drop    *draw.Fused // of the weights; nil: none
	mem     parallel.Memory
}

func newAttention(a *attention, in gorgonia.Nodes, with Attention, opts []ops.FusedOption) (*gorgonia.Node, error) {
	if a.heads < 1 {
		return nil, errors.Errorf("nn: %s: heads must be positive, got %d", a.Name(), a.heads)
	}
	if in[0] == nil || in[0].Graph() == nil {
		return nil, errors.Errorf("nn: %s: %s must be a node of a graph, got none", a.Name(), a.inputs(op.Floats)[0].Name)
	}
	settings := draw.Collect(opts)
	rate, err := settings.Rate(with.P, draw.CheckRate)
	if err != nil {
		return nil, errors.Wrap(err, "nn: "+a.Name())
	}
	// A step that nothing reads would break gorgonia.Grad.
	if settings.Mode() != ops.Eval && rate != schedule.Constant(0) {
		if a.drop, err = settings.Fused(in[0], with.P); err != nil {
			return nil, errors.Wrap(err, "nn: "+a.Name())
		}
	}
	if with.Mask != nil {
		a.masked = true
		in = append(in, with.Mask)
	}
	weights, err := apply(attentionWeights{attention: a}, in...)
	if err != nil {
		return nil, err
	}
	return apply(attentionOutput{a}, slices.Concat(in, gorgonia.Nodes{weights}, a.drop.Nodes())...)
}

func (a *attention) Name() string { return a.name }

// describe distinguishes the attention from others.
func (a *attention) describe(part string) string {
	masked := ""
	if a.masked {
		masked = " masked"
	}
	return fmt.Sprintf("%s%s{heads=%d%s%v}", a.Name(), part, a.heads, masked, a.drop)
}

func (a *attention) SetTraining(training bool) { a.drop.SetTraining(training) }

// inputs returns the sources and the mask.
func (a *attention) inputs(of op.Content) []op.Input {
	in := []op.Input{{Name: "qkv", Rank: 3, Of: of}}
	if a.sources == 2 {
		in = []op.Input{{Name: "queries", Rank: 3, Of: of}, {Name: "keys and values", Rank: 3, Of: of}}
	}
	if a.masked {
		in = append(in, op.Input{Name: "mask", Rank: 2, Of: op.Constants})
	}
	return in
}

// given returns the number of inputs that inputs describes.
func (a *attention) given() int { return len(a.inputs(op.Floats)) }

// keys returns the number of keys of an example.
func (a *attention) keys(in []tensor.Shape) int { return in[a.sources-1][1] }

// weightsShape returns the shape of the weights for the sources.
func (a *attention) weightsShape(in []tensor.Shape) tensor.Shape {
	return tensor.Shape{in[0][0], a.heads, in[0][1], a.keys(in)}
}

// check returns an error if the sources and the mask do not fit.
func (a *attention) check(in []tensor.Shape) error {
	for i, s := range a.inputs(op.Floats) {
		if err := op.NotEmpty(s.Name, in[i]); err != nil {
			return err
		}
	}
	switch {
	case a.sources == 1 && in[0][2]%(3*a.heads) != 0:
		return errors.Errorf("qkv must have shape (N, T, 3E) with E a multiple of %d heads, got %v", a.heads, in[0])
	case a.sources == 2 && (in[0][2]%a.heads != 0 || in[1][0] != in[0][0] || in[1][2] != 2*in[0][2]):
		return errors.Errorf("queries and keys and values must have shapes (N, T, E) and (N, S, 2E) with E a multiple of %d heads, got %v and %v",
			a.heads, in[0], in[1])
	}
	if want := (tensor.Shape{in[0][0], a.keys(in)}); a.masked && !in[a.sources].Eq(want) {
		return errors.Errorf("mask must have shape %v, got %v", want, in[a.sources])
	}
	return nil
}

// attentionWeights :: sources → [(N, S) a] → (N, heads, T, S) a
//
// It is a separate op, which is not differentiated, so that the forward and
// backward passes share its result as data.
type attentionWeights struct {
	*attention
	op.NoGradient // that of the output accounts for all
}

func (f attentionWeights) String() string     { return f.describe(" weights") }
func (f attentionWeights) Rank() int          { return 4 }
func (f attentionWeights) Inputs() []op.Input { return f.inputs(op.Constants) }

func (f attentionWeights) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return f.weightsShape(in), f.check(in)
}

func (f attentionWeights) Loops() op.Loops { return op.Bind(f, attend, attend) }

func attend[F op.Float](f attentionWeights, weights []F, in op.Args[F]) error {
	present, err := presentKeys(f.attention, in)
	if err != nil {
		return err
	}
	area := in.Shapes[0][1] * f.keys(in.Shapes)
	pool := parallel.ScratchOf[F](&f.mem)
	parallel.Each(len(weights)/area, 8*area, func(i int) {
		h := headOf(f.attention, in, i)
		w := weights[i*area : (i+1)*area]
		if !f.masked {
			h.weigh(w, f.causal)
			return
		}
		clear(w)
		some := compactionOf(present, f.attention, h, i)
		if len(some.keys) == 0 {
			return
		}
		memory := pool.Take(some.size() + some.area())
		defer pool.Give(memory)
		c, rest := some.head(memory)
		c.weigh(rest, f.causal)
		some.spread(w, rest)
	})
	return nil
}

// attentionOutput :: sources → [(N, S) a] → (N, heads, T, S) a → [Int64] → (N, T, E) a
type attentionOutput struct{ *attention }

func (f attentionOutput) String() string { return f.describe("") }

// Draws describes the dropout of the weights.
func (f attentionOutput) Draws() draw.Drawing { return f.drop.Drawing(f.given()) }

func (attentionOutput) Role() op.Role { return op.RoleAttention }

func (f attentionOutput) Rank() int { return 3 }

func (f attentionOutput) Inputs() []op.Input {
	return slices.Concat(f.inputs(op.Floats), []op.Input{{Name: "weights", Rank: 4, Of: op.Constants}}, f.drop.Inputs())
}

func (f attentionOutput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := f.check(in); err != nil {
		return nil, err
	}
	if want := f.weightsShape(in); !in[f.given()].Eq(want) {
		return nil, errors.Errorf("weights must have shape %v, got %v", want, in[f.given()])
	}
	return tensor.Shape{in[0][0], in[0][1], in[f.sources-1][2] / (4 - f.sources)}, nil
}

func (f attentionOutput) Loops() op.Loops { return op.Bind(f, take, take) }

func take[F op.Float](f attentionOutput, y []F, in op.Args[F]) error {
	s, threshold, err := f.drop.At(in.Step)
	if err != nil {
		return err
	}
	present, err := presentKeys(f.attention, in)
	if err != nil {
		return err
	}
	all := in.Floats[f.given()]
	area := in.Shapes[0][1] * f.keys(in.Shapes)
	pool := parallel.ScratchOf[F](&f.mem)
	parallel.Each(len(all)/area, 8*area, func(i int) {
		h := headOf(f.attention, in, i)
		w := all[i*area : (i+1)*area]
		if threshold > 0 {
			kept := pool.Take(area)
			defer pool.Give(kept)
			drop.Apply(kept, w, uint64(i*area), s, threshold)
			w = kept
		}
		into := matrix[F]{data: y[h.place:], stride: h.stride}
		if !f.masked {
			h.read(w, into)
			return
		}
		some := compactionOf(present, f.attention, h, i)
		into.clear(h.queries, h.width)
		if len(some.keys) == 0 {
			return
		}
		memory := pool.Take(some.size() + some.area())
		defer pool.Give(memory)
		c, rest := some.head(memory)
		some.gather(rest, w)
		if some.queries == nil {
			c.read(rest, into)
			return
		}
		c.read(rest, c.q) // which is not needed here
		into.put(some.queries, c.q, c.width)
	})
	return nil
}

func (f attentionOutput) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads, given := make([]op.Operand, len(x)), f.given()
	for i := range f.sources {
		in := slices.Concat(x[:given+1], []op.Operand{dy}, x[given+1:])
		grads[i] = c.Of(attentionDiff{attention: f.attention, source: i}, in...)
	}
	return grads
}
