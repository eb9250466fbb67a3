package nn

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// RunningStats holds the running statistics of a [BatchNorm], one number for each
// channel. Like weights they belong to the model and are saved with it, but
// they are not trained. Graphs for training and for inference share one
// RunningStats.
type RunningStats struct {
	// Mean and Variance have shape (C) and the type of x. Training changes them
	// in place.
	Mean, Variance *tensor.Dense

	mu sync.Mutex
}

// NewRunningStats returns running statistics of mean 0 and variance 1 for the given
// number of channels, of tensor.Float32 or tensor.Float64.
func NewRunningStats(dt tensor.Dtype, channels int) (*RunningStats, error) {
	if channels < 1 || channels > math.MaxInt32 {
		return nil, errors.Errorf("nn: NewRunningStats: channels must be in [1, %d], got %d", math.MaxInt32, channels)
	}
	if dt != tensor.Float32 && dt != tensor.Float64 {
		return nil, errors.Errorf("nn: NewRunningStats: dtype must be float32 or float64, got %v", dt)
	}
	return &RunningStats{
		Mean:     tensor.New(tensor.Of(dt), tensor.WithShape(channels)),
		Variance: tensor.Ones(dt, channels),
	}, nil
}

// A BatchNormOption changes a default of [BatchNorm].
type BatchNormOption func(*batchStats)

// WithMomentum sets the share in (0, 1] of a batch's statistics in the new running
// statistics; the default is 0.1.
func WithMomentum(m float64) BatchNormOption { return func(f *batchStats) { f.momentum = m } }

// WithEpsilon sets the positive number that is added to variances; the default is
// 1e-5.
func WithEpsilon(eps float64) BatchNormOption { return func(f *batchStats) { f.eps = eps } }

// WithRunningStatistics makes the graph use the running statistics and leave
// them unchanged, whatever the machine: for inference graphs.
func WithRunningStatistics() BatchNormOption { return func(f *batchStats) { f.frozen = true } }

// WithBatchNormStep sets the node that holds the training step; see
// [ops.WithStep].
func WithBatchNormStep(step *gorgonia.Node) BatchNormOption {
	return func(f *batchStats) { f.stepNode = step }
}

// BatchNorm normalizes each channel of x, of shape (N, C), (N, C, L) or
// (N, C, H, W), to mean 0 and variance 1, and then scales and shifts it:
//
//	y = (x - mean)/sqrt(variance + eps) * gamma + beta
//
// gamma and beta have shape (C). All are float32, or all float64; statistics
// are computed in float64.
//
// In training, mean and variance are those of the batch over all axes but the
// channels, and each run moves the running statistics towards them:
//
//	running = (1-momentum)*running + momentum*batch
//
// with the unbiased variance, as in PyTorch. A batch with only one value for
// each channel is then an error. In a machine made with gorgonia.EvalMode, at a
// negative step, and with [WithRunningStatistics], they are the running
// statistics, which do not change, and y is affine in x. No run sees half of an
// update, but do not train while other runs need the same [RunningStats] unchanged.
//
// Source: Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithms 1 and 2.
func BatchNorm(x, gamma, beta *gorgonia.Node, running *RunningStats, opts ...BatchNormOption) (*gorgonia.Node, error) {
	const name = "nn: BatchNorm"
	s := &batchStats{running: running, momentum: 0.1, eps: 1e-5, training: new(atomic.Bool)}
	s.training.Store(true)
	for _, opt := range opts {
		opt(s)
	}
	switch {
	case x == nil || x.Graph() == nil:
		return nil, errors.Errorf("%s: x must be a node of a graph, got none", name)
	case x.Dims() < 2:
		return nil, errors.Errorf("%s: x must have shape (N, C, ...), got %v", name, x.Shape())
	case running == nil || running.Mean == nil || running.Variance == nil:
		return nil, errors.Errorf("%s: running statistics must be there, got none", name)
	case !(s.momentum > 0 && s.momentum <= 1):
		return nil, errors.Errorf("%s: momentum must be in (0, 1], got %v", name, s.momentum)
	case !(s.eps > 0) || math.IsInf(s.eps, 1):
		return nil, errors.Errorf("%s: eps must be positive, got %v", name, s.eps)
	}
	s.dims = x.Dims()
	dt, err := op.DtypeOf(x)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	for _, d := range []*tensor.Dense{running.Mean, running.Variance} {
		if want := x.Shape()[1:2]; !d.Shape().Eq(want) || d.Dtype() != dt {
			return nil, errors.Errorf("%s: running statistics must be of %v and shape %v, got %s", name, dt, want, op.Describe(d))
		}
	}
	in := gorgonia.Nodes{x}
	switch {
	case !s.frozen:
		if s.stepNode, err = draw.StepFor(x, s.stepNode); err == nil {
			in = append(in, s.stepNode)
		}
	case s.stepNode != nil:
		err = draw.CheckStep(x, s.stepNode) // given, though not used
	}
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	stats, err := apply(*s, in...)
	if err != nil {
		return nil, err
	}
	return apply(batchNorm{s.dims}, x, gamma, beta, stats)
}

