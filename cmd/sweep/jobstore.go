package main

import (
	"context"
	"os"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A jobStore keeps the checkpoints of a trial with its job, so that another
// worker, even on another machine, can continue it. It implements
// [experiment.Store].
type jobStore struct {
	job   sweep.Job
	every time.Duration // between checkpoints; 0 keeps none
	path  string        // of a temporary file for the checkpoint
	err   error         // of this machine, not of the trial
}

// Find finds nothing: a trial with a result is no job.
func (s *jobStore) Find(context.Context) (*experiment.Result, error) { return nil, nil }

// Prepare makes t keep checkpoints, report its progress, and resume from what
// an earlier worker has left. A damaged checkpoint is ignored: the trial starts
// over.
func (s *jobStore) Prepare(ctx context.Context, t *training.Trainer) error {
	saved := time.Now()
	t.Callbacks = append(t.Callbacks, training.Callback{OnCheckpoint: func(r *training.Run) error {
		s.job.Progress(r.Steps, int64(t.Epochs)*int64(r.StepsPerEpoch))
		if s.every <= 0 || time.Since(saved) < s.every {
			return nil
		}
		saved = time.Now()
		s.err = s.save(ctx, r)
		return s.err
	}})
	var data []byte
	if data, s.err = s.job.Checkpoint(ctx); s.err != nil || data == nil {
		return s.err
	}
	if s.err = os.WriteFile(s.path, data, 0o600); s.err != nil {
		return s.err
	}
	if state, err := checkpoint.Load(s.path); err == nil {
		t.Resume = state
	}
	return nil
}

func (s *jobStore) save(ctx context.Context, r *training.Run) error {
	state, err := r.State()
	if err != nil {
		return err
	}
	data, err := encode(state, s.path)
	if err != nil {
		return err
	}
	return s.job.SaveCheckpoint(ctx, data)
}

func encode(s *training.State, path string) ([]byte, error) {
	if err := checkpoint.Save(path, s); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Finish leaves the result to the outcome of the job.
func (s *jobStore) Finish(_ context.Context, r experiment.Result) (experiment.Result, error) {
	return r, nil
}
