package ops

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// batchNormParams is the gradients of gamma and of beta, as the two rows of a
// matrix, from x, the statistics and the gradient of y.
type batchNormParams struct{ dims int }

func (f batchNormParams) name() string   { return "BatchNorm" }
func (f batchNormParams) String() string { return "BatchNorm'params" }
func (f batchNormParams) rank() int      { return 2 }

func (f batchNormParams) inputs() []slot {
	return []slot{{"x", f.dims, floats}, {"statistics", 2, constants}, {"gradient of y", f.dims, floats}}
}

func (f batchNormParams) shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{2, in[0][1]}, sameShape(in[2], in[0], checkChannels(in[0], in[0][1:2], in[1]))
}

func (f batchNormParams) float32s(d []float32, in arguments[float32]) error {
	return batchNormGrads(d, in)
}

func (f batchNormParams) float64s(d []float64, in arguments[float64]) error {
	return batchNormGrads(d, in)
}

func batchNormGrads[F float](d []F, in arguments[F]) error {
	p := planes(in.shapes[0])
	means, scales := in.floats[1][:p.channels], in.floats[1][p.channels:]
	ranges(p.channels, p.batch*p.plane, func(first, last int) {
		sums := make([]float64, 2*(last-first))
		gamma, beta := sums[:last-first], sums[last-first:]
		p.images(first, last, func(from, to int) {
			addGrads(gamma, beta, in.floats[0][from:to], means[first:last], in.floats[2][from:to], p.plane)
		})
		for c := first; c < last; c++ {
			d[c] = F(gamma[c-first] * float64(scales[c]))
			d[p.channels+c] = F(beta[c-first])
		}
	})
	return nil
}

// addGrads adds dy to the gradients of beta, and its products with the distances
// of x from the means to those of gamma.
func addGrads[F float](gamma, beta []float64, x, means, dy []F, plane int) {
	if plane == 1 {
		beta, x, means := beta[:len(gamma)], x[:len(gamma)], means[:len(gamma)]
		for c, g := range dy[:len(gamma)] {
			gamma[c] += float64(g) * (float64(x[c]) - float64(means[c]))
			beta[c] += float64(g)
		}
		return
	}
	for c, mean := range means {
		x, product, total := x[c*plane:(c+1)*plane], gamma[c], beta[c]
		for i, g := range dy[c*plane : (c+1)*plane] {
			product += float64(g) * (float64(x[i]) - float64(mean))
			total += float64(g)
		}
		gamma[c], beta[c] = product, total
	}
}

func (f batchNormParams) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }

// batchNormInput is the gradient of x from x, gamma, the statistics, the gradients
// of gamma and beta, and the gradient of y.
type batchNormInput struct{ dims int }

func (f batchNormInput) name() string   { return "BatchNorm" }
func (f batchNormInput) String() string { return "BatchNorm'x" }
func (f batchNormInput) rank() int      { return f.dims }

func (f batchNormInput) inputs() []slot {
	return []slot{
		{"x", f.dims, floats}, {"gamma", 1, floats}, {"statistics", 2, constants},
		{"gradients of gamma and beta", 2, floats}, {"gradient of y", f.dims, floats},
	}
}

func (f batchNormInput) shape(in []tensor.Shape) (tensor.Shape, error) {
	err := sameShape(in[4], in[0], checkChannels(in[0], in[1], in[2]))
	if want := (tensor.Shape{2, in[0][1]}); err == nil && !in[3].Eq(want) {
		err = errors.Errorf("gradients of gamma and beta must have shape %v, got %v", want, in[3])
	}
	return in[0].Clone(), err
}

func (f batchNormInput) float32s(dx []float32, in arguments[float32]) error {
	return batchNormBack(dx, in)
}

func (f batchNormInput) float64s(dx []float64, in arguments[float64]) error {
	return batchNormBack(dx, in)
}

func batchNormBack[F float](dx []F, in arguments[F]) error {
	p := planes(in.shapes[0])
	gamma, dGamma, dBeta := in.floats[1], in.floats[3][:p.channels], in.floats[3][p.channels:]
	means, scales, batch := in.floats[2][:p.channels], in.floats[2][p.channels:2*p.channels], in.floats[2][2*p.channels:]
	count := F(p.batch * p.plane)
	// Where the statistics are of the batch, x moves them: with z = (x-mean)*scale,
	// the mean of dy and z times the mean of dy*z are taken from dy.
	coefficients := make([]F, 3*p.channels)
	factors, shifts, tilts := coefficients[:p.channels], coefficients[p.channels:2*p.channels], coefficients[2*p.channels:]
	for c, scale := range scales {
		share := batch[c] / count
		factors[c], shifts[c], tilts[c] = gamma[c]*scale, share*dBeta[c], share*dGamma[c]*scale
	}
	if p.plane == 1 {
		p.rows(func(from, to int) {
			x, dx := in.floats[0][from:to], dx[from:to]
			for c, g := range in.floats[4][from:to] {
				dx[c] = factors[c] * (g - shifts[c] - (x[c]-means[c])*tilts[c])
			}
		})
		return nil
	}
	p.each(func(from, to, c int) {
		mean, factor, shift, tilt := means[c], factors[c], shifts[c], tilts[c]
		x, dx := in.floats[0][from:to], dx[from:to]
		for i, g := range in.floats[4][from:to] {
			dx[i] = factor * (g - shift - (x[i]-mean)*tilt)
		}
	})
	return nil
}

func (f batchNormInput) derive(c *calculus, _ []operand, _, _ operand) []operand { return c.stop(f) }
