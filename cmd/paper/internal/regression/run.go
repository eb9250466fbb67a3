package regression

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

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// A Run runs the study, keeps its records in files, and writes what they say.
type Run struct {
	Sets    []Set
	Budget  Budget
	Label   string // of the budget
	Seed    uint64 // of the first split
	Workers int    // trainings at a time
	Dir     string // of the study
	Records Records
	Log     io.Writer
	BLAS    string   // which library multiplies matrices, for the page
	Args    []string // of the command, for the page
	Methods []string // to train, without a page; none: all
	// Train makes the record of a trial that has none; nil trains.
	Train func(context.Context, Trial, *datasets.Table, datasets.Fold) (*Record, error)

	mu   sync.Mutex // guards Log and done
	done int
}

// Records are the files of records by set: one of all sets would be large.
type Records map[string]*records.File[Record]

// OpenRecords returns the files of sets in a directory.
func OpenRecords(dir string, sets []Set) (Records, error) {
	files := make(Records)
	for _, s := range sets {
		var err error
		if files[s.Name], err = records.Open[Record](filepath.Join(dir, Name+"-"+s.Name+".jsonl")); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// A chosenTrial is a trial on a test part, with the settings that were best on
// the held-out part of its training part.
type chosenTrial struct {
	Record
	held Score // of these settings on the held-out part
}

// results are the records on the test parts by set and method, split by split.
type results map[string]map[string][]chosenTrial

// Run trains what has no record yet, and writes the page and a table to the directory, and
// the page to out; or, of some methods, shows them only.
func (l *Run) Run(ctx context.Context, out io.Writer) error {
	start := time.Now()
	if err := os.MkdirAll(l.Dir, 0o777); err != nil {
		return errors.Wrap(err, "--out")
	}
	found := make(results)
	for _, s := range l.Sets {
		table, err := s.Load()
		if err != nil {
			return err
		}
		folds, err := s.Splits()
		if err != nil {
			return err
		}
		found[s.Name] = make(map[string][]chosenTrial)
		for _, m := range l.chosen() {
			if found[s.Name][m.name], err = l.method(ctx, s, m, table, folds[:l.Budget.Splits]); err != nil {
				return err
			}
		}
		if len(l.Methods) > 0 {
			continue
		}
		found[s.Name][gaussianNLL] = singles(found[s.Name][deepEnsemble])
	}
	if len(l.Methods) > 0 {
		t, _ := l.scores(found)
		var text strings.Builder
		t.Write(&text)
		page.Show(out, text.String(), cmdline.Columns(out))
		return nil
	}
	return l.write(out, found, time.Since(start))
}

// chosen returns the methods to train.
func (l *Run) chosen() (all []method) {
	for _, m := range methods {
		if len(l.Methods) == 0 || slices.Contains(l.Methods, m.name) {
			all = append(all, m)
		}
	}
	return all
}

// method runs a method on the splits of a set: the candidates of all splits, then
// the best of each.
func (l *Run) method(ctx context.Context, s Set, m method, table *datasets.Table, folds []datasets.Fold) ([]chosenTrial, error) {
	var candidates []Trial
	for _, f := range folds {
		candidates = append(candidates, m.candidates(s, f.Part, l.Budget, l.Seed+uint64(f.Part))...)
	}
	measured, err := l.trials(ctx, candidates, table, folds)
	if err != nil {
		return nil, err
	}
	final, held := make([]Trial, len(folds)), make([]Score, len(folds))
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
			m.final(&final[i], l.Budget)
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
func (l *Run) trials(ctx context.Context, trials []Trial, table *datasets.Table, folds []datasets.Fold) ([]Record, error) {
	all := make([]Record, len(trials))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(l.Workers)
	for i, t := range trials {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := l.trial(ctx, t, table, folds[t.Split])
			if err == nil {
				all[i] = *r
			}
			return errors.WithMessage(err, t.String())
		})
	}
	return all, group.Wait()
}

// trial returns the record of a trial, which is kept or made.
func (l *Run) trial(ctx context.Context, t Trial, table *datasets.Table, fold datasets.Fold) (*Record, error) {
	key, err := Record{Trial: t}.Key()
	if err != nil {
		return nil, err
	}
	r, err := l.Records[t.Set].Find(key)
	if err != nil {
		return nil, err
	}
	what := "kept"
	if r == nil {
		train := train
		if l.Train != nil {
			train = l.Train
		}
		if r, err = train(ctx, t, table, fold); err != nil {
			return nil, err
		}
		what = fmt.Sprintf("%d updates, %.1f s", r.Steps, r.Time.Seconds())
		if r, err = l.Records[t.Set].Add(*r); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	_, err = fmt.Fprintf(l.Log, "%s: %d/%d  %v: RMSE %.3g, log-likelihood %.3f, %s\n",
		Name, l.done, l.all(), t, r.Score.RMSE, r.Score.LogLikelihood, what)
	return r, err
}

// all returns the number of trials of the study.
func (l *Run) all() int {
	n := 0
	for _, s := range l.Sets {
		for _, m := range l.chosen() {
			n += l.Budget.Splits * (len(m.candidates(s, 0, l.Budget, l.Seed)) + 1)
		}
	}
	return n
}
