package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"
)

// A space is what a setting may be: from low to high, uniformly or uniformly in
// the logarithm.
type space struct {
	name      string
	low, high float64
	log       bool
}

// Settings of every method.
var (
	rateSpace  = space{name: "rate", low: 5e-4, high: 5e-3, log: true}
	decaySpace = space{name: "decay", low: 1e-3, high: 0.5, log: true}
)

// dimensions is the number of settings of a trial: rate, decay, and as many as a
// method has at most.
const dimensions = 4

// at returns the setting at a place between 0, the lowest, and 1. Three digits
// are enough to choose by, and are the same on all machines.
func (s space) at(place float64) float64 {
	x := s.low + float64(place*(s.high-s.low))
	if s.log {
		x = s.low * math.Pow(s.high/s.low, place)
	}
	x, _ = strconv.ParseFloat(fmt.Sprintf("%.3g", x), 64) // of what was just formatted
	return x
}

func (s space) String() string {
	if s.log {
		return fmt.Sprintf("%s %g to %g (log)", s.name, s.low, s.high)
	}
	return fmt.Sprintf("%s %g to %g", s.name, s.low, s.high)
}

// places returns the places of the trials in the space of settings: a Latin
// hypercube, which has one trial in each of n equal parts of every setting. They
// are the same for all methods.
func places(n int) [][]float64 {
	source := rand.NewPCG(tuneSeed, uint64(n))
	draws := mat.NewDense(n, dimensions, nil)
	samplemv.LatinHypercube{Q: distmv.NewUnitUniform(dimensions, source), Src: source}.Sample(draws)
	all := make([][]float64, n)
	for i := range all {
		all[i] = draws.RawRowView(i)
	}
	return all
}

// chosenVariants returns the arms with the settings that have the lowest error on
// held-out examples, of as many for each arm, and the records of all.
func (l *studyRun) chosenVariants(ctx context.Context, arms []arm) ([]arm, []record, error) {
	points := places(l.budget.Trials)
	var trials []trial
	for _, a := range arms {
		for _, at := range points {
			t := l.trial(variantArm(a.Variant.Set, a.Variant.method(), at), tuneSeed)
			t.Measure, t.Held = "", min(10000, l.budget.Test)
			if a.Variant.Set == mnistSet {
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
