package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// VariationalDropout draws the outputs of a layer whose weights are normally
// distributed, each with a mean and a variance of its own, instead of drawing
// the weights (the local reparameterization trick). Sums of normal numbers are
// normal, so each output is
//
//	mean + sqrt(variance)*z
//
// with z standard normal. For weights of mean w and variance v, matrices of
// shape (inputs, outputs), and inputs x of shape (batch, inputs), mean is x·w,
// plus a bias, and variance is x²·v, elementwise squares. At inference the
// output is mean. Variances are learned: with [VariationalRegularizer] in the
// loss this is dropout with a rate for each weight, and weights whose variance
// has become much larger than their square can be pruned. Models have
// models.VariationalDropout.
//
// mean and variance are float32 or float64 nodes of one graph, type and shape.
// Where variance is 0 the output is mean, and the gradient of variance 0: it has
// no derivative there, and none reaches the inputs and weights that made it 0.
// NaN stays NaN, and a negative variance gives NaN. Gradients flow into both.
// The op can be differentiated any number of times.
//
// z is that of [GaussianDropout], a pure function of seed, layer and step with
// the same bits on all machines.
//
// Source: Kingma, Salimans and Welling, "Variational Dropout and the Local
// Reparameterization Trick", NIPS 2015, equation 6; Molchanov, Ashukha and
// Vetrov, "Variational Dropout Sparsifies Deep Neural Networks", ICML 2017,
// sections 4.1 and 4.2.
func VariationalDropout(mean, variance *gorgonia.Node, opts ...StreamOption) (*gorgonia.Node, error) {
	const name = "ops: VariationalDropout"
	if err := checkFloats(mean); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if err := likeNode(mean, variance, "mean", "variance"); err != nil {
		return nil, errors.Wrap(err, name)
	}
	source, err := draw.Collect(opts).Source(mean)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	return apply(variational{Source: source}, mean, variance, source.Step())
}

// likeNode returns an error unless node b is of the graph, type and shape of a.
func likeNode(a, b *gorgonia.Node, nameA, nameB string) error {
	if b == nil || b.Graph() != a.Graph() {
		return errors.Errorf("%s must be a node of %s's graph, got %v", nameB, nameA, b)
	}
	if a.Dtype() != b.Dtype() || !a.Shape().Eq(b.Shape()) {
		return errors.Errorf("%s must be of %s's type and shape, %v %v, got %v %v", nameB, nameA, a.Dtype(), a.Shape(), b.Dtype(), b.Shape())
	}
	return nil
}

// variational :: Tensor f → Tensor f → Int64 → Tensor f
//
// The inputs are mean, variance and step.
type variational struct {
	op.Elementwise
	*draw.Source
}

func (f variational) Name() string   { return "VariationalDropout" }
func (f variational) String() string { return fmt.Sprintf("VariationalDropout{%v}", f.Source) }

func (f variational) Inputs() []op.Input {
	return []op.Input{{Name: "mean", Rank: op.AnyRank}, {Name: "variance", Rank: op.AnyRank}, draw.StepInput()}
}

func (f variational) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return sameShapes(in, "mean and variance")
}

func (f variational) Draws() draw.Drawing { return draw.Drawing{Source: f.Source} }
func (f variational) Loops() op.Loops     { return op.Bind(f, vary, vary) }
func (f variational) Role() op.Role       { return op.RoleDropout }

// Copy returns the function with another source.
func (f variational) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.Source, err = source(f.Source)
	return f, err
}

// sameShapes returns the shape of two tensors.
func sameShapes(in []tensor.Shape, names string) (tensor.Shape, error) {
	if !in[0].Eq(in[1]) {
		return nil, errors.Errorf("%s must be of one shape, got %v and %v", names, in[0], in[1])
	}
	return in[0].Clone(), nil
}

func vary[F op.Float](f variational, y []F, in op.Args[F]) error {
	mean := in.Floats[0]
	if !f.Active(in.Step) {
		copy(y, mean)
		return nil
	}
	for i, v := range in.Floats[1] {
		y[i] = F(math.Sqrt(float64(v)))
	}
	mask.Apply(f.noise(in.Shapes[0], in.Step), y, y)
	for i, m := range mean {
		y[i] += m
	}
	return nil
}

