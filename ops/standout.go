package ops

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
)

// Standout is dropout whose probability depends on the input: a second network,
// which shares the layer's weights, decides which units are kept. An element of
// x, the activation of a unit, is kept with probability
//
//	keep = sigmoid(alpha*z + beta)
//
// where z is the element of input, what the activation was computed from, and
// is 0 otherwise. Kept elements are not rescaled. At inference x is multiplied
// by keep, its mean in training. With a positive alpha units that the example
// excites are kept more often than others; with alpha = 0 all are kept with
// probability sigmoid(beta), as in [WeightScalingDropout].
//
//	z, err := nn.Dense(x, w, b, nn.ActivationNone)
//	h, err := nn.ReLU(z)
//	h, err = ops.Standout(h, z, 1, 0)
//
// x and input are float32 or float64 nodes of one graph, type and shape. alpha
// and beta are finite. For a network with weights of its own, give its output as
// input, with alpha = 1 and beta = 0. The gradient of x is that of the output where it was kept (times
// keep at inference); none flows into input, whose probabilities count as
// constants, as in the paper. The op can be differentiated any number of times.
//
// A dropped element is +0, even where x is NaN or infinite, and an infinite z
// keeps or drops always. Where alpha*z + beta is NaN the output is NaN. An
// element is kept if u < keep, where u = (w+1/2)/2^32 and w is the element's
// random word as in [GaussianDropout]; keep has the same bits on all machines.
//
// Source: Ba and Frey, "Adaptive dropout for training deep neural networks",
// NIPS 2013: the probabilities, the mean that replaces the mask at inference, and
// the dropout network tied to the layer by alpha and beta.
func Standout(x, input *gorgonia.Node, alpha, beta float64, opts ...StreamOption) (*gorgonia.Node, error) {
	const name = "ops: Standout"
	if err := checkFloats(x); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if err := likeNode(x, input, "x", "input"); err != nil {
		return nil, errors.Wrap(err, name)
	}
	for _, v := range []float64{alpha, beta} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.Errorf("%s: alpha and beta must be finite, got %v and %v", name, alpha, beta)
		}
	}
	source, err := draw.Collect(opts).Source(x)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	return apply(standout{Source: source, alpha: alpha, beta: beta}, x, input, source.Step())
}

// standout :: Tensor f → Tensor f → Int64 → Tensor f
//
// The inputs are x, what the probabilities depend on, and the step. The op is
// linear in x: its derivative is the same op of the gradient.
type standout struct {
	op.Elementwise
	*draw.Source
	alpha, beta float64
}

func (f standout) Name() string { return "Standout" }

func (f standout) String() string {
	return fmt.Sprintf("Standout{alpha=%v beta=%v %v}", f.alpha, f.beta, f.Source)
}

func (f standout) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: op.AnyRank}, {Name: "input", Rank: op.AnyRank, Of: op.Constants}, draw.StepInput()}
}

func (f standout) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return sameShapes(in, "x and input")
}

func (f standout) Draws() draw.Drawing { return draw.Drawing{Source: f.Source, Drops: true} }
func (f standout) Loops() op.Loops     { return op.Bind(f, standOut, standOut) }
func (f standout) Role() op.Role       { return op.RoleDropout }

// Copy returns the function with another source.
func (f standout) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.Source, err = source(f.Source)
	return f, err
}

func standOut[F op.Float](f standout, y []F, in op.Args[F]) error {
	// A multiple of drop.WordGroup, few enough for the stack.
	const piece = 512
	var (
		random        [piece]uint32
		probabilities [piece]float64
	)
	for at := 0; at < len(y); at += piece {
		n := min(piece, len(y)-at)
		y, x, keep := y[at:at+n], in.Floats[0][at:at+n], probabilities[:n]
		keeping(f, keep, in.Floats[1][at:at+n])
		if !f.Active(in.Step) {
			for i, p := range keep {
				if y[i] = F(p) * x[i]; p == 0 {
					y[i] = 0
				}
			}
			continue
		}
		words := random[:n]
		drop.Words(words, uint64(at/drop.WordGroup), f.Stream(in.Step))
		for i, word := range words {
			switch u := (float64(word) + 0.5) / (1 << 32); {
			case u < keep[i]:
				y[i] = x[i]
			case math.IsNaN(keep[i]):
				y[i] = F(keep[i])
			default:
				y[i] = 0
			}
		}
	}
	return nil
}

// keeping sets keep to the probabilities of keeping elements.
func keeping[F op.Float](f standout, keep []float64, z []F) {
	for i, z := range z {
		// No weight takes no part, even of an infinite z.
		if keep[i] = f.beta; f.alpha != 0 {
			keep[i] += float64(f.alpha * float64(z))
		}
	}
	elementary.Sigmoid64(keep)
}

// Derive returns the gradient of x.
func (f standout) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(f, dy, x[1], x[2]), nil, nil}
}
