package nn

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// batchStats computes the statistics that normalize x, of shape (3, C): for
// each channel the mean, the inverse of the standard deviation, and 1 if they
// are of the batch and so depend on x, or 0 if they are running ones.
//
// Its inputs are x and, unless it is frozen, the step. It has no gradient of
// its own: that of batchNorm accounts for its dependence on x.
type batchStats struct {
	running       *RunningStats
	momentum, eps float64
	dims          int
	frozen        bool
	stepNode      *gorgonia.Node
	training      *atomic.Bool
}

func (f batchStats) Name() string { return "BatchNorm" }

// String identifies statistics by where they are stored.
func (f batchStats) String() string {
	return fmt.Sprintf("BatchNormStats{running=%p momentum=%v eps=%v frozen=%v}", f.running, f.momentum, f.eps, f.frozen)
}

func (f batchStats) Rank() int { return 2 }

func (f batchStats) Inputs() []op.Input {
	if f.frozen {
		return []op.Input{{Name: "x", Rank: f.dims, Of: op.Constants}}
	}
	return []op.Input{{Name: "x", Rank: f.dims, Of: op.Constants}, {Name: "step", Rank: 0, Of: op.Step}}
}

func (f batchStats) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := f.running.Mean.Shape()[0]; in[0][1] != want {
		return nil, errors.Errorf("x must have %d channels as the running statistics, got shape %v", want, in[0])
	}
	return tensor.Shape{3, in[0][1]}, op.NotEmpty("x", in[0])
}

func (f batchStats) SetTraining(training bool) { f.training.Store(training) }

func (f batchStats) Loops() op.Loops {
	return op.Loops{
		Float32: func(y []float32, in op.Args[float32]) error {
			return statistics(f, y, f.running.Mean.Float32s(), f.running.Variance.Float32s(), in)
		},
		Float64: func(y []float64, in op.Args[float64]) error {
			return statistics(f, y, f.running.Mean.Float64s(), f.running.Variance.Float64s(), in)
		},
	}
}

func statistics[F op.Float](f batchStats, y, mean, variance []F, in op.Args[F]) error {
	p := planes(in.Shapes[0])
	means, scales, batch := y[:p.channels], y[p.channels:2*p.channels], y[2*p.channels:]
	if f.frozen || in.Step < 0 || !f.training.Load() {
		f.running.mu.Lock()
		defer f.running.mu.Unlock()
		copy(means, mean)
		for c, v := range variance {
			scales[c] = F(1 / math.Sqrt(float64(v)+f.eps))
			batch[c] = 0
		}
		return nil
	}
	n := p.batch * p.plane
	if n < 2 {
		return errors.Errorf("x must have more than one value for each channel to train, got shape %v", in.Shapes[0])
	}
	variances := make([]float64, p.channels)
	parallel.Ranges(p.channels, n, func(first, last int) {
		means, scales, batch, squares := means[first:last], scales[first:last], batch[first:last], variances[first:last]
		totals := make([]float64, last-first)
		p.images(first, last, func(from, to int) { addSums(totals, in.Floats[0][from:to], p.plane) })
		for c, t := range totals {
			totals[c] = t / float64(n)
		}
		p.images(first, last, func(from, to int) { addSquares(squares, in.Floats[0][from:to], totals, p.plane) })
		for c, square := range squares {
			means[c] = F(totals[c])
			scales[c] = F(1 / math.Sqrt(square/float64(n)+f.eps))
			batch[c] = 1
			squares[c] = square / float64(n-1)
		}
	})
	f.running.mu.Lock()
	defer f.running.mu.Unlock()
	for c, v := range variances {
		mean[c] += F(f.momentum * (float64(means[c]) - float64(mean[c])))
		variance[c] += F(f.momentum * (v - float64(variance[c])))
	}
	return nil
}

// addSums adds the values of x, which has a plane for each channel, to totals.
func addSums[F op.Float](totals []float64, x []F, plane int) {
	if plane == 1 {
		for c, v := range x[:len(totals)] {
			totals[c] += float64(v)
		}
		return
	}
	for c, total := range totals {
		for _, v := range x[c*plane : (c+1)*plane] {
			total += float64(v)
		}
		totals[c] = total
	}
}

// addSquares adds the squares of the distances of x from the means to totals.
func addSquares[F op.Float](totals []float64, x []F, means []float64, plane int) {
	if plane == 1 {
		for c, v := range x[:len(totals)] {
			d := float64(v) - means[c]
			totals[c] += float64(d * d)
		}
		return
	}
	for c, total := range totals {
		mean := means[c]
		for _, v := range x[c*plane : (c+1)*plane] {
			d := float64(v) - mean
			total += float64(d * d)
		}
		totals[c] = total
	}
}

func (f batchStats) Derive(*op.Calculus, []op.Operand, op.Operand, op.Operand) []op.Operand {
	return nil
}

// channelPlanes are the sizes of a tensor (N, C, ...), which has a plane for
// each image and channel.
type channelPlanes struct{ batch, channels, plane int }

func planes(s tensor.Shape) channelPlanes {
	return channelPlanes{s[0], s[1], op.Size(s[2:])}
}

// images calls f for each image, with the bounds in memory of its planes of the
// channels [first, last).
func (p channelPlanes) images(first, last int, f func(from, to int)) {
	for n := range p.batch {
		f((n*p.channels+first)*p.plane, (n*p.channels+last)*p.plane)
	}
}

// each calls f in parallel for the bounds and the channel of every plane.
func (p channelPlanes) each(f func(from, to, c int)) {
	parallel.Ranges(p.batch*p.channels, p.plane, func(first, last int) {
		for i := first; i < last; i++ {
			f(i*p.plane, (i+1)*p.plane, i%p.channels)
		}
	})
}

// rows is each for planes of one value: it calls f for the bounds of every
// image, which has one value for each channel.
func (p channelPlanes) rows(f func(from, to int)) {
	parallel.Ranges(p.batch, p.channels, func(first, last int) {
		for n := first; n < last; n++ {
			f(n*p.channels, (n+1)*p.channels)
		}
	})
}
