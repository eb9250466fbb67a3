package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// LayerNorm normalizes each part of x over its last axes to mean 0 and variance 1
// and then scales and shifts it element by element:
//
//	y = (x - mean)/sqrt(variance + eps) * gamma + beta
//
// gamma and beta have one shape, which is the end of the shape of x: (D) for x of
// shape (..., D), or more axes to normalize over several. The variance is the mean
// of the squared deviations. All are of float32 or of float64; statistics are
// computed in float64. eps must be positive; 1e-5 is usual. Training and
// inference are alike.
//
// Source: Ba, Kiros and Hinton, "Layer Normalization", 2016, equation 4.
func LayerNorm(x, gamma, beta *gorgonia.Node, eps float64) (*gorgonia.Node, error) {
	f := layerNorm{eps: eps}
	if !(eps > 0) || math.IsInf(eps, 1) {
		return nil, errors.Errorf("ops: LayerNorm: eps must be positive, got %v", eps)
	}
	if x != nil && gamma != nil {
		f.dims, f.normalized = x.Dims(), gamma.Dims()
		if f.normalized < 1 || f.normalized > f.dims {
			return nil, errors.Errorf("ops: LayerNorm: gamma must have the shape of the last axes of x, %v, got %v", x.Shape(), gamma.Shape())
		}
	}
	return applyFunction(f, x, gamma, beta)
}

// layerNorm :: x → gamma → beta → y
type layerNorm struct {
	dims, normalized int // ranks of x and of gamma
	eps              float64
}

func (f layerNorm) name() string   { return "LayerNorm" }
func (f layerNorm) String() string { return fmt.Sprintf("LayerNorm{eps=%v}", f.eps) }
func (f layerNorm) rank() int      { return f.dims }

func (f layerNorm) inputs() []slot {
	return []slot{{"x", f.dims, floats}, {"gamma", f.normalized, floats}, {"beta", f.normalized, floats}}
}

func (f layerNorm) shape(in []tensor.Shape) (tensor.Shape, error) {
	if !in[2].Eq(in[1]) {
		return nil, errors.Errorf("beta must have the shape of gamma, %v, got %v", in[1], in[2])
	}
	return in[0].Clone(), f.check(in[0], in[1])
}

// check returns an error unless gamma fits the last axes of x.
func (f layerNorm) check(x, gamma tensor.Shape) error {
	if end := x[f.dims-f.normalized:]; !gamma.Eq(end) {
		return errors.Errorf("gamma must have the shape of the last axes of x, %v, got %v", end, gamma)
	}
	return positive("x", x)
}

func (f layerNorm) float32s(y []float32, in arguments[float32]) error { return normalizeRows(f, y, in) }
func (f layerNorm) float64s(y []float64, in arguments[float64]) error { return normalizeRows(f, y, in) }

// standardize returns the mean of x and the inverse of its standard deviation.
func standardize[F float](x []F, eps float64) (mean, scale float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	var squares float64
	for _, v := range x {
		d := float64(v) - mean
		squares += d * d
	}
	return mean, 1 / math.Sqrt(squares/float64(len(x))+eps)
}

func normalizeRows[F float](f layerNorm, y []F, in arguments[F]) error {
	gamma, beta := in.floats[1], in.floats[2]
	width := len(gamma)
	ranges(len(y)/width, width, func(first, last int) {
		for r := first; r < last; r++ {
			x, y := in.floats[0][r*width:(r+1)*width], y[r*width:(r+1)*width]
			mean, scale := standardize(x, f.eps)
			for i, v := range x {
				y[i] = F((float64(v)-mean)*scale*float64(gamma[i]) + float64(beta[i]))
			}
		}
	})
	return nil
}

func (f layerNorm) derive(c *calculus, x []operand, _, dy operand) []operand {
	params := c.of(layerNormParams{f}, x[0], x[1], dy)
	return []operand{
		c.of(layerNormInput{f}, x[0], x[1], dy),
		c.of(part{f.name(), 0, f.normalized}, params), c.of(part{f.name(), 1, f.normalized}, params),
	}
}

// layerNormInput is the gradient of x from x, gamma and the gradient of y.
type layerNormInput struct{ layerNorm }

func (f layerNormInput) String() string { return f.layerNorm.String() + "'x" }

func (f layerNormInput) inputs() []slot {
	return []slot{{"x", f.dims, floats}, {"gamma", f.normalized, floats}, {"gradient of y", f.dims, floats}}
}

