package compare

import (
	"context"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/training"
)

const (
	// probeSteps are the updates whose time is measured, after as many that are not.
	probeSteps = 8
	// paceRounds is the number of rounds that there should be time for.
	paceRounds = 4
)

// Pace makes trainings shorter where time is short: so that several rounds of one repeat of
// the splits fit into it, by the time that a few updates take. What it decides is in Length,
// and is to be kept with the run.
func (e *Experiment) Pace(ctx context.Context, limit Limit) error {
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
	splits := min(len(e.Splits), 1+e.folds)
	perEpoch := (p.Train.Len() + e.Length.Batch - 1) / e.Length.Batch
	// Half more for evaluations.
	epoch := step * time.Duration(perEpoch) * 3 / 2
	round := epoch * time.Duration(e.Length.Epochs*splits*len(Arms)) / time.Duration(e.Workers)
	if most := time.Until(limit.Until) / paceRounds; round > most && round > 0 {
		e.Length = e.Length.With(max(1, int(float64(e.Length.Epochs)*float64(most)/float64(round))), 0)
	}
	return nil
}
