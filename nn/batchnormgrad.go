package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// batchNormParams computes the gradients of gamma and of beta, as the two rows
// of a matrix, from x, the statistics and the gradient of y.
type batchNormParams struct {
	dims int
	op.NotDifferentiable
}

func (f batchNormParams) Name() string   { return "BatchNorm" }
func (f batchNormParams) String() string { return "BatchNorm'params" }
func (f batchNormParams) Rank() int      { return 2 }

func (f batchNormParams) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "statistics", Rank: 2, Of: op.Constants}, {Name: "gradient of y", Rank: f.dims}}
}

func (f batchNormParams) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{2, in[0][1]}, op.SameShape(in[2], in[0], checkChannels(in[0], in[0][1:2], in[1]))
}

func (f batchNormParams) Loops() op.Loops { return op.LoopsOf(batchNormGrads, batchNormGrads) }

func batchNormGrads[F op.Float](d []F, in op.Args[F]) error {
	p := planes(in.Shapes[0])
	means, scales := in.Floats[1][:p.channels], in.Floats[1][p.channels:]
	parallel.Ranges(p.channels, p.batch*p.plane, func(first, last int) {
		sums := make([]float64, 2*(last-first))
		gamma, beta := sums[:last-first], sums[last-first:]
		p.images(first, last, func(from, to int) {
			addGrads(gamma, beta, in.Floats[0][from:to], means[first:last], in.Floats[2][from:to], p.plane)
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
func addGrads[F op.Float](gamma, beta []float64, x, means, dy []F, plane int) {
	if plane == 1 {
		beta, x, means := beta[:len(gamma)], x[:len(gamma)], means[:len(gamma)]
		for c, g := range dy[:len(gamma)] {
			gamma[c] += float64(float64(g) * (float64(x[c]) - float64(means[c])))
			beta[c] += float64(g)
		}
		return
	}
	for c, mean := range means {
		x, product, total := x[c*plane:(c+1)*plane], gamma[c], beta[c]
		for i, g := range dy[c*plane : (c+1)*plane] {
			product += float64(float64(g) * (float64(x[i]) - float64(mean)))
			total += float64(g)
		}
		gamma[c], beta[c] = product, total
	}
}

// batchNormInput computes the gradient of x from x, gamma, the statistics, the
// gradients of gamma and beta, and the gradient of y.
type batchNormInput struct {
	dims int
	op.NotDifferentiable
}

func (f batchNormInput) Name() string   { return "BatchNorm" }
func (f batchNormInput) String() string { return "BatchNorm'x" }
func (f batchNormInput) Rank() int      { return f.dims }

func (f batchNormInput) Inputs() []op.Input {
	return []op.Input{
		{Name: "x", Rank: f.dims}, {Name: "gamma", Rank: 1}, {Name: "statistics", Rank: 2, Of: op.Constants},
		{Name: "gradients of gamma and beta", Rank: 2}, {Name: "gradient of y", Rank: f.dims},
	}
}

func (f batchNormInput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	err := op.SameShape(in[4], in[0], checkChannels(in[0], in[1], in[2]))
	if want := (tensor.Shape{2, in[0][1]}); err == nil && !in[3].Eq(want) {
		err = errors.Errorf("gradients of gamma and beta must have shape %v, got %v", want, in[3])
	}
	return in[0].Clone(), err
}

func (f batchNormInput) Loops() op.Loops { return op.LoopsOf(batchNormBack, batchNormBack) }

func batchNormBack[F op.Float](dx []F, in op.Args[F]) error {
	p := planes(in.Shapes[0])
	gamma, dGamma, dBeta := in.Floats[1], in.Floats[3][:p.channels], in.Floats[3][p.channels:]
	means, scales, batch := in.Floats[2][:p.channels], in.Floats[2][p.channels:2*p.channels], in.Floats[2][2*p.channels:]
	count := F(p.batch * p.plane)
	// If the statistics are those of the batch, they depend on x: with z =
	// (x-mean)*scale, the mean of dy and z times the mean of dy*z are
	// subtracted from dy.
	coefficients := make([]F, 3*p.channels)
	factors, shifts, tilts := coefficients[:p.channels], coefficients[p.channels:2*p.channels], coefficients[2*p.channels:]
	for c, scale := range scales {
		share := batch[c] / count
		factors[c], shifts[c], tilts[c] = gamma[c]*scale, share*dBeta[c], share*dGamma[c]*scale
	}
	if p.plane == 1 {
		p.rows(func(from, to int) {
			x, dx := in.Floats[0][from:to], dx[from:to]
			for c, g := range in.Floats[4][from:to] {
				dx[c] = factors[c] * (g - shifts[c] - F((x[c]-means[c])*tilts[c]))
			}
		})
		return nil
	}
	p.each(func(from, to, c int) {
		mean, factor, shift, tilt := means[c], factors[c], shifts[c], tilts[c]
		x, dx := in.Floats[0][from:to], dx[from:to]
		for i, g := range in.Floats[4][from:to] {
			dx[i] = factor * (g - shift - F((x[i]-mean)*tilt))
		}
	})
	return nil
}
