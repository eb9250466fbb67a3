package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A budget says how much is trained.
type budget struct {
	Images  int `json:"images"`  // training images of arms that do not say
	Test    int `json:"test"`    // images to report on: the first of the test set
	Updates int `json:"updates"` // of each training, about: whole epochs are made
	Shrink  int `json:"shrink"`  // what widths are divided by
	Seeds   int `json:"-"`
	Passes  int `json:"-"` // of Monte-Carlo averaging
}

func (b budget) check() error {
	if b.Images < classes || b.Test < classes || b.Updates < 1 || b.Shrink < 1 || b.Seeds < 1 {
		return errors.Errorf("budget must have images, updates, seeds and a divisor of widths, got %+v", b)
	}
	return nil
}

// sets are MNIST.
type sets struct{ train, test *mnist.Set }

func load(dir string) (*sets, error) {
	train, test, err := mnistrun.Open(dir)
	return &sets{train, test}, err
}

// enough returns an error if a study needs more images than there are.
func (s *sets) enough(of study, b budget) error {
	images := b.Images
	for _, a := range of.arms(b) {
		images = max(images, a.Images)
	}
	if images > s.train.Len() || b.Test > s.test.Len() {
		return errors.Errorf("%s: data must have %d images to train on and %d to test, got %d and %d", of.name, images, b.Test, s.train.Len(), s.test.Len())
	}
	return nil
}

// A subject is a trained network to be measured.
type subject struct {
	trial   trial
	trainer *training.Trainer
	data    training.Data
	passes  int
}

// lab runs the trials of a study and keeps their records in a file.
type lab struct {
	study   study
	budget  budget
	label   string // of the budget
	tune    bool
	seed    uint64
	workers int
	dir     string // of the study
	kept    *recordFile
	sets    *sets
	log     io.Writer
	blas    string
	args    []string
	every   time.Duration // between lines about a training that goes on

	mu   sync.Mutex // guards log and what follows
	done int
	all  int
}

// run makes the study and writes its results.
func (l *lab) run(ctx context.Context, out io.Writer) error {
	start := time.Now()
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return errors.Wrap(err, "--out")
	}
	arms := l.study.arms(l.budget)
	r := &results{study: l.study, budget: l.budget, label: l.label, arms: arms, workers: l.workers}
	if l.tune {
		var err error
		if arms, r.tuned, err = l.tuned(ctx, arms); err != nil {
			return err
		}
		r.arms = arms
	}
	var trials []trial
	for i := range l.budget.Seeds {
		for _, a := range arms {
			trials = append(trials, l.trial(a, l.seed+uint64(i)))
		}
	}
	var err error
	if r.records, err = l.trials(ctx, trials); err != nil {
		return err
	}
	return l.write(out, r, time.Since(start))
}

func (l *lab) trial(a arm, seed uint64) trial {
	b := l.budget
	if a.Images == 0 {
		a.Images = b.Images
	}
	measure := l.study.measures
	if measure == monteCarlo {
		measure = fmt.Sprintf("%s %d", measure, b.Passes)
	}
	return trial{Version: version, Arm: a, Budget: b, Seed: seed, Measure: measure}
}

