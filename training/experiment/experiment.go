// Package experiment compares ways of training by running each of them for
// several seeds and pairing the runs of one seed.
package experiment

import (
	"context"
	"slices"
	"sync"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// An Arm is one way of training.
type Arm struct {
	Name string
	// New returns a trainer and its data for a seed. Everything random in the run
	// must follow from the seed.
	New func(seed uint64) (*training.Trainer, training.Data, error)
}

// A Result is one finished run.
type Result struct {
	Arm     string            `json:"arm"`
	Seed    uint64            `json:"seed"`
	History *training.History `json:"history"`
}

// Watch returns what follows the run of an arm and a seed, such as a progress bar.
type Watch func(arm string, seed uint64, t *training.Trainer) []training.Callback

// Run trains every arm with every seed, workers of them at a time, and returns
// the results seed by seed in the order of the arms. The seeds of one arm and
// the arms of one seed share nothing but the data. When ctx is cancelled or a
// run fails, the runs under way are stopped, and the finished ones are returned
// with the error.
func Run(ctx context.Context, arms []Arm, seeds []uint64, workers int, watch Watch) ([]Result, error) {
	if len(arms) == 0 || len(seeds) == 0 {
		return nil, errors.Errorf("experiment: Run: want at least one arm and one seed, got %d and %d", len(arms), len(seeds))
	}
	if workers < 1 {
		return nil, errors.Errorf("experiment: Run: workers must be at least 1, got %d", workers)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]Result, len(arms)*len(seeds))
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range jobs {
				arm, seed := arms[i%len(arms)], seeds[i/len(arms)]
				h, err := run(ctx, arm, seed, watch)
				if err != nil {
					cancel(errors.Wrapf(err, "experiment: Run: %s, seed %d", arm.Name, seed))
					continue
				}
				results[i] = Result{arm.Name, seed, h}
			}
		})
	}
feed:
	for i := range results {
		select {
		case jobs <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(jobs)
	wg.Wait()
	done := results[:0]
	for _, r := range results {
		if r.History != nil {
			done = append(done, r)
		}
	}
	return done, context.Cause(ctx)
}

func run(ctx context.Context, arm Arm, seed uint64, watch Watch) (*training.History, error) {
	t, data, err := arm.New(seed)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, errors.New("New must return a trainer, got nil")
	}
	if watch != nil {
		// A trainer that New returns again must not be watched twice.
		own := t.Callbacks
		defer func() { t.Callbacks = own }()
		t.Callbacks = slices.Concat(own, watch(arm.Name, seed, t))
	}
	return t.Fit(ctx, data)
}
