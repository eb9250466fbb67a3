package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A studyRun runs the trials of a study, keeps their records in a file, and
// writes what they found.
type studyRun struct {
	study   study
	budget  budget
	label   string // of the budget
	tune    bool
	small   bool // weights of ReLUs at first
	seed    uint64
	workers int
	device  string
	rows    []string // names of arms; none for all
	dir     string   // of the study
	records *records.File[record]
	sets    *sets
	log     io.Writer
	blas    string
	args    []string
	every   time.Duration // between lines about a training under way

	mu sync.Mutex // guards log
}

// A subject is a trained network to measure.
type subject struct {
	trial   trial
	trainer *training.Trainer
	data    training.Data
	passes  int
}

// run runs the study and writes its results.
func (l *studyRun) run(ctx context.Context, out io.Writer) error {
	start := time.Now()
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return errors.Wrap(err, "--out")
	}
	arms := slices.Clone(l.study.arms(l.budget))
	if l.small {
		for i, a := range arms {
			arms[i] = a.smallWeights()
		}
	}
	if len(l.rows) > 0 {
		arms = slices.DeleteFunc(arms, func(a arm) bool { return !slices.Contains(l.rows, a.Name) })
	}
	r := &results{study: l.study, budget: l.budget, label: l.label, arms: arms, workers: l.workers}
	if l.tune {
		choose := l.study.choose
		if choose == nil {
			choose = (*studyRun).tuned
		}
		var err error
		if arms, r.tuned, err = choose(l, ctx, arms); err != nil {
			return err
		}
		r.arms = arms
	}
	var trials []trial
	for _, seed := range experiment.Seeds(l.seed, l.budget.Seeds) {
		for _, a := range arms {
			trials = append(trials, l.trial(a, seed))
		}
	}
	var err error
	if r.records, err = l.trials(ctx, trials); err != nil {
		return err
	}
	if len(l.rows) > 0 {
		l.writeRows(out, r)
		return nil
	}
	return l.write(out, r, time.Since(start))
}

func (l *studyRun) trial(a arm, seed uint64) trial {
	b := l.budget
	if a.Images == 0 {
		a.Images = b.Images
	}
	b.Updates, a.Updates = cmp.Or(a.Updates, b.Updates), 0
	measure := l.study.measures
	switch {
	case measure == monteCarlo:
		measure = fmt.Sprintf("%s %d", measure, b.Passes)
	case measure == codes && seed != l.seed:
		measure = codeNumbers
	}
	return trial{Version: version, Arm: a, Budget: b, Seed: seed, Measure: measure}
}

// trials runs what has not been run yet and returns the records in order.
func (l *studyRun) trials(ctx context.Context, trials []trial) ([]record, error) {
	stores, all := make([]*trialStore, len(trials)), make([]experiment.Trial, len(trials))
	for i, t := range trials {
		var err error
		if stores[i], err = l.store(t); err != nil {
			return nil, err
		}
		all[i] = experiment.Trial{Arm: l.experimentArm(stores[i]), Seed: t.Seed}
	}
	done := 0
	runner := experiment.Runner{Workers: l.workers, Watch: l.watch, Done: func(i int, _ experiment.Result, found bool) {
		done++
		l.report(&stores[i].record, found, fmt.Sprintf("%d/%d", done, len(all)))
	}}
	if _, err := runner.Run(ctx, all); err != nil {
		return nil, err
	}
	made := make([]record, len(trials))
	for i, s := range stores {
		made[i] = s.record
	}
	return made, nil
}

// experimentArm returns the arm of a trial, whose network is measured as the
// study requires.
func (l *studyRun) experimentArm(s *trialStore) experiment.Arm {
	t := s.record.Trial
	return experiment.Arm{
		Name: t.Arm.Name,
		New: func(seed uint64) (*training.Trainer, training.Data, error) {
			data, err := l.sets.data(t)
			if err != nil {
				return nil, data, err
			}
			s.curve.test = data.Test
			trainer, err := t.Arm.trainer(t.Budget.Shrink, t.Budget.Updates, data.Train.Len(), t.Arm.Rate, seed)
			if err == nil {
				trainer.Device = l.device
			}
			return trainer, data, err
		},
		Measure: func(ctx context.Context, trainer *training.Trainer, data training.Data) (map[string][]float64, error) {
			return l.study.measured(ctx, &subject{trial: t, trainer: trainer, data: data, passes: l.budget.Passes})
		},
		Store:      func(uint64) experiment.Store { return s },
		MayDiverge: t.Held > 0,
	}
}

// watch writes a line about a long training from time to time.
func (l *studyRun) watch(arm string, seed uint64, _ *training.Trainer) []training.Callback {
	last := time.Now()
	return []training.Callback{{OnStep: func(r *training.Run) error {
		if time.Since(last) < l.every {
			return nil
		}
		last = time.Now()
		l.mu.Lock()
		defer l.mu.Unlock()
		_, err := fmt.Fprintf(l.log, "%s: %s, seed %d: update %d of %d, loss %.4f\n", l.study.name, arm, seed,
			r.Steps, r.Trainer.Epochs*r.StepsPerEpoch, r.Loss)
		return err
	}}}
}

// report writes a line about a finished trial; place is its place among all.
func (l *studyRun) report(r *record, found bool, place string) {
	what := fmt.Sprintf("%.1f s", r.Time.Seconds())
	if found {
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
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.log, "%s: %s  %s, %s: %s, %d updates, %s\n", l.study.name, place, r.Trial.Arm.Name, seed, result, updates, what)
}
