package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// LeakyReLU returns x where x > 0 and slope*x elsewhere, for each element of x,
// of float32 or float64 and any shape (Maas, Hannun and Ng, "Rectifier
// Nonlinearities Improve Neural Network Acoustic Models", ICML 2013). slope is
// usually 0.01. It must be finite.
func LeakyReLU(x *gorgonia.Node, slope float64) (*gorgonia.Node, error) {
	if math.IsNaN(slope) || math.IsInf(slope, 0) {
		return nil, errors.Errorf("ops: LeakyReLU: slope must be finite, got %v", slope)
	}
	return applyCurve(leakyReLU{slope}, x)
}

// GELU returns x*Phi(x) for each element of x, of float32 or float64 and any
// shape, where Phi is the distribution function of the standard normal
// distribution (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016).
func GELU(x *gorgonia.Node) (*gorgonia.Node, error) { return applyCurve(gelu{}, x) }

// GELUTanh returns the approximation of GELU
//
//	x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3)))
//
// from the same paper, which models such as GPT-2 were trained with.
func GELUTanh(x *gorgonia.Node) (*gorgonia.Node, error) { return applyCurve(geluTanh{}, x) }

// SELU returns scale*x where x > 0 and scale*alpha*(exp(x)-1) elsewhere, for each
// element of x, of float32 or float64 and any shape, with the constants for which
// activations of mean 0 and variance 1 are a fixed point. Use it with weights of
// variance 1/inputs and AlphaDropout.
//
// Source: Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017,
// equation 2.
func SELU(x *gorgonia.Node) (*gorgonia.Node, error) { return applyCurve(selu{}, x) }

// The constants of SELU; see Klambauer et al., equation 14.
const (
	seluAlpha = 1.6732632423543772848170429916717
	seluScale = 1.0507009873554804934193349852946
)

// A curve is a function of one number. It is computed in float64.
type curve interface {
	String() string
	at(x float64) float64
	// slope is the derivative at x, where y is at(x).
	slope(x, y float64) float64
}

type leakyReLU struct{ s float64 }

func (c leakyReLU) String() string { return fmt.Sprintf("LeakyReLU{slope=%v}", c.s) }

func (c leakyReLU) at(x float64) float64 { return x * c.slope(x, 0) }

func (c leakyReLU) slope(x, _ float64) float64 {
	if x <= 0 {
		return c.s
	}
	return 1
}

type gelu struct{}

func (gelu) String() string { return "GELU" }

func (gelu) at(x float64) float64 {
	if x < -40 {
		return 0 // and not -Inf*0
	}
	return x / 2 * math.Erfc(-x/math.Sqrt2)
}

func (gelu) slope(x, _ float64) float64 {
	if x < -40 {
		return 0
	}
	if math.IsInf(x, 1) {
		return 1
	}
	return math.Erfc(-x/math.Sqrt2)/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
}

type geluTanh struct{}

func (geluTanh) String() string { return "GELUTanh" }

const (
	geluRate = 0.79788456080286535587989211986876 // sqrt(2/pi)
	geluCube = 0.044715
)

func (geluTanh) at(x float64) float64 {
	if x < -40 {
		return 0
	}
	return x / 2 * (1 + math.Tanh(geluRate*(x+geluCube*x*x*x)))
}

func (geluTanh) slope(x, _ float64) float64 {
	switch {
	case x < -40:
		return 0
	case x > 40:
		return 1
	}
	t := math.Tanh(geluRate * (x + geluCube*x*x*x))
	return (1+t)/2 + x/2*(1-t*t)*geluRate*(1+3*geluCube*x*x)
}

type selu struct{}

func (selu) String() string { return "SELU" }

func (selu) at(x float64) float64 {
	if x > 0 {
		return seluScale * x
	}
	return seluScale * seluAlpha * math.Expm1(x)
}

func (selu) slope(x, y float64) float64 {
	if x > 0 {
		return seluScale
	}
	return y + seluScale*seluAlpha
}

// applyCurve returns the node of c of the elements of x.
func applyCurve[C curve](c C, x *gorgonia.Node) (*gorgonia.Node, error) {
	f := elementwise[C]{c, 0}
	if x != nil && x.Graph() != nil {
		f.dims = x.Dims()
	}
	return applyFunction(f, x)
}

// elementwise is a curve of every element.
type elementwise[C curve] struct {
	curve C
	dims  int
}

func (f elementwise[C]) name() string   { return title(f.curve) }
func (f elementwise[C]) String() string { return f.curve.String() }
func (f elementwise[C]) rank() int      { return f.dims }
func (f elementwise[C]) inputs() []slot { return []slot{{"x", f.dims, floats}} }

// title is the name in a description such as "LeakyReLU{slope=0.01}".
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

func (f elementwise[C]) shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

func (f elementwise[C]) float32s(y []float32, in arguments[float32]) error {
	return trace(f.curve, y, in.floats[0])
}

func (f elementwise[C]) float64s(y []float64, in arguments[float64]) error {
	return trace(f.curve, y, in.floats[0])
}

func trace[C curve, F float](c C, y, x []F) error {
	ranges(len(y), 1, func(from, to int) {
		x := x[from:to]
		for i := range y[from:to] {
			y[from+i] = F(c.at(float64(x[i])))
		}
	})
	return nil
}

func (f elementwise[C]) derive(c *calculus, x []operand, y, dy operand) []operand {
	return []operand{c.of(elementwiseDiff[C](f), x[0], y, dy)}
}

// elementwiseDiff is the gradient of x from x, y and the gradient of y.
type elementwiseDiff[C curve] struct {
	curve C
	dims  int
}

func (f elementwiseDiff[C]) name() string   { return title(f.curve) }
func (f elementwiseDiff[C]) String() string { return f.curve.String() + "'" }
func (f elementwiseDiff[C]) rank() int      { return f.dims }

func (f elementwiseDiff[C]) inputs() []slot {
	return []slot{{"x", f.dims, floats}, {"y", f.dims, floats}, {"gradient of y", f.dims, floats}}
}

func (f elementwiseDiff[C]) shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), equalShapes(in)
}

// equalShapes returns an error unless x, y and the gradient of y have one shape.
func equalShapes(in []tensor.Shape) error {
	for _, s := range in[1:] {
		if !s.Eq(in[0]) {
			return errors.Errorf("y and its gradient must have shape %v, got %v", in[0], s)
		}
	}
	return nil
}

func (f elementwiseDiff[C]) float32s(dx []float32, in arguments[float32]) error {
	return tangent(f.curve, dx, in)
}

func (f elementwiseDiff[C]) float64s(dx []float64, in arguments[float64]) error {
	return tangent(f.curve, dx, in)
}

func tangent[C curve, F float](c C, dx []F, in arguments[F]) error {
	ranges(len(dx), 1, func(from, to int) {
		x, y, dy := in.floats[0][from:to], in.floats[1][from:to], in.floats[2][from:to]
		for i := range dx[from:to] {
			// A gradient of 0 stays 0 whatever the slope, and a slope of 0 stops
			// whatever comes.
			if s := c.slope(float64(x[i]), float64(y[i])); s == 0 || dy[i] == 0 {
				dx[from+i] = 0
			} else {
				dx[from+i] = F(s * float64(dy[i]))
			}
		}
	})
	return nil
}

func (f elementwiseDiff[C]) derive(c *calculus, _ []operand, _, _ operand) []operand {
	return c.stop(f)
}
