package compare

import (
	"context"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

const (
	// probeSteps are the updates whose time is measured, after as many that are not.
	probeSteps = 8
	// paceRounds is the number of rounds that there should be time for.
	paceRounds = 4
)

// Pace measures a few updates and predictions, by which Run leaves enough time to test. With
// shorten it also makes trainings shorter where time is short, so that several rounds of one
// repeat of the splits fit into it: what it decides is in Length, and is to be kept with the
// run.
func (e *Experiment) Pace(ctx context.Context, limit Limit, shorten bool) error {
	if limit.Until.IsZero() {
		return nil
	}
	p, err := e.part(0)
	if err != nil {
		return err
	}
	t := Trial{Arm: With, Settings: e.Subject.Space().First}
	trainer, err := e.trainer(p, t)
	if err != nil {
		return err
	}
	var begun time.Time
	var step time.Duration
	trainer.Epochs = probeSteps // of small data
	trainer.Callbacks = []training.Callback{{OnStep: func(r *training.Run) error {
		switch {
		case r.Steps == probeSteps/2:
			begun = time.Now()
		case r.Steps > probeSteps/2 && r.Steps <= probeSteps:
			step = time.Since(begun) / time.Duration(r.Steps-probeSteps/2)
		}
		if r.Steps >= probeSteps || time.Until(limit.Until) <= 0 {
			r.Stop("the pace is known")
		}
		return nil
	}}}
	// A run evaluates what it has learned from, which is to be little.
	few, err := datasets.Subset(p.Train, indices(min(p.Train.Len(), (probeSteps+1)*e.Length.Batch)))
	if err != nil {
		return err
	}
	if _, err := trainer.Fit(ctx, training.Data{Train: few}); err != nil {
		return err
	}
	if err := e.measure(ctx, p, trainer.Model, step); err != nil || !shorten {
		return err
	}
	splits := min(len(e.Splits), 1+e.folds)
	perEpoch := (p.Train.Len() + e.Length.Batch - 1) / e.Length.Batch
	// Half more for evaluations.
	epoch := step * time.Duration(perEpoch) * 3 / 2
	round := epoch * time.Duration(e.Length.Epochs*splits*len(Arms)) / time.Duration(e.Workers)
	if most := time.Until(limit.end(e.reserve(splits))) / paceRounds; round > most && round > 0 {
		e.Length = e.Length.With(max(1, int(float64(e.Length.Epochs)*float64(most)/float64(round))), 0)
	}
	if usual := e.Subject.Length(p.Train.Len()).Batch; e.Length.Batch == usual {
		e.Length = e.Length.With(0, batchFor(usual, e.Length.Epochs*perEpoch))
	}
	return nil
}

const (
	// fewUpdates are too few to learn much in.
	fewUpdates = 300
	// leastBatch is the smallest batch that takes about as long by example as a large one.
	leastBatch = 16
)

// batchFor returns the size of batches that makes more of too few updates.
func batchFor(usual, updates int) int {
	if updates >= fewUpdates {
		return usual
	}
	return min(usual, max(leastBatch, usual*updates/fewUpdates))
}

// probePredictions is the number of examples whose predictions are timed.
const probePredictions = 16

// measure times predictions.
func (e *Experiment) measure(ctx context.Context, p *Part, m *models.Model, step time.Duration) error {
	// Without gradients an example takes less than in an update.
	e.plain = step / time.Duration(e.Length.Batch)
	if e.Subject.Kind() == Text {
		return nil
	}
	few, err := datasets.Subset(p.Validation, indices(min(p.Validation.Len(), probePredictions)))
	if err != nil {
		return err
	}
	n := &Network{Kind: e.Subject.Kind(), Model: m, Outputs: e.Subject.Outputs(), Scale: p.Scale, Noise: ones(e.Subject.Outputs()), Passes: leastPasses}
	var begun time.Time
	for range 2 { // the first compiles
		begun = time.Now()
		if _, err := n.Predict(ctx, few); err != nil {
			return err
		}
	}
	e.pass = time.Since(begun) / time.Duration(leastPasses*few.Len())
	return nil
}

// reserve returns the time to leave for the tests of so many splits, the final model and the
// importances of columns, as far as Pace has measured it.
func (e *Experiment) reserve(splits int) time.Duration {
	if e.plain == 0 {
		return 0
	}
	held := func(s Split) int {
		if e.Subject.Kind() == Numbers {
			return len(s.Validation) // for the noise
		}
		return 0
	}
	var plain, passes int
	for _, s := range e.Splits[1:splits] {
		plain += (len(Arms) + 1) * (len(s.Test) + held(s))
		if e.Subject.Kind() == Text {
			plain += 2 * len(s.Test) // for passages, whose windows overlap by half
		}
		for _, n := range e.waysOf(With, len(s.Test)) {
			passes += n * (len(s.Test) + held(s))
		}
	}
	final := mostPasses * max(min(len(e.Splits[0].Validation), mostUsual), held(e.Splits[0]))
	shuffled := 0
	if t, ok := e.Subject.(*Table); ok {
		shuffled = min(mostShuffled, len(t.Plan.Features())*plain/(len(Arms)+1))
	}
	workers := time.Duration(e.Workers)
	took := (e.plain*time.Duration(plain) + e.pass*time.Duration(passes)) / workers
	took += e.pass*time.Duration(final) + e.plain*time.Duration(shuffled)
	return took + took/2 // other programs may want the processor then
}

// mostReserved is the share of the time that is left for tests, at most.
const mostReserved = 0.4

// end returns when training has to end to leave a reserve.
func (l Limit) end(reserve time.Duration) time.Time {
	return l.Until.Add(-min(reserve, time.Duration(mostReserved*float64(time.Until(l.Until)))))
}
