package main

import (
	"context"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
)

// chosenVariants returns the arms with the settings that have the lowest error on
// held-out examples, of as many for each arm, and the records of all.
func (l *studyRun) chosenVariants(ctx context.Context, arms []arm) ([]arm, []record, error) {
	points := variant.Places(l.budget.Trials, tuneSeed)
	var trials []trial
	for _, a := range arms {
		for _, at := range points {
			t := l.trial(variantArm(a.Variant.On(), a.Variant.By(), at), tuneSeed)
			t.Measure, t.Held = "", min(10000, l.budget.Test)
			if a.Variant.Set == variant.MNIST {
				t.Arm.Images = min(t.Arm.Images, l.sets.train.Len()-t.Held)
			}
			trials = append(trials, t)
		}
	}
	records, err := l.trials(ctx, trials)
	if err != nil {
		return nil, nil, err
	}
	best := make([]arm, len(arms))
	for i := range arms {
		of := records[i*len(points) : (i+1)*len(points)]
		k := lowestError(of)
		if k < 0 {
			return nil, nil, errors.Errorf("%s: some settings must not diverge, got none: %s", arms[i].Name, of[0].Diverged)
		}
		best[i] = of[k].Trial.Arm
		best[i].Images = 0 // that of the budget, as before
	}
	return best, records, nil
}

// lowestError returns the index of the training with the lowest error and, of
// several, the lowest NLL; -1 if all diverged.
func lowestError(records []record) int {
	best := -1
	for i, r := range records {
		if r.Diverged != "" {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		a, b := r.History.Test, records[best].History.Test
		if a.Error() < b.Error() || a.Error() == b.Error() && a.NLL < b.NLL {
			best = i
		}
	}
	return best
}
