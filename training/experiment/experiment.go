// Package experiment compares ways of training: it runs each of them with
// several seeds and pairs the runs of the same seed, so that much of the noise
// cancels.
//
// A [Trial] is an [Arm] with a seed. [Run] runs all trials of some arms and
// seeds; a [Runner] does so with more control, and a [Store] keeps results and
// resumes what was interrupted. [Difference] and [Estimate] turn [Result]
// values into numbers with confidence intervals, and package report into tables
// and figures.
package experiment

import (
	"context"
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// An Arm is one of the ways of training that are compared.
type Arm struct {
	Name string
	// New returns a trainer and its data for a seed. Everything random in the
	// run must follow from the seed.
	New func(seed uint64) (*training.Trainer, training.Data, error)
	// Measure, if set, returns measurements of a trained network besides its
	// metrics, by name: the Extra of a [Result].
	Measure func(ctx context.Context, t *training.Trainer, data training.Data) (map[string][]float64, error)
	// Store, if set, returns what keeps the trial of a seed, so that the trial
	// can be resumed.
	Store func(seed uint64) Store
	// MayDiverge makes a number that stops being finite a result instead of an
	// error.
	MayDiverge bool
}

// A Trial is one training: an arm with a seed.
type Trial struct {
	Arm  Arm
	Seed uint64
}

// String names the trial, for instance "with dropout, seed 3".
func (t Trial) String() string { return fmt.Sprintf("%s, seed %d", t.Arm.Name, t.Seed) }

// Trials combines arms with seeds: seed by seed, each in the order of the arms.
func Trials(arms []Arm, seeds []uint64) []Trial {
	trials := make([]Trial, 0, len(arms)*len(seeds))
	for _, seed := range seeds {
		for _, a := range arms {
			trials = append(trials, Trial{a, seed})
		}
	}
	return trials
}

// Seeds returns n consecutive seeds, starting with first.
func Seeds(first uint64, n int) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = first + uint64(i)
	}
	return seeds
}

// A Result is a finished [Trial].
type Result struct {
	Arm     string            `json:"arm"`
	Seed    uint64            `json:"seed"`
	History *training.History `json:"history"`
	// Extra holds what [Arm.Measure] has returned.
	Extra map[string][]float64 `json:"extra,omitempty"`
	// Diverged says which number stopped being finite, if one did. Then there
	// is no History.
	Diverged string `json:"diverged,omitempty"`
}

// A Store keeps a trial: its result once it is finished, and until then what is
// needed to resume it.
type Store interface {
	// Find returns the result of the trial if it has finished before, otherwise
	// nil.
	Find(ctx context.Context) (*Result, error)
	// Prepare adds a callback to t that keeps its state from time to time, and
	// makes t resume from the last state kept, if there is one.
	Prepare(ctx context.Context, t *training.Trainer) error
	// Finish keeps the result and returns the one that is kept, since another
	// process may have been faster.
	Finish(ctx context.Context, r Result) (Result, error)
}

// A TrialError is the error of a trial, which has stopped the others.
type TrialError struct {
	Arm  string
	Seed uint64
	Err  error
}

// Error names the trial and says what went wrong.
func (e *TrialError) Error() string {
	return fmt.Sprintf("experiment: Run: %s, seed %d: %v", e.Arm, e.Seed, e.Err)
}

// Unwrap returns what went wrong.
func (e *TrialError) Unwrap() error { return e.Err }

// Run trains every arm with every seed, workers of them at a time, and returns
// the results seed by seed in the order of the arms; see [Runner.Run]. watch
// may be nil.
func Run(ctx context.Context, arms []Arm, seeds []uint64, workers int, watch Watch) ([]Result, error) {
	if len(arms) == 0 || len(seeds) == 0 {
		return nil, errors.Errorf("experiment: Run: must have at least one arm and one seed, got %d and %d", len(arms), len(seeds))
	}
	return Runner{Workers: workers, Watch: watch}.Run(ctx, Trials(arms, seeds))
}
