package training

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// An LRRange says which learning rates [Trainer.FindLR] tries.
type LRRange struct {
	From float64 // positive; 0 means 1e-7
	To   float64 // above From; 0 means 10
	// Steps is the number of steps from From to To, at least 2; 0 means 100.
	Steps int
}

// An LRCurve is the loss by learning rate, from a short run in which the rate rises by the
// same factor at each step.
type LRCurve struct {
	LR []float64 `json:"lr"`
	// Loss is the exponential moving mean of the losses before each update, with the factor
	// 0.9 and corrected for its beginning.
	Loss []float64 `json:"loss"`
}

// diverged is how often its lowest value the loss must be for the search to end.
const diverged = 4

// FindLR tries rising learning rates on data, one at each step, until the loss is four times
// its lowest value or not finite. The trainer's schedule of the learning rate, its
// callbacks and its averages have no part in it. The model and the solver, which needs
// State and SetState, are as before afterwards.
//
//	curve, err := trainer.FindLR(ctx, train, training.LRRange{})
//	lr, err := curve.Suggestion()
//
// Package report draws the curve. Source: Smith, "Cyclical Learning Rates for Training
// Neural Networks", WACV 2017, section 3.3.
func (t *Trainer) FindLR(ctx context.Context, data Dataset, over LRRange) (*LRCurve, error) {
	if over.From == 0 {
		over.From = 1e-7
	}
	if over.To == 0 {
		over.To = 10
	}
	if over.Steps == 0 {
		over.Steps = 100
	}
	switch {
	case !(over.From > 0 && over.From < over.To) || math.IsInf(over.To, 1):
		return nil, errors.Errorf("training: FindLR: From and To must be positive, finite and in order, got %v and %v", over.From, over.To)
	case over.Steps < 2:
		return nil, errors.Errorf("training: FindLR: Steps must be at least 2, got %d", over.Steps)
	}
	if !atomic.CompareAndSwapUint32(&t.fitting, 0, 1) {
		return nil, errors.New("training: FindLR: the trainer must be idle, got one that fits: give each run its own")
	}
	defer atomic.StoreUint32(&t.fitting, 0)
	c, err := t.findLR(ctx, data, over)
	return c, errors.WithMessage(err, "training: FindLR")
}

func (t *Trainer) findLR(ctx context.Context, data Dataset, over LRRange) (c *LRCurve, err error) {
	solver, ok := t.Solver.(interface {
		stateful
		LearningRate() float64
		SetLR(float64)
	})
	if !ok {
		return nil, errors.Errorf("solver must have LearningRate, SetLR, State and SetState, got %T", t.Solver)
	}
	probe := &Trainer{
		Model: t.Model, Solver: t.Solver, Epochs: math.MaxInt32, BatchSize: t.BatchSize, DropLast: t.DropLast, Accumulate: t.Accumulate,
		Groups: t.Groups, Loss: t.Loss, RDrop: t.RDrop, Heads: t.Heads, IgnoreIndex: t.IgnoreIndex, Seed: t.Seed, Metrics: []metrics.Metric{},
		LR: rising(over), Momentum: t.Momentum, WeightDecay: t.WeightDecay, Device: t.Device,
	}
	if err := probe.check(Data{Train: data}); err != nil {
		return nil, err
	}
	weights, err := t.Model.Weights()
	if err != nil {
		return nil, err
	}
	lr, state := solver.LearningRate(), solver.State()
	if err := solver.SetState(optim.State{}); err != nil {
		return nil, err
	}
	defer func() {
		solver.SetLR(lr)
		for _, undo := range []error{solver.SetState(state), t.Model.SetWeights(weights)} {
			if err == nil {
				err = undo
			}
		}
	}()
	defer func() {
		if closed := probe.Close(); err == nil {
			err = closed
		}
	}()
	return probe.riseLR(ctx, data, over)
}

// riseLR is the run of FindLR.
func (t *Trainer) riseLR(ctx context.Context, data Dataset, over LRRange) (*LRCurve, error) {
	c := new(LRCurve)
	var mean, weight float64
	lowest := math.Inf(1)
	t.Callbacks = []Callback{{OnStep: func(r *Run) error {
		mean += float64(0.1 * (r.Loss - mean))
		weight += float64(0.1 * (1 - weight))
		loss := mean / weight
		c.LR, c.Loss = append(c.LR, *r.LR), append(c.Loss, loss)
		lowest = min(lowest, loss)
		if r.Steps == int64(over.Steps) || loss > diverged*lowest && lowest > 0 {
			r.Stop("the learning rate has risen enough")
		}
		return nil
	}}}
	r, err := t.start(Data{Train: data})
	if err == nil {
		err = r.begin()
	}
	for err == nil && r.stop == "" {
		r.Epoch = r.next
		err = t.epoch(ctx, r, Data{Train: data})
	}
	if bad := (*NonFiniteError)(nil); errors.As(err, &bad) && len(c.LR) > 1 {
		err = nil // the search ends here
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// rising is the schedule of a search.
type rising LRRange

// At implements schedule.Schedule.
func (s rising) At(step int64) float64 {
	share := float64(min(step, int64(s.Steps-1))) / float64(s.Steps-1)
	return s.From * math.Pow(s.To/s.From, share)
}

// String implements schedule.Schedule.
func (s rising) String() string { return "rising" }

// Suggestion returns the learning rate at which the loss falls fastest, by the logarithm of the
// rate, before it is lowest: a good start, and for one-cycle schedules a good Peak. It is an
// error if the loss does not fall.
func (c *LRCurve) Suggestion() (float64, error) {
	lowest := 0
	for i, loss := range c.Loss {
		if loss < c.Loss[lowest] {
			lowest = i
		}
	}
	best, steepest := -1, 0.0
	for i := 1; i < lowest; i++ {
		slope := (c.Loss[i+1] - c.Loss[i-1]) / (math.Log(c.LR[i+1]) - math.Log(c.LR[i-1]))
		if slope < steepest {
			best, steepest = i, slope
		}
	}
	if best < 0 {
		return 0, errors.New("training: Suggestion: the loss must fall, got one that does not; try other rates or more steps")
	}
	return c.LR[best], nil
}
