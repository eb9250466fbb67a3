package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// A uciRun runs the study of regression, keeps its records in a file, and writes
// what they say.
type uciRun struct {
	sets    []uciSet
	budget  uciBudget
	label   string // of the budget
	seed    uint64 // of the first split
	workers int
	dir     string // of the study
	records uciRecords
	log     io.Writer
	blas    string
	args    []string
	methods []string // to train, without a page; none: all
	train   func(context.Context, uciTrial, *datasets.Table, datasets.Fold) (*uciRecord, error)

	mu   sync.Mutex // guards log and done
	done int
}

// uciRecords are the files of records by set: one of all sets would be large.
type uciRecords map[string]*recordFile[uciRecord]

// openUCIRecords returns the files of sets in a directory.
func openUCIRecords(dir string, sets []uciSet) (uciRecords, error) {
	files := make(uciRecords)
	for _, s := range sets {
		var err error
		if files[s.Name], err = openRecords[uciRecord](filepath.Join(dir, uciName+"-"+s.Name+".jsonl")); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// A chosenTrial is a trial on a test part, with the settings that were best on
// the held-out part of its training part.
type chosenTrial struct {
	uciRecord
	held score // of these settings on the held-out part
}

// uciResults are the records on the test parts by set and method, split by split.
type uciResults map[string]map[string][]chosenTrial

// run runs the study and writes its results.
func (l *uciRun) run(ctx context.Context, out io.Writer) error {
	start := time.Now()
	if err := os.MkdirAll(l.dir, 0o777); err != nil {
		return errors.Wrap(err, "--out")
	}
	results := make(uciResults)
	for _, s := range l.sets {
		table, err := s.Load()
		if err != nil {
			return err
		}
		folds, err := s.Splits()
		if err != nil {
			return err
		}
		results[s.Name] = make(map[string][]chosenTrial)
		for _, m := range l.chosen() {
			if results[s.Name][m.name], err = l.method(ctx, s, m, table, folds[:l.budget.Splits]); err != nil {
				return err
			}
		}
		if len(l.methods) > 0 {
			continue
		}
		results[s.Name][gaussianNLL] = singles(results[s.Name][deepEnsemble])
	}
	if len(l.methods) > 0 {
		t, _ := l.scores(results)
		var text strings.Builder
		t.write(&text)
		show(out, text.String(), cmdline.Columns(out))
		return nil
	}
	return l.write(out, results, time.Since(start))
}

// chosen returns the methods to train.
func (l *uciRun) chosen() (all []uciMethod) {
	for _, m := range uciMethods {
		if len(l.methods) == 0 || slices.Contains(l.methods, m.name) {
			all = append(all, m)
		}
	}
	return all
}

// method runs a method on the splits of a set: the candidates of all splits, then
// the best of each.
func (l *uciRun) method(ctx context.Context, s uciSet, m uciMethod, table *datasets.Table, folds []datasets.Fold) ([]chosenTrial, error) {
	var candidates []uciTrial
	for _, f := range folds {
		candidates = append(candidates, m.candidates(s, f.Part, l.budget, l.seed+uint64(f.Part))...)
	}
	measured, err := l.trials(ctx, candidates, table, folds)
	if err != nil {
		return nil, err
	}
	final, held := make([]uciTrial, len(folds)), make([]score, len(folds))
	of := len(measured) / len(folds) // of each split
	for i := range folds {
		best := measured[i*of]
		for _, r := range measured[i*of : (i+1)*of] {
			if r.Score.LogLikelihood > best.Score.LogLikelihood {
				best = r
			}
		}
		final[i], held[i] = best.Trial, best.Score
		final[i].Held = false
		if m.final != nil {
			m.final(&final[i], l.budget)
		}
	}
	tested, err := l.trials(ctx, final, table, folds)
	if err != nil {
		return nil, err
	}
	all := make([]chosenTrial, len(folds))
	for i, r := range tested {
		all[i] = chosenTrial{r, held[i]}
	}
	return all, nil
}

// trials runs what has no record yet and returns the records in order.
func (l *uciRun) trials(ctx context.Context, trials []uciTrial, table *datasets.Table, folds []datasets.Fold) ([]uciRecord, error) {
	records := make([]uciRecord, len(trials))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(l.workers)
	for i, t := range trials {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := l.trial(ctx, t, table, folds[t.Split])
			if err == nil {
				records[i] = *r
			}
			return errors.WithMessage(err, t.String())
		})
	}
	return records, group.Wait()
}

// trial returns the record of a trial, which is kept or made.
func (l *uciRun) trial(ctx context.Context, t uciTrial, table *datasets.Table, fold datasets.Fold) (*uciRecord, error) {
	key, err := uciRecord{Trial: t}.key()
	if err != nil {
		return nil, err
	}
	r, err := l.records[t.Set].find(key)
	if err != nil {
		return nil, err
	}
	what := "kept"
	if r == nil {
		if r, err = l.train(ctx, t, table, fold); err != nil {
			return nil, err
		}
		what = fmt.Sprintf("%d updates, %.1f s", r.Steps, r.Time.Seconds())
		if r, err = l.records[t.Set].add(*r); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	_, err = fmt.Fprintf(l.log, "%s: %d/%d  %v: RMSE %.3g, log-likelihood %.3f, %s\n",
		uciName, l.done, l.all(), t, r.Score.RMSE, r.Score.LogLikelihood, what)
	return r, err
}

// all returns the number of trials of the study.
func (l *uciRun) all() int {
	n := 0
	for _, s := range l.sets {
		for _, m := range l.chosen() {
			n += l.budget.Splits * (len(m.candidates(s, 0, l.budget, l.seed)) + 1)
		}
	}
	return n
}