// trials runs what has not been run yet and returns the records in order.
func (l *lab) trials(ctx context.Context, trials []trial) ([]record, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.done, l.all = 0, len(trials)
	records := make([]record, len(trials))
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range l.workers {
		wg.Go(func() {
			for i := range jobs {
				r, err := l.record(ctx, trials[i])
				if err != nil {
					cancel(errors.Wrapf(err, "%s, seed %d", trials[i].Arm.Name, trials[i].Seed))
					continue
				}
				records[i] = *r
			}
		})
	}
feed:
	for i := range trials {
		select {
		case jobs <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(jobs)
	wg.Wait()
	return records, context.Cause(ctx)
}

// record returns the record of a trial, from the file if it is there.
func (l *lab) record(ctx context.Context, t trial) (*record, error) {
	r, err := l.kept.find(t)
	if err != nil {
		return nil, err
	}
	if r != nil {
		l.report(r, true)
		return r, nil
	}
	path, err := l.checkpoint(t)
	if err != nil {
		return nil, err
	}
	made, err := l.train(ctx, t, path)
	if bad := (*training.NonFiniteError)(nil); t.Held > 0 && errors.As(err, &bad) {
		made, err = record{Trial: t, Diverged: bad.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	if r, err = l.kept.add(made); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l.report(r, false)
	return r, nil
}

// checkpoint is the path of a training that is stopped before its end.
func (l *lab) checkpoint(t trial) (string, error) {
	key, err := t.key()
	if err != nil {
		return "", err
	}
	return filepath.Join(l.dir, fmt.Sprintf("%s-%d-%.4x.safetensors", slug(t.Arm.Name), t.Seed, sha256.Sum256([]byte(key)))), nil
}

// train makes a trial, going on from a checkpoint if there is one.
func (l *lab) train(ctx context.Context, t trial, path string) (record, error) {
	r := record{Trial: t}
	s := subject{trial: t, passes: l.budget.Passes}
	c := newCurve(ctx, t, &s.data)
	arm := experiment.Arm{Name: t.Arm.Name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
		var err error
		if s.data, err = l.data(t); err != nil {
			return nil, s.data, err
		}
		a := t.Arm
		s.trainer, err = a.trainer(t.Budget.Shrink, t.Budget.Updates, s.data.Train.Len(), a.Rate, seed)
		if err != nil {
			return nil, s.data, err
		}
		s.trainer.Callbacks = append(s.trainer.Callbacks, c.callback(), keep(path))
		state, err := checkpoint.Load(path)
		if err == nil {
			s.trainer.Resume = state
		} else if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return s.trainer, s.data, err
	}}
	watch := func(_ string, _ uint64, _ *training.Trainer) []training.Callback {
		return []training.Callback{l.progress(t)}
	}
	done, err := experiment.Run(ctx, []experiment.Arm{arm}, []uint64{t.Seed}, 1, watch)
	if err != nil {
		return r, err
	}
	r.History = done[0].History
	r.History.Epochs = nil
	r.Time = c.state.Time
	r.Extra, err = l.study.measured(ctx, &s)
	if r.Extra == nil {
		r.Extra = make(map[string][]float64)
	}
	c.add(r.Extra)
	return r, err
}

// data returns the images of a trial: a stratified subset of the training set for
// each seed, the same for all arms.
func (l *lab) data(t trial) (training.Data, error) {
	train, test := l.sets.train, l.sets.test
	var err error
	if t.Held > 0 {
		if test, train, err = train.Stratified(t.Held, mnistrun.SplitSeed); err != nil {
			return training.Data{}, err
		}
	} else if test, err = test.Slice(0, min(t.Budget.Test, test.Len())); err != nil {
		return training.Data{}, err
	}
	if t.Arm.Images < train.Len() {
		if train, _, err = train.Stratified(t.Arm.Images, t.Seed); err != nil {
			return training.Data{}, err
		}
	}
	return training.Data{Train: train, Test: test}, nil
}

// keep saves the training every so often and when it is stopped.
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

// progress writes a line about a long training now and then.
func (l *lab) progress(t trial) training.Callback {
	last := time.Now()
	return training.Callback{OnStep: func(r *training.Run) error {
		if time.Since(last) < l.every {
			return nil
		}
		last = time.Now()
		l.mu.Lock()
		defer l.mu.Unlock()
		_, err := fmt.Fprintf(l.log, "%s: %s, seed %d: update %d of %d, loss %.4f\n", l.study.name, t.Arm.Name, t.Seed,
			r.Steps, r.Trainer.Epochs*r.StepsPerEpoch, r.Loss)
		return err
	}}
}

// report writes a line about a finished trial.
func (l *lab) report(r *record, old bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	what := fmt.Sprintf("%.1f s", r.Time.Seconds())
	if old {
		what = "kept"
	}
	result, updates := "diverged", int64(0)
	if r.Diverged == "" {
		result, updates = fmt.Sprintf("error %.2f %%", 100*r.History.Test.Error()), r.History.Steps
	}
	if r.Trial.Arm.Autoencoder {
		result = "done"
	}
	seed := fmt.Sprintf("seed %d", r.Trial.Seed)
	if r.Trial.Held > 0 {
		seed = fmt.Sprintf("rate %.3g on validation", r.Trial.Arm.Rate)
	}
	fmt.Fprintf(l.log, "%s: %d/%d  %s, %s: %s, %d updates, %s\n", l.study.name, l.done, l.all,
		r.Trial.Arm.Name, seed, result, updates, what)
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
