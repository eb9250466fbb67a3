package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A trialStore keeps one trial: its record in the file of its study and, until
// there is one, a checkpoint. It implements [experiment.Store].
type trialStore struct {
	record  record // the trial and, once it has run, its result
	records *records.File[record]
	path    string // of the checkpoint
	curve   *curve
	machine func(device string) string
}

// store returns the store of a trial.
func (l *studyRun) store(t trial) (*trialStore, error) {
	key, err := t.key()
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d-%.4x.safetensors", slug(t.Arm.Name), t.Seed, sha256.Sum256([]byte(key)))
	return &trialStore{record: record{Trial: t}, records: l.records, path: filepath.Join(l.dir, name), curve: newCurve(t), machine: l.machine}, nil
}

// result returns the record in the form that the runner takes.
func (s *trialStore) result() experiment.Result {
	r := s.record
	return experiment.Result{Arm: r.Trial.Arm.Name, Seed: r.Trial.Seed, History: r.History, Extra: r.Extra, Diverged: r.Diverged}
}

// Find looks for the record of the trial.
func (s *trialStore) Find(context.Context) (*experiment.Result, error) {
	key, err := s.record.Key()
	if err != nil {
		return nil, err
	}
	r, err := s.records.Find(key)
	if r == nil || err != nil {
		return nil, err
	}
	s.record = *r
	result := s.result()
	return &result, nil
}

// Prepare makes t keep checkpoints, measure itself, and resume.
func (s *trialStore) Prepare(ctx context.Context, t *training.Trainer) error {
	noted := training.Callback{OnStart: func(r *training.Run) error {
		device, _ := r.Device() // why it is no other is of no interest here
		s.curve.state.Machines = []string{s.machine(device)}
		return nil
	}}
	t.Callbacks = append(t.Callbacks, s.curve.callback(ctx), keep(s.path), noted)
	state, err := checkpoint.Load(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	t.Resume = state
	return err
}

// Finish adds the record of the trial to the file.
func (s *trialStore) Finish(_ context.Context, r experiment.Result) (experiment.Result, error) {
	made := record{Trial: s.record.Trial, Diverged: r.Diverged, Machine: strings.Join(s.curve.state.Machines, ", then ")}
	if r.Diverged == "" {
		made.History, made.Extra, made.Time = r.History, r.Extra, s.curve.state.Time
		made.History.Epochs = nil
		if made.Extra == nil {
			made.Extra = make(map[string][]float64)
		}
		s.curve.add(made.Extra)
	}
	kept, err := s.records.Add(made)
	if err != nil {
		return r, err
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return r, err
	}
	s.record = *kept
	return s.result(), nil
}

// keep saves the training at intervals and when it is stopped.
func keep(path string) training.Callback {
	const interval = 20 * time.Second
	saved := time.Now()
	save := func(r *training.Run) error {
		s, err := r.State()
		if err != nil {
			return err
		}
		saved = time.Now()
		return checkpoint.Save(path, s)
	}
	return training.Callback{
		OnStart: func(*training.Run) error { return atomicfile.Clean(path) },
		OnCheckpoint: func(r *training.Run) error {
			if time.Since(saved) < interval {
				return nil
			}
			return save(r)
		},
		OnEnd: func(r *training.Run) error {
			if r.Steps == 0 || r.Epoch == r.Trainer.Epochs {
				return nil // nothing is lost, or the record follows
			}
			if bad := (*training.NonFiniteError)(nil); errors.As(r.Err, &bad) {
				return nil // no state to go on from
			}
			return save(r)
		},
	}
}

// slug makes a file name of a name.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, name), "-")
}
