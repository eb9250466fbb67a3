package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// LayerNorm normalizes each part of x over its last axes to mean 0 and variance 1
// and then scales and shifts it element by element:
//
//	y = (x - mean)/sqrt(variance + eps) * gamma + beta
//
// gamma and beta have the same shape, that of the last axes of x: (D) for x of
// shape (..., D), or more axes to normalize over several. The variance is the
// mean of the squared deviations. All are float32, or all float64; statistics
// are computed in float64. eps must be positive; 1e-5 is usual. Training and
// inference are the same.
//
// Source: Ba, Kiros and Hinton, "Layer Normalization", 2016, equation 4.
func LayerNorm(x, gamma, beta *gorgonia.Node, eps float64) (*gorgonia.Node, error) {
	f := layerNorm{eps: eps}
	if !(eps > 0) || math.IsInf(eps, 1) {
		return nil, errors.Errorf("nn: LayerNorm: eps must be positive, got %v", eps)
	}
	if x != nil && gamma != nil {
		f.dims, f.normalized = x.Dims(), gamma.Dims()
		if f.normalized < 1 || f.normalized > f.dims {
			return nil, errors.Errorf("nn: LayerNorm: gamma must have the shape of the last axes of x, %v, got %v", x.Shape(), gamma.Shape())
		}
	}
	return apply(f, x, gamma, beta)
}

// layerNorm :: x → gamma → beta → y
type layerNorm struct {
	dims, normalized int // ranks of x and of gamma
	eps              float64
}

func (f layerNorm) Name() string   { return "LayerNorm" }
func (f layerNorm) String() string { return fmt.Sprintf("LayerNorm{eps=%v}", f.eps) }
func (f layerNorm) Rank() int      { return f.dims }

func (f layerNorm) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "gamma", Rank: f.normalized}, {Name: "beta", Rank: f.normalized}}
}

func (f layerNorm) Shape(in []tensor.Shape) (tensor.Shape, error) {
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
	return op.NotEmpty("x", x)
}

func (layerNorm) Role() op.Role { return op.RoleUnary }

func (f layerNorm) Loops() op.Loops { return op.Bind(f, normalizeRows, normalizeRows) }

// standardize returns the mean of x and the inverse of its standard deviation.
func standardize[F op.Float](x []F, eps float64) (mean, scale float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	var squares float64
	for _, v := range x {
		d := float64(v) - mean
		squares += float64(d * d)
	}
	return mean, 1 / math.Sqrt(squares/float64(len(x))+eps)
}

func normalizeRows[F op.Float](f layerNorm, y []F, in op.Args[F]) error {
	gamma, beta := in.Floats[1], in.Floats[2]
	width := len(gamma)
	parallel.Ranges(len(y)/width, width, func(first, last int) {
		for r := first; r < last; r++ {
			x, y := in.Floats[0][r*width:(r+1)*width], y[r*width:(r+1)*width]
			mean, scale := standardize(x, f.eps)
			for i, v := range x {
				y[i] = F(float64((float64(v)-mean)*scale*float64(gamma[i])) + float64(beta[i]))
			}
		}
	})
	return nil
}

func (f layerNorm) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	params := c.Of(layerNormParams{f}, x[0], x[1], dy)
	return []op.Operand{
		c.Of(layerNormInput{f}, x[0], x[1], dy),
		c.Of(part{of: f.Name(), index: 0, dims: f.normalized}, params), c.Of(part{of: f.Name(), index: 1, dims: f.normalized}, params),
	}
}

// layerNormInput computes the gradient of x from x, gamma and the gradient of
// y.
type layerNormInput struct {
	layerNorm
}

func (f layerNormInput) String() string { return f.layerNorm.String() + "'x" }

func (f layerNormInput) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "gamma", Rank: f.normalized}, {Name: "gradient of y", Rank: f.dims}}
}

func (f layerNormInput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), op.SameShape(in[2], in[0], f.check(in[0], in[1]))
}