func (f layerNormInput) shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), sameShape(in[2], in[0], f.check(in[0], in[1]))
}

func (f layerNormInput) float32s(dx []float32, in arguments[float32]) error {
	return layerNormBack(f, dx, in)
}

func (f layerNormInput) float64s(dx []float64, in arguments[float64]) error {
	return layerNormBack(f, dx, in)
}

func layerNormBack[F float](f layerNormInput, dx []F, in arguments[F]) error {
	gamma := in.floats[1]
	width := len(gamma)
	ranges(len(dx)/width, width, func(first, last int) {
		for r := first; r < last; r++ {
			from, to := r*width, (r+1)*width
			x, dx, dy := in.floats[0][from:to], dx[from:to], in.floats[2][from:to]
			mean, scale := standardize(x, f.eps)
			// With g = dy*gamma and z = (x-mean)*scale:
			// dx = scale*(g - mean(g) - z*mean(g*z)).
			var sum, product float64
			for i, v := range x {
				g := float64(dy[i]) * float64(gamma[i])
				sum += g
				product += g * (float64(v) - mean) * scale
			}
			sum /= float64(width)
			product /= float64(width)
			for i, v := range x {
				g := float64(dy[i]) * float64(gamma[i])
				dx[i] = F(scale * (g - sum - (float64(v)-mean)*scale*product))
			}
		}
	})
	return nil
}

func (f layerNormInput) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// layerNormParams is the gradients of gamma and of beta, one behind the other
// along a new first axis, from x, gamma and the gradient of y.
type layerNormParams struct{ layerNorm }

func (f layerNormParams) String() string { return f.layerNorm.String() + "'params" }
func (f layerNormParams) rank() int      { return f.normalized + 1 }

func (f layerNormParams) inputs() []slot {
	return []slot{{"x", f.dims, floats}, {"gamma", f.normalized, constants}, {"gradient of y", f.dims, floats}}
}

func (f layerNormParams) shape(in []tensor.Shape) (tensor.Shape, error) {
	return append(tensor.Shape{2}, in[1]...), sameShape(in[2], in[0], f.check(in[0], in[1]))
}

func (f layerNormParams) float32s(d []float32, in arguments[float32]) error {
	return layerNormGrads(f, d, in)
}

func (f layerNormParams) float64s(d []float64, in arguments[float64]) error {
	return layerNormGrads(f, d, in)
}

// sums is the most partial sums that a gradient over rows is computed in. It does
// not depend on the cores, so that results do not.
const sums = 16

func layerNormGrads[F float](f layerNormParams, d []F, in arguments[F]) error {
	width := len(in.floats[1])
	rows := len(in.floats[0]) / width
	parts := min(rows, sums)
	totals := make([]float64, parts*2*width)
	parallel(parts, len(in.floats[0])/parts, func(part int) {
		gamma := totals[part*2*width:][:width]
		beta := totals[part*2*width:][width : 2*width]
		for r := part * rows / parts; r < (part+1)*rows/parts; r++ {
			x, dy := in.floats[0][r*width:(r+1)*width], in.floats[2][r*width:(r+1)*width]
			mean, scale := standardize(x, f.eps)
			for i, g := range dy {
				gamma[i] += float64(g) * (float64(x[i]) - mean) * scale
				beta[i] += float64(g)
			}
		}
	})
	for i := range d {
		var total float64
		for part := range parts {
			total += totals[part*2*width+i]
		}
		d[i] = F(total)
	}
	return nil
}

func (f layerNormParams) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// part is one index of the first axis of a tensor whose other axes have the given
// number: for gradients that are computed together.
type part struct {
	of          string
	index, dims int
}

func (f part) name() string   { return f.of }
func (f part) String() string { return fmt.Sprintf("%s'part{%d}", f.of, f.index) }
func (f part) rank() int      { return f.dims }
func (f part) inputs() []slot { return []slot{{"gradients", f.dims + 1, floats}} }

func (f part) shape(in []tensor.Shape) (tensor.Shape, error) {
	if f.index >= in[0][0] {
		return nil, errors.Errorf("gradients must have more than %d parts, got shape %v", f.index, in[0])
	}
	return in[0][1:].Clone(), nil
}

func (f part) float32s(y []float32, in arguments[float32]) error {
	copy(y, in.floats[0][f.index*len(y):])
	return nil
}

func (f part) float64s(y []float64, in arguments[float64]) error {
	copy(y, in.floats[0][f.index*len(y):])
	return nil
}

func (f part) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
