package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// LeakyReLU returns x where x > 0 and slope*x elsewhere, for each element of x,
// a float32 or float64 node of any shape (Maas, Hannun and Ng, "Rectifier
// Nonlinearities Improve Neural Network Acoustic Models", ICML 2013). slope
// must be finite and is usually 0.01.
func LeakyReLU(x *gorgonia.Node, slope float64) (*gorgonia.Node, error) {
	if math.IsNaN(slope) || math.IsInf(slope, 0) {
		return nil, errors.Errorf("nn: LeakyReLU: slope must be finite, got %v", slope)
	}
	return applyCurve(leakyReLU{slope}, x)
}

// GELUTanh returns the approximation of [GELU]
//
//	x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3)))
//
// from the same paper, with which models such as GPT-2 were trained.
func GELUTanh(x *gorgonia.Node) (*gorgonia.Node, error) { return applyCurve(geluTanh{}, x) }

// A curve is a function of one number. It is computed in float64.
type curve interface {
	String() string
	// loops compute it of many numbers.
	loops() op.Loops
	// slope returns the derivative at x, where the function is y.
	slope(x, y float64) float64
}

// A pointCurve is a curve that is computed of one number after the other.
type pointCurve interface {
	curve
	at(x float64) float64
}

// traced returns the loops of such a curve.
func traced[C pointCurve](c C) op.Loops {
	return op.Bind(c, total(trace[C, float32]), total(trace[C, float64]))
}

type leakyReLU struct{ s float64 }

func (c leakyReLU) String() string { return fmt.Sprintf("LeakyReLU{slope=%v}", c.s) }

func (c leakyReLU) loops() op.Loops { return traced(c) }

func (c leakyReLU) at(x float64) float64 { return x * c.slope(x, 0) }

func (c leakyReLU) slope(x, _ float64) float64 {
	if x <= 0 {
		return c.s
	}
	return 1
}

type geluTanh struct{}

func (geluTanh) String() string { return "GELUTanh" }

const (
	geluRate = 0.79788456080286535587989211986876 // sqrt(2/pi)
	geluCube = 0.044715
)

func (c geluTanh) loops() op.Loops { return traced(c) }

func (geluTanh) at(x float64) float64 {
	if x < -40 {
		return 0
	}
	return x / 2 * (1 + tanhOfGELU(x))
}

func (geluTanh) slope(x, _ float64) float64 {
	switch {
	case x < -40:
		return 0
	case x > 40:
		return 1
	}
	t := tanhOfGELU(x)
	return float64((1+t)/2) + float64(x/2*(1-float64(t*t))*geluRate*(1+float64(3*geluCube*x*x)))
}

func tanhOfGELU(x float64) float64 {
	return portable.Tanh(geluRate * (x + float64(geluCube*x*x*x)))
}

// applyCurve returns the node of c applied to each element of x.
func applyCurve[C curve](c C, x *gorgonia.Node) (*gorgonia.Node, error) {
	f := elementwise[C]{c, 0}
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
	}
	return apply(f, x)
}

// elementwise applies a curve to every element.
type elementwise[C curve] struct {
	curve C
	dims  int
}

func (f elementwise[C]) Name() string       { return title(f.curve) }
func (f elementwise[C]) String() string     { return f.curve.String() }
func (f elementwise[C]) Rank() int          { return f.dims }
func (f elementwise[C]) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: f.dims}} }

// title returns the name from a description such as "LeakyReLU{slope=0.01}".
func title(c curve) string {
	var name string
	for _, r := range c.String() {
		if r == '{' {
			break
		}
		name += string(r)
	}
	return name
}

func (f elementwise[C]) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (elementwise[C]) Role() op.Role { return op.RoleUnary }

func (f elementwise[C]) Loops() op.Loops {
	return f.curve.loops()
}

// total gives a loop that cannot fail the signature that op.Bind needs.
func total[C curve, F op.Float](loop func(C, []F, op.Args[F])) func(C, []F, op.Args[F]) error {
	return func(c C, y []F, in op.Args[F]) error {
		loop(c, y, in)
		return nil
	}
}

func trace[C pointCurve, F op.Float](c C, y []F, in op.Args[F]) {
	parallel.Ranges(len(y), 1, func(from, to int) {
		x := in.Floats[0][from:to]
		for i := range y[from:to] {
			y[from+i] = F(c.at(float64(x[i])))
		}
	})
}

func (f elementwise[C]) Derive(c *op.Calculus, x []op.Operand, y, dy op.Operand) []op.Operand {
	return []op.Operand{c.Of(elementwiseDiff[C]{curve: f.curve, dims: f.dims}, x[0], y, dy)}
}

// elementwiseDiff computes the gradient of x from x, y and the gradient of y.
type elementwiseDiff[C curve] struct {
	op.NotDifferentiable
	curve C
	dims  int
}

func (f elementwiseDiff[C]) Name() string   { return title(f.curve) }
func (f elementwiseDiff[C]) String() string { return f.curve.String() + "'" }
func (f elementwiseDiff[C]) Rank() int      { return f.dims }

func (f elementwiseDiff[C]) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "y", Rank: f.dims}, {Name: "gradient of y", Rank: f.dims}}
}

func (f elementwiseDiff[C]) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), equalShapes(in)
}

// equalShapes returns an error unless x, y and the gradient of y have the same
// shape.
func equalShapes(in []tensor.Shape) error {
	for _, s := range in[1:] {
		if !s.Eq(in[0]) {
			return errors.Errorf("y and its gradient must have shape %v, got %v", in[0], s)
		}
	}
	return nil
}

func (f elementwiseDiff[C]) Loops() op.Loops {
	return op.Bind(f.curve, total(tangent[C, float32]), total(tangent[C, float64]))
}

func tangent[C curve, F op.Float](c C, dx []F, in op.Args[F]) {
	parallel.Ranges(len(dx), 1, func(from, to int) {
		x, y, dy := in.Floats[0][from:to], in.Floats[1][from:to], in.Floats[2][from:to]
		for i := range dx[from:to] {
			// A gradient of 0 stays 0 whatever the slope, and a slope of 0
			// stops any gradient.
			if s := c.slope(float64(x[i]), float64(y[i])); s == 0 || dy[i] == 0 {
				dx[from+i] = 0
			} else {
				dx[from+i] = F(s * float64(dy[i]))
			}
		}
	})
}