// batchNorm computes y from x, gamma, beta and the statistics.
type batchNorm struct{ dims int }

func (f batchNorm) Name() string   { return "BatchNorm" }
func (f batchNorm) String() string { return "BatchNorm" }
func (f batchNorm) Rank() int      { return f.dims }
func (f batchNorm) Role() op.Role  { return op.RoleBatchNorm }

func (f batchNorm) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.dims}, {Name: "gamma", Rank: 1}, {Name: "beta", Rank: 1}, {Name: "statistics", Rank: 2, Of: op.Constants}}
}

func (f batchNorm) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if want := in[0][1:2]; !in[2].Eq(want) {
		return nil, errors.Errorf("beta must have shape %v, one for each channel, got %v", want, in[2])
	}
	return in[0].Clone(), checkChannels(in[0], in[1], in[3])
}

// checkChannels returns an error unless gamma and the statistics fit x's
// channels.
func checkChannels(x, gamma, stats tensor.Shape) error {
	if want := x[1:2]; !gamma.Eq(want) {
		return errors.Errorf("gamma must have shape %v, one for each channel, got %v", want, gamma)
	}
	if want := (tensor.Shape{3, x[1]}); !stats.Eq(want) {
		return errors.Errorf("statistics must have shape %v, got %v", want, stats)
	}
	return op.NotEmpty("x", x)
}

func (f batchNorm) Loops() op.Loops { return op.LoopsOf(normalizePlanes, normalizePlanes) }

func normalizePlanes[F op.Float](y []F, in op.Args[F]) error {
	p := planes(in.Shapes[0])
	gamma, beta := in.Floats[1], in.Floats[2]
	means, scales := in.Floats[3][:p.channels], in.Floats[3][p.channels:]
	if p.plane == 1 {
		p.rows(func(from, to int) {
			y := y[from:to]
			for c, v := range in.Floats[0][from:to] {
				y[c] = F((v-means[c])*(scales[c]*gamma[c])) + beta[c]
			}
		})
		return nil
	}
	p.each(func(from, to, c int) {
		mean, factor, shift := means[c], scales[c]*gamma[c], beta[c]
		y := y[from:to]
		for i, v := range in.Floats[0][from:to] {
			y[i] = F((v-mean)*factor) + shift
		}
	})
	return nil
}

func (f batchNorm) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	params := c.Of(batchNormParams{dims: f.dims}, x[0], x[3], dy)
	return []op.Operand{
		c.Of(batchNormInput{dims: f.dims}, x[0], x[1], x[3], params, dy),
		c.Of(part{of: f.Name(), index: 0, dims: 1}, params), c.Of(part{of: f.Name(), index: 1, dims: 1}, params), nil,
	}
}
