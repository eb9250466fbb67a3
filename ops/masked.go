package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A distribution is what tells one dropout from another: which mask it draws for
// a rate and what that does to elements.
type distribution interface {
	// check returns an error where p is not a rate of the distribution.
	check(p float64) error
	// draw returns the mask of a stream for the rate p, which passed check.
	draw(l mask.Layout, s drop.Stream, p float64) mask.Mask
	// derivative is the distribution of the op's derivative with respect to x: the
	// distribution itself where the op is linear.
	derivative() distribution
	// String names what distinguishes two ops of the distribution, if anything.
	String() string
}

// probability is the check of distributions whose rate may be any probability.
type probability struct{}

func (probability) check(p float64) error { return draw.CheckRate(p) }

// A dropout is a distribution under the name by which it is known, with the
// tensors that it takes.
type dropout struct {
	name string
	distribution
	// shape describes the shape that x must have and min to max are the ranks that
	// have it; a zero maximum is none.
	shape    string
	min, max int
	// shares reports whether the mask is shared over an axis; nil: never.
	shares func(axis int) bool
	// accepts returns an error for what else the dropout cannot do; nil: nothing.
	accepts func(shape tensor.Shape, shared []bool) error
	// noise reports whether nothing is dropped, so that the rate is no probability.
	noise  bool
	effect draw.Effect
}

// apply returns the node of the dropout on x.
func (d dropout) apply(x *gorgonia.Node, p float64, opts []Option) (*gorgonia.Node, error) {
	if err := checkFloats(x); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", d.name)
	}
	f := masked{dropout: d, rank: op.AnyRank}
	if rank := x.Dims(); rank < d.min || d.max > 0 && rank > d.max {
		return nil, errors.Errorf("ops: %s: x must have shape %s, got %v", d.name, d.shape, x.Shape())
	}
	settings := draw.Collect(opts)
	if d.accepts != nil {
		shared, err := settings.SharedAxes(x.Shape(), d.shares)
		if err == nil {
			err = d.accepts(x.Shape(), shared)
		}
		if err != nil {
			return nil, errors.Wrapf(err, "ops: %s", d.name)
		}
	}
	var err error
	if f.mask, err = settings.Mask(x, p, d.check, d.shares); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", d.name)
	}
	if d.min > 0 || f.mask.Shared() != nil {
		f.rank = x.Dims()
	}
	return apply(f, append(gorgonia.Nodes{x}, f.mask.Nodes()...)...)
}

// apply returns the node of a function of this package.
func apply(f op.Function, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	return op.Apply("ops", f, in...)
}

// checkFloats returns an error unless x is a node of a graph, of floats.
func checkFloats(x *gorgonia.Node) error {
	if x == nil || x.Graph() == nil {
		return errors.New("x must be a node of a graph, got none")
	}
	if dt, err := op.DtypeOf(x); err != nil || !op.IsFloat(dt) {
		return errors.Errorf("x must be of float32 or float64, got %v", x.Type())
	}
	return nil
}

// masked :: Tensor a → Int64 → [f] → Tensor a
//
// The inputs are x, the step and, where a node holds it, the rate. At given inputs
// the op is affine in x with a diagonal matrix, so the gradient of x is the linear
// part of the same op, on the gradient of the output.
type masked struct {
	dropout
	op.Elementwise
	mask draw.Mask
	rank int // of x, where the mask depends on it
}

func (f masked) Name() string { return f.name }
func (f masked) Rank() int    { return f.rank }
func (f masked) String() string {
	return f.name + "{" + f.distribution.String() + f.mask.String() + "}"
}
func (f masked) Inputs() []op.Input {
	return append([]op.Input{{Name: "x", Rank: f.rank}}, f.mask.Inputs()...)
}
func (f masked) SetTraining(training bool) { f.mask.SetTraining(training) }
func (f masked) Loops() op.Loops           { return op.Bind(f, applyMask, applyMask) }
func (f masked) Role() op.Role             { return op.RoleDropout }

// Draws describes the drawing.
func (f masked) Draws() draw.Drawing {
	d := f.mask.Drawing(0)
	d.Drops, d.Effect = !f.noise, f.effect
	return d
}

// applyMask applies the mask of a run to x.
func applyMask[F op.Float](f masked, y []F, in op.Args[F]) error {
	m, err := f.at(in.Shapes[0], in.Step, in.Scalar)
	if err != nil {
		return err
	}
	mask.Apply(m, y, in.Floats[0])
	return nil
}

// at draws the mask of a step for x of a shape.
func (f masked) at(shape tensor.Shape, step int64, fed float64) (mask.Mask, error) {
	if !f.mask.Active(step) {
		return mask.Identity{}, nil
	}
	p, err := f.mask.RateAt(step, fed)
	if err != nil || p == 0 {
		return mask.Identity{}, err
	}
	return f.draw(f.mask.Layout(shape), f.mask.Stream(step), p), nil
}

// Derive returns the gradient of x: the linear part of the op, on the gradient of
// the output and the same step and rate.
func (f masked) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	linear := f
	linear.distribution = f.derivative()
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(linear, append([]op.Operand{dy}, x[1:]...)...)
	return grads
}
