package training

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Fit trains the model for Epochs passes over data.Train and evaluates it.
//
// When ctx is cancelled the run stops after the current step: Fit returns the
// history so far with an error whose cause is ctx.Err(), and the model keeps
// what it has learnt. If the loss becomes NaN or infinite, the error names the
// step and is a *NonFiniteError, which says where that began: in a parameter, in an
// example or in a layer. Parameters that are not finite are such an error too, at the
// start and the end of each epoch.
func (t *Trainer) Fit(ctx context.Context, data Data) (h *History, failed error) {
	if err := t.check(data); err != nil {
		return nil, err
	}
	if !atomic.CompareAndSwapUint32(&t.fitting, 0, 1) {
		return nil, errors.New("training: Fit: the trainer must be idle, got one that fits: give each run its own")
	}
	defer atomic.StoreUint32(&t.fitting, 0)
	start := time.Now()
	r, err := t.start(data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := r.updates.close(); failed == nil && closed != nil {
			failed = errors.WithMessage(closed, "training: Fit")
		}
	}()
	err = r.begin()
	for err == nil && r.next < t.Epochs && (r.stop == "" || r.batches == r.StepsPerEpoch) {
		r.Epoch = r.next
		err = t.epoch(ctx, r, data)
	}
	r.Epoch = r.next
	r.History.Steps = r.Steps
	r.History.Stopped = r.stop
	if r.batches > 0 {
		partial := r.partial
		r.History.Partial = &partial
	}
	r.Err = err
	// The end is told even of a run that failed, since what was done is kept.
	err = r.end()
	for _, final := range []struct {
		data Dataset
		to   **Metrics
	}{
		{plain(data.Train), &r.History.Train}, {data.Validation, &r.History.Validation}, {data.Test, &r.History.Test},
	} {
		if err == nil && final.data != nil {
			var m Metrics
			if m, err = t.Evaluate(ctx, final.data); err == nil {
				*final.to = &m
			}
		}
	}
	r.History.Time = time.Since(start)
	return r.History, err
}

// start returns the run of data that begins now, or goes on, before anybody is told.
func (t *Trainer) start(data Data) (*Run, error) {
	n := data.Train.Len()
	r := &Run{Trainer: t, History: &History{}, StepsPerEpoch: t.stepsPerEpoch(n), model: t.Model, lrFactor: 1}
	if solver, ok := t.Solver.(interface{ LearningRate() float64 }); ok {
		r.baseLR = solver.LearningRate()
	}
	if t.Resume != nil {
		r.Steps = max(t.Resume.Steps, 0)
	}
	if err := r.checkSolver(); err != nil {
		return nil, err
	}
	r.Steps = 0
	r.fields, r.judgedBy = FieldsOf(data.Train), data.judged()
	ops, err := t.prepare(n, r.fields)
	if err != nil {
		return nil, errors.WithMessage(err, "training: Fit")
	}
	r.setup = t.setup(data, ops)
	r.average = newAverage(t)
	if r.seen, err = metrics.New(t.measures(r.fields)...); err != nil {
		return nil, errors.WithMessage(err, "training: Fit: Metrics")
	}
	if err := t.Monitor.measured(r); err != nil {
		return nil, errors.WithMessage(err, "training: Fit: Monitor")
	}
	if t.Resume != nil {
		if err := r.place(t.Resume); err != nil {
			return nil, errors.Wrap(err, "training: Resume")
		}
	}
	return r, errors.WithMessage(t.refresh(), "training: Fit")
}

// begin brings the run to its first step.
func (r *Run) begin() error {
	for _, c := range r.Trainer.Callbacks {
		if c.OnStart != nil {
			if err := c.OnStart(r); err != nil {
				return err
			}
		}
		r.started++
	}
	if s := r.Trainer.Resume; s != nil {
		if err := r.resume(s); err != nil {
			return errors.Wrap(err, "training: Resume")
		}
	}
	if err := r.finite(); err != nil {
		return errors.Wrap(err, "training: Fit")
	}
	r.whole = true
	return nil
}

// epoch makes one pass over the training set, or the rest of one. A run that is
// stopped before the last batch leaves the epoch unfinished.
func (t *Trainer) epoch(ctx context.Context, r *Run, data Data) error {
	start, before := time.Now(), r.partial.Time
	if d, ok := data.Train.(EpochDataset); ok {
		d.SetEpoch(r.Epoch)
	}
	indices := order(t.Seed, r.Epoch, data.Train.Len())
	if t.DropLast {
		indices = indices[:len(indices)/t.batchSize()*t.batchSize()]
	}
	batch := t.examplesPerStep(len(indices))
	for r.batches < r.StepsPerEpoch {
		if err := ctx.Err(); err != nil {
			return errors.Wrapf(err, "training: Fit: stopped at epoch %d, step %d", r.Epoch, r.Steps)
		}
		r.whole = false
		examples := indices[r.batches*batch : min((r.batches+1)*batch, len(indices))]
		r.ahead = indices[min((r.batches+1)*batch, len(indices)):min((r.batches+2)*batch, len(indices))]
		if err := t.step(r, data.Train, examples); err != nil {
			return err
		}
		e := &r.partial
		if r.Skipped {
			e.Skipped++
		} else {
			// The mean of the losses so far, as a mean, so that it can be gone on with.
			seen := float64((r.batches - e.Skipped) * batch)
			e.Loss = (float64(e.Loss*seen) + float64(r.Loss*float64(len(examples)))) / (seen + float64(len(examples)))
			e.Train.merge(r.Batch)
			e.Train.Scores = scoresOf(r.seen)
		}
		e.Epoch, e.Step, e.LR, e.Time = r.Epoch, r.Steps, r.LR, before+time.Since(start)
		r.batches++
		if err := r.checkpoint(r.tell(func(c Callback) func(*Run) error { return c.OnStep })); err != nil {
			return err
		}
		if r.stop != "" && r.batches < r.StepsPerEpoch {
			return nil
		}
	}
	if err := r.learnt(); err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	if err := r.finite(); err != nil {
		return errors.Wrap(err, "training: Fit")
	}
	r.average.endEpoch(r)
	return r.checkpoint(r.judged(func() error {
		e := r.partial
		if data.Validation != nil {
			m, err := t.Evaluate(ctx, data.Validation)
			if err != nil {
				return errors.WithMessagef(err, "training: Fit: validation after epoch %d, step %d", r.Epoch, r.Steps)
			}
			e.Validation = &m
		}
		e.Time = before + time.Since(start)
		r.whole = false
		r.History.Epochs = append(r.History.Epochs, e)
		r.next, r.batches, r.partial = r.Epoch+1, 0, Epoch{}
		var err error
		if r.seen, err = metrics.New(t.measures(r.fields)...); err != nil {
			return errors.Wrap(err, "training: Fit")
		}
		return r.tell(func(c Callback) func(*Run) error { return c.OnEpoch })
	}))
}