// noise multiplies by z.
func (f variational) noise(shape tensor.Shape, step int64) mask.Mask {
	return mask.Normal(mask.NewLayout(shape, nil), f.Stream(step))
}

// Derive returns the gradients of mean and variance.
func (f variational) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	d := deviation{f, 1}
	return []op.Operand{c.Of(same{}, dy), c.Of(d, dy, x[1], x[2]), nil}
}

// deviation :: Tensor f → Tensor f → Int64 → Tensor f
//
// It is a tensor times z times the derivative, of the given order, of
// sqrt(variance): 0 where variance is 0 or nothing is drawn.
type deviation struct {
	variational
	order int
}

func (f deviation) Name() string { return "derivative of VariationalDropout" }

func (f deviation) String() string {
	return fmt.Sprintf("derivative %d of VariationalDropout{%v}", f.order, f.Source)
}

func (f deviation) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: op.AnyRank}, {Name: "variance", Rank: op.AnyRank}, draw.StepInput()}
}

func (f deviation) Loops() op.Loops { return op.Bind(f, deviate, deviate) }

// Copy returns the function with another source.
func (f deviation) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.Source, err = source(f.Source)
	return f, err
}

func deviate[F op.Float](f deviation, y []F, in op.Args[F]) error {
	if !f.Active(in.Step) {
		clear(y)
		return nil
	}
	for i, v := range in.Floats[1] {
		y[i] = F(rootDerivative(float64(v), f.order))
	}
	mask.Apply(f.noise(in.Shapes[0], in.Step), y, y)
	for i, x := range in.Floats[0] {
		y[i] *= x
	}
	return nil
}

// rootDerivative returns the derivative of an order of the square root at v, and
// 0 at 0.
func rootDerivative(v float64, order int) float64 {
	if v == 0 {
		return 0
	}
	d := math.Sqrt(v)
	for k := range order {
		d *= (0.5 - float64(k)) / v
	}
	return d
}

// Derive returns the gradients of x and variance.
func (f deviation) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	next := f
	next.order++
	return []op.Operand{c.Of(f, dy, x[1], x[2]), c.Of(next, c.Of(hadamard{}, dy, x[0]), x[1], x[2]), nil}
}

// same :: Tensor f → Tensor f
//
// It copies a tensor, for gradients that pass unchanged: they must not share
// memory with that of the output.
type same struct{ op.Elementwise }

func (same) Name() string       { return "same" }
func (same) String() string     { return "same" }
func (same) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: op.AnyRank}} }
func (same) Loops() op.Loops    { return op.Bind(same{}, copyTo, copyTo) }

func copyTo[F op.Float](_ same, y []F, in op.Args[F]) error {
	copy(y, in.Floats[0])
	return nil
}

// Derive returns the gradient.
func (f same) Derive(c *op.Calculus, _ []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(f, dy)}
}

// hadamard :: Tensor f → Tensor f → Tensor f
//
// It is the elementwise product of two tensors of one shape.
type hadamard struct{ op.Elementwise }

func (hadamard) Name() string   { return "elementwise product" }
func (hadamard) String() string { return "elementwise product" }

func (hadamard) Inputs() []op.Input {
	return []op.Input{{Name: "a", Rank: op.AnyRank}, {Name: "b", Rank: op.AnyRank}}
}

func (hadamard) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return sameShapes(in, "factors")
}

func (hadamard) Loops() op.Loops { return op.Bind(hadamard{}, multiplyElements, multiplyElements) }

func multiplyElements[F op.Float](_ hadamard, y []F, in op.Args[F]) error {
	for i, a := range in.Floats[0] {
		y[i] = a * in.Floats[1][i]
	}
	return nil
}

// Derive returns each factor times the gradient.
func (f hadamard) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(f, dy, x[1]), c.Of(f, dy, x[0])}
}
