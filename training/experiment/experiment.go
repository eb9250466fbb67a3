// Package experiment compares ways of training by running each of them for
// several seeds and pairing the runs of one seed.
package experiment

import (
	"context"
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// An Arm is one way of training.
type Arm struct {
	Name string
	// New returns a trainer and its data for a seed. Everything random in the run
	// must follow from the seed.
	New func(seed uint64) (*training.Trainer, training.Data, error)
	// Measure, if set, returns what is measured of a trained network besides its
	// metrics, by name: the Extra of a result.
	Measure func(ctx context.Context, t *training.Trainer, data training.Data) (map[string][]float64, error)
	// Store, if set, returns what keeps the trial of a seed, so that it can be resumed.
	Store func(seed uint64) Store
	// MayDiverge makes a number that stopped being finite a result and not an error.
	MayDiverge bool
}

// A Trial is one training: that of an arm with a seed.
type Trial struct {
	Arm  Arm
	Seed uint64
}

// String names the trial, as in "with dropout, seed 3".
func (t Trial) String() string { return fmt.Sprintf("%s, seed %d", t.Arm.Name, t.Seed) }

// Trials pairs arms with seeds: seed by seed, in the order of the arms.
func Trials(arms []Arm, seeds []uint64) []Trial {
	trials := make([]Trial, 0, len(arms)*len(seeds))
	for _, seed := range seeds {
		for _, a := range arms {
			trials = append(trials, Trial{a, seed})
		}
	}
	return trials
}

// Seeds returns n seeds, from first on.
func Seeds(first uint64, n int) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = first + uint64(i)
	}
	return seeds
}

// A Result is one finished trial.
type Result struct {
	Arm     string            `json:"arm"`
	Seed    uint64            `json:"seed"`
	History *training.History `json:"history"`
	// Extra is what [Arm.Measure] has measured.
	Extra map[string][]float64 `json:"extra,omitempty"`
	// Diverged says which number stopped being finite, if one did. There is no History
	// then.
	Diverged string `json:"diverged,omitempty"`
}

// A Store keeps one trial: its result once it is finished, and before that what it
// takes to resume it.
type Store interface {
	// Find returns the result of the trial if it has been finished before, else nil.
	Find(ctx context.Context) (*Result, error)
	// Prepare makes t keep its state from time to time, by a callback, and resume from
	// the state that was kept last, if there is one.
	Prepare(ctx context.Context, t *training.Trainer) error
	// Finish keeps the result and returns what is kept: another process may have been
	// faster.
	Finish(ctx context.Context, r Result) (Result, error)
}

// A TrialError is the error of one trial, which has stopped the others.
type TrialError struct {
	Arm  string
	Seed uint64
	Err  error
}

// Error names the trial and what went wrong.
func (e *TrialError) Error() string {
	return fmt.Sprintf("experiment: Run: %s, seed %d: %v", e.Arm, e.Seed, e.Err)
}

// Unwrap returns what went wrong.
func (e *TrialError) Unwrap() error { return e.Err }

// Run trains every arm with every seed, workers of them at a time, and returns the
// results seed by seed in the order of the arms; see [Runner.Run].
func Run(ctx context.Context, arms []Arm, seeds []uint64, workers int, watch Watch) ([]Result, error) {
	if len(arms) == 0 || len(seeds) == 0 {
		return nil, errors.Errorf("experiment: Run: must have at least one arm and one seed, got %d and %d", len(arms), len(seeds))
	}
	return Runner{Workers: workers, Watch: watch}.Run(ctx, Trials(arms, seeds))
}
