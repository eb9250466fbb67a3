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

// A distribution is what distinguishes one dropout from another: which mask it
// draws at a rate, and what that does to elements.
type distribution interface {
	// check returns an error if p is not a rate of the distribution.
	check(p float64) error
	// draw returns the mask of a stream for the rate p, which passed check.
	draw(l mask.Layout, s drop.Stream, p float64) mask.Mask
	// derivative returns the distribution of the op's derivative with respect
	// to x: the distribution itself if the op is linear.
	derivative() distribution
	// String names what distinguishes two ops of the distribution, if anything.
	String() string
}

// probability is embedded by distributions whose rate may be any probability.
type probability struct{}

func (probability) check(p float64) error { return draw.CheckRate(p) }

// A dropout is a distribution with its name and the tensors that it takes.
type dropout struct {
	name string
	distribution
	// shape describes the shape that x must have, and min and max bound its
	// rank; 0 means no bound.
	shape    string
	min, max int
	// shares reports whether the mask is shared over an axis; nil: never.
	shares func(axis int) bool
	// accepts returns an error for anything else that the dropout cannot do;
	// nil accepts everything.
	accepts func(shape tensor.Shape, shared []bool) error
	// noise reports whether nothing is dropped, so that the rate is not a
	// probability.
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

// apply returns the node of a function of this package applied to in.
func apply(f op.Function, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	return op.Apply("ops", f, in...)
}

// checkFloats returns an error unless x is a float node of a graph.
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
// The inputs are x, the step and, if a node holds it, the rate. With the other
// inputs fixed the op is affine in x with a diagonal matrix, so the gradient of
// x is the linear part of the same op applied to the gradient of the output.
type masked struct {
	dropout
	op.Elementwise
	mask draw.Mask
	rank int // of x, if the mask depends on it
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

// Loops apply the mask of a run to x.
func (f masked) Loops() op.Loops {
	return op.Loops{
		Float32: func(y []float32, in op.Args[float32]) error {
			m, err := f.at(in.Shapes[0], in.Step, in.Scalar)
			if err == nil {
				m.Float32(y, in.Floats[0])
			}
			return err
		},
		Float64: func(y []float64, in op.Args[float64]) error {
			m, err := f.at(in.Shapes[0], in.Step, in.Scalar)
			if err == nil {
				m.Float64(y, in.Floats[0])
			}
			return err
		},
	}
}
func (f masked) Role() op.Role { return op.RoleDropout }

// Draws describes the drawing.
func (f masked) Draws() draw.Drawing {
	d := f.mask.Drawing(0)
	d.Drops, d.Effect = !f.noise, f.effect
	return d
}

// Copy returns the function with another source.
func (f masked) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.mask, err = f.mask.Copy(source)
	return f, err
}

// at draws the mask of a step for x of a shape; the identity beside an error.
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

// Derive returns the gradient of x: the linear part of the op, applied to the
// gradient of the output at the same step and rate.
func (f masked) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	linear := f
	linear.distribution = f.derivative()
	grads := make([]op.Operand, len(x))
	grads[0] = c.Of(linear, append([]op.Operand{dy}, x[1:]...)...)
	return grads
}
