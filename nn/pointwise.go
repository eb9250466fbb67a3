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

// A pointLoss is a loss of single elements of tensors of the same shape. It is
// computed in float64, with functions that give the same bits on every machine.
type pointLoss interface {
	Name() string
	settings() string   // distinguish it from others of its name
	inputs() []op.Input // without their ranks
	Role() op.Role
	// fits returns an error unless the loss takes inputs of the shape.
	fits(tensor.Shape) error
	// wrong says what a target must be and what it is, "" if it is valid.
	wrong(point) string
	value(point) float64
	// slope returns the derivative of the value with respect to an input.
	slope(p point, by int) float64
}

// A point holds the elements of the inputs at one place.
type point struct {
	x     [3]float64
	class int // index on the last axis
}

// plainLoss is embedded by losses without settings that take any shapes and
// targets.
type plainLoss struct{}

func (plainLoss) settings() string        { return "" }
func (plainLoss) Role() op.Role           { return op.RoleOther }
func (plainLoss) fits(tensor.Shape) error { return nil }
func (plainLoss) wrong(point) string      { return "" }

// applyLoss returns the node of a loss of the inputs.
func applyLoss(loss pointLoss, r reduction, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	f := pointwise{pointLoss: loss, reduction: r}
	if x := in[0]; x != nil && x.Graph() != nil {
		f.dims = x.Dims()
		if f.dims < 1 {
			return nil, errors.Errorf("nn: %s: %s must have rank 1 or more, got shape %v", f.Name(), loss.inputs()[0].Name, x.Shape())
		}
	}
	return apply(f, r.nodes(in...)...)
}

// pointwise is the reduction of a loss of elements.
type pointwise struct {
	pointLoss
	reduction
	dims int
}

func (f pointwise) String() string {
	return fmt.Sprintf("%s{%s%s}", f.Name(), f.pointLoss.settings(), f.reduction.settings())
}

func (f pointwise) Rank() int { return f.rank(f.dims) }

func (f pointwise) Inputs() []op.Input {
	in := f.inputs()
	for i := range in {
		in[i].Rank = f.dims
	}
	return f.with(in...)
}

func (f pointwise) Shape(in []tensor.Shape) (tensor.Shape, error) {
	names := f.inputs()
	for i, name := range names[1:] {
		if !in[i+1].Eq(in[0]) {
			return nil, errors.Errorf("%s must have the shape %v of %s, got %v", name.Name, in[0], names[0].Name, in[i+1])
		}
	}
	if err := op.NotEmpty(names[0].Name, in[0]); err != nil {
		return nil, err
	}
	if err := f.fits(in[0]); err != nil {
		return nil, err
	}
	return f.shape(in[0], in)
}

func (f pointwise) Loops() op.Loops { return op.Bind(f, lossOfPoints, lossOfPoints) }

func lossOfPoints[F op.Float](f pointwise, y []F, in op.Args[F]) error {
	w, at, err := readPoints(f, in)
	if err != nil {
		return err
	}
	reduceLosses(f.reduction, y, w, f.scale(w.total()), func(e int) float64 { return f.value(at(e)) })
	return nil
}

// readPoints returns the weights of the elements and a function that reads one,
// or an error if a target is wrong.
func readPoints[F op.Float](f pointwise, in op.Args[F]) (w weighing[F], at func(e int) point, err error) {
	inputs := in.Floats[:len(f.inputs())]
	if w, err = weigh(f.reduction, len(inputs[0]), len(inputs), in); err != nil {
		return w, nil, err
	}
	classes := in.Shapes[0][f.dims-1]
	at = func(e int) (p point) {
		for i, x := range inputs {
			p.x[i] = float64(x[e])
		}
		p.class = e % classes
		return p
	}
	for e := range inputs[0] {
		if w.at(e) == 0 {
			continue
		}
		if wrong := f.wrong(at(e)); wrong != "" {
			return w, nil, exampleError(e, len(inputs[0])/in.Shapes[0][0], "target", "%s", wrong)
		}
	}
	return w, at, nil
}

func (f pointwise) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	grads := make([]op.Operand, len(x))
	for i, in := range f.inputs() {
		if in.Of == op.Floats {
			grads[i] = c.Of(pointwiseDiff{f, i}, append(x[:len(x):len(x)], dy)...)
		}
	}
	return grads
}

// pointwiseDiff is the gradient with respect to one of the inputs, computed
// from the inputs, the weights and the gradient of the loss.
type pointwiseDiff struct {
	pointwise
	by int
}

func (f pointwiseDiff) String() string { return fmt.Sprintf("%v'%d", f.pointwise, f.by) }
func (f pointwiseDiff) Rank() int      { return f.dims }

func (f pointwiseDiff) Inputs() []op.Input {
	return append(f.pointwise.Inputs(), f.gradientOf("loss", f.dims))
}

func (f pointwiseDiff) Shape(in []tensor.Shape) (tensor.Shape, error) {
	last := len(in) - 1
	want, err := f.pointwise.Shape(in[:last])
	return in[0].Clone(), op.SameShape(in[last], want, err)
}

func (f pointwiseDiff) Loops() op.Loops { return op.Bind(f, diffOfPoints, diffOfPoints) }

func diffOfPoints[F op.Float](f pointwiseDiff, dx []F, in op.Args[F]) error {
	w, at, err := readPoints(f.pointwise, in)
	if err != nil {
		return err
	}
	dy := in.Floats[len(in.Floats)-1]
	slopes(f.reduction, dy, w, f.scale(w.total()), func(e int, factor float64) {
		if w.at(e) == 0 {
			dx[e] = 0
			return
		}
		dx[e] = F(f.slope(at(e), f.by) * factor)
	})
	return nil
}

func (f pointwiseDiff) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (pointwiseDiff) Role() op.Role { return op.RoleOther }

// softplus returns log(1+exp(x)) = -log(sigmoid(-x)), without overflow and
// without losing small values.
func softplus(x float64) float64 {
	return max(x, 0) + portable.Log1p(portable.Exp(-math.Abs(x)))
}

// sigmoid returns 1/(1+exp(-x)), to full precision where it is small.
func sigmoid(x float64) float64 {
	e := portable.Exp(-math.Abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}
