package experiment

import (
	"context"
	"slices"
	"sync"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// Watch returns callbacks that follow the run of an arm and a seed, such as a
// progress bar's.
type Watch func(arm string, seed uint64, t *training.Trainer) []training.Callback

// A Runner runs trials.
type Runner struct {
	Workers int   // trials at a time
	Watch   Watch // may be nil
	// Done, if set, is called for each finished trial, from one goroutine at a
	// time, with the trial's index and whether its result was found in the
	// store.
	Done func(i int, r Result, found bool)
}

// Run runs the trials, which share nothing except what their arms share, and
// returns their results in order. When ctx is cancelled or a trial fails, the
// others are stopped, and the results of the finished ones are returned with
// the error, which is a [*TrialError] if a trial failed.
func (r Runner) Run(ctx context.Context, trials []Trial) ([]Result, error) {
	if r.Workers < 1 {
		return nil, errors.Errorf("experiment: Run: workers must be at least 1, got %d", r.Workers)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]*Result, len(trials))
	next := make(chan int)
	var wg sync.WaitGroup
	var done sync.Mutex
	for range r.Workers {
		wg.Go(func() {
			for i := range next {
				result, found, err := r.trial(ctx, trials[i])
				if err != nil {
					cancel(&TrialError{trials[i].Arm.Name, trials[i].Seed, err})
					continue
				}
				results[i] = result
				if r.Done != nil {
					done.Lock()
					r.Done(i, *result, found)
					done.Unlock()
				}
			}
		})
	}
feed:
	for i := range trials {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	var finished []Result
	for _, result := range results {
		if result != nil {
			finished = append(finished, *result)
		}
	}
	return finished, context.Cause(ctx)
}

// trial runs a trial, or finds its result in the store.
func (r Runner) trial(ctx context.Context, t Trial) (result *Result, found bool, err error) {
	var store Store
	if t.Arm.Store != nil {
		store = t.Arm.Store(t.Seed)
		if result, err = store.Find(ctx); result != nil || err != nil {
			return result, true, err
		}
	}
	made, err := r.train(ctx, t, store)
	if bad := (*training.NonFiniteError)(nil); t.Arm.MayDiverge && errors.As(err, &bad) {
		made, err = Result{Arm: t.Arm.Name, Seed: t.Seed, Diverged: bad.Error()}, nil
	}
	if err == nil && store != nil {
		made, err = store.Finish(ctx, made)
	}
	return &made, false, err
}

// train trains and measures the network of a trial.
func (r Runner) train(ctx context.Context, t Trial, store Store) (result Result, err error) {
	result = Result{Arm: t.Arm.Name, Seed: t.Seed}
	trainer, data, err := t.Arm.New(t.Seed)
	if err != nil {
		return result, err
	}
	if trainer == nil {
		return result, errors.New("New must return a trainer, got nil")
	}
	defer func() {
		if closed := trainer.Close(); err == nil && closed != nil {
			err = closed
		}
	}()
	// If New returns a trainer again, it must not be watched twice.
	own, resume := trainer.Callbacks, trainer.Resume
	defer func() { trainer.Callbacks, trainer.Resume = own, resume }()
	trainer.Callbacks = slices.Clone(own)
	if store != nil {
		if err := store.Prepare(ctx, trainer); err != nil {
			return result, err
		}
	}
	if r.Watch != nil {
		trainer.Callbacks = append(trainer.Callbacks, r.Watch(t.Arm.Name, t.Seed, trainer)...)
	}
	if result.History, err = trainer.Fit(ctx, data); err != nil {
		return result, err
	}
	if t.Arm.Measure != nil {
		result.Extra, err = t.Arm.Measure(ctx, trainer, data)
	}
	return result, err
}
