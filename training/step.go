package training

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// A computation is what the batches of a step have given before its update.
type computation struct {
	batch   *batch // the last
	params  []gorgonia.ValueGrad
	loss    float64
	metrics Metrics
	seen    *metrics.Set
	skipped bool // something is not finite, and the step is to be skipped
}

// step makes one update, or skips it.
func (t *Trainer) step(r *Run, data Dataset, indices []int) error {
	if t.Model != r.model {
		return errors.Errorf("training: Fit: epoch %d, step %d: Model must stay as it is while the trainer fits, got another", r.Epoch, r.Steps)
	}
	states := r.states()
	var c *computation
	err := t.exclusively(func() (err error) {
		c, err = r.compute(data, indices)
		return err
	})
	if err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.Skipped = c.skipped
	if c.skipped {
		if err := r.skip(states); err != nil {
			return err
		}
		r.Steps++
		return nil
	}
	if err := r.seen.Merge(c.seen); err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.Loss, r.Batch = c.loss, c.metrics
	r.params = c.params
	if err := r.tell(func(c Callback) func(*Run) error { return c.OnGradients }); err != nil {
		return err
	}
	r.params = nil
	if c.batch.machine() == nil { // on a device the update is part of the run
		if err := r.followSchedules(); err != nil {
			return errors.Wrap(err, "training: Fit")
		}
		if err := t.Model.Update(func() error { return t.Solver.Step(c.params) }); err != nil {
			return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
		}
	}
	r.average.endStep(r)
	r.Steps++
	return nil
}

// compute runs the batches of a step.
func (r *Run) compute(data Dataset, indices []int) (*computation, error) {
	t := r.Trainer
	c := new(computation)
	var err error
	if c.seen, err = metrics.New(t.measures(r.fields)...); err != nil {
		return nil, err
	}
	// Each batch has masks of its own.
	step := r.Steps * int64(t.accumulated())
	done := 0
	for part := range slices.Chunk(indices, min(t.batchSize(), len(indices))) {
		b, loss, err := r.forward(data, part, step)
		c.batch = b
		if err != nil || b == nil {
			c.skipped = b == nil
			return c, err
		}
		m, err := b.scored(c.seen)
		if err != nil {
			return nil, err
		}
		if len(part) == len(indices) {
			c.loss, c.metrics, c.params = loss, m, b.params
			break
		}
		c.metrics.merge(m)
		c.metrics.Scores = m.Scores // of all batches so far
		share := float64(len(part)) / float64(len(indices))
		c.loss += float64(share * loss)
		if err := r.sum.add(b.params, share, done == 0); err != nil {
			return nil, err
		}
		c.params = r.sum.params
		done += len(part)
		step++
	}
	c.skipped = t.NonFinite == SkipNonFinite && !finiteGradients(c.params)
	return c, nil
}

// forward runs one batch and returns its loss, or no batch if that is not finite and the
// step is to be skipped.
func (r *Run) forward(data Dataset, indices []int, step int64) (*batch, float64, error) {
	t := r.Trainer
	b, err := t.batch(models.Train, len(indices), r.fields)
	if err != nil {
		return nil, 0, err
	}
	b.Graph().SetStep(step)
	if b.machine() != nil {
		// The settings of the update are part of the run.
		if err := r.followSchedules(); err != nil {
			return nil, 0, err
		}
		if err := r.gather(b, data, indices); err != nil {
			return nil, 0, err
		}
		if err := r.runOnDevice(b, data); err != nil {
			return nil, 0, err
		}
	} else if err := b.run(data, indices); err != nil {
		return nil, 0, err
	}
	loss := scalar(b.loss.Value())
	switch {
	case finite(loss):
		return b, loss, nil
	case t.NonFinite == SkipNonFinite:
		return nil, loss, nil
	}
	return nil, loss, &NonFiniteError{"loss", loss, t.cause(b, indices, step)}
}

// scalar reads a loss.
func scalar(v gorgonia.Value) float64 {
	switch v := v.(type) {
	case *gorgonia.F32:
		return float64(*v)
	case *gorgonia.F64:
		return float64(*v)
	}
	return math.NaN()
}