func (f layerNormInput) Loops() op.Loops { return op.Bind(f, layerNormBack, layerNormBack) }

func layerNormBack[F op.Float](f layerNormInput, dx []F, in op.Args[F]) error {
	gamma := in.Floats[1]
	width := len(gamma)
	parallel.Ranges(len(dx)/width, width, func(first, last int) {
		for r := first; r < last; r++ {
			from, to := r*width, (r+1)*width
			x, dx, dy := in.Floats[0][from:to], dx[from:to], in.Floats[2][from:to]
			mean, scale := standardize(x, f.eps)
			// With g = dy*gamma and z = (x-mean)*scale:
			// dx = scale*(g - mean(g) - z*mean(g*z)).
			var sum, product float64
			for i, v := range x {
				g := float64(float64(dy[i]) * float64(gamma[i]))
				sum += g
				product += float64(g * (float64(v) - mean) * scale)
			}
			sum /= float64(width)
			product /= float64(width)
			for i, v := range x {
				g := float64(float64(dy[i]) * float64(gamma[i]))
				dx[i] = F(scale * (g - sum - float64((float64(v)-mean)*scale*product)))
			}
		}
	})
	return nil
}

// layerNormParams computes the gradients of gamma and of beta, stacked along a
// new first axis, from x, gamma and the gradient of y.
type layerNormParams struct {
	layerNorm
}

func (f layerNormParams) String() string { return f.layerNorm.String() + "'params" }
func (f layerNormParams) Rank() int      { return f.normalized + 1 }

func (f layerNormParams) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "gamma", Rank: f.normalized, Of: op.Constants}, {Name: "gradient of y", Rank: f.dims}}
}

func (f layerNormParams) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return append(tensor.Shape{2}, in[1]...), op.SameShape(in[2], in[0], f.check(in[0], in[1]))
}

func (f layerNormParams) Loops() op.Loops { return op.Bind(f, layerNormGrads, layerNormGrads) }

// sums is the largest number of partial sums for a gradient over rows. It does
// not depend on the number of cores, so that results do not either.
const sums = 16

func layerNormGrads[F op.Float](f layerNormParams, d []F, in op.Args[F]) error {
	width := len(in.Floats[1])
	rows := len(in.Floats[0]) / width
	parts := min(rows, sums)
	totals := make([]float64, parts*2*width)
	parallel.Each(parts, len(in.Floats[0])/parts, func(part int) {
		gamma := totals[part*2*width:][:width]
		beta := totals[part*2*width:][width : 2*width]
		for r := part * rows / parts; r < (part+1)*rows/parts; r++ {
			x, dy := in.Floats[0][r*width:(r+1)*width], in.Floats[2][r*width:(r+1)*width]
			mean, scale := standardize(x, f.eps)
			for i, g := range dy {
				gamma[i] += float64(float64(g) * (float64(x[i]) - mean) * scale)
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

// part selects one index of the first axis of a tensor with the given number of
// other axes, for gradients that are computed together.
type part struct {
	op.NotDifferentiable
	of          string
	index, dims int
}

func (f part) Name() string       { return f.of }
func (f part) String() string     { return fmt.Sprintf("%s'part{%d}", f.of, f.index) }
func (f part) Rank() int          { return f.dims }
func (f part) Inputs() []op.Input { return []op.Input{{Name: "gradients", Rank: f.dims + 1}} }

func (f part) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if f.index >= in[0][0] {
		return nil, errors.Errorf("gradients must have more than %d parts, got shape %v", f.index, in[0])
	}
	return in[0][1:].Clone(), nil
}

func (f part) Loops() op.Loops { return op.Bind(f, copyPart, copyPart) }

func copyPart[F op.Float](f part, y []F, in op.Args[F]) error {
	copy(y, in.Floats[0][f.index*len(y):])
	return nil
}

func (f layerNormParams) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (f layerNormInput) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}
