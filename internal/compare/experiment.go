package compare

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// An Experiment compares both arms on a subject.
type Experiment struct {
	Subject Subject
	Seed    uint64
	Splits  []Split // the first without a test part
	Length  Length
	Workers int // trainings at a time
	Store   *Store
	// Elsewhere trains in place of this process, unless it is nil.
	Elsewhere Trainer
	// Fixed says that all splits are used, and not as many as the time allows. A run sets
	// it.
	Fixed bool
	// Watch, if set, returns callbacks for the training of a trial.
	Watch func(t Trial) []training.Callback

	space  Space
	folds  int // of a repeat
	trials ledger
	mu     sync.Mutex // of parts
	parts  []*Part
	// What Pace has measured: the time of an example in a pass of Monte Carlo dropout, and
	// in a pass without dropout, at most.
	pass, plain time.Duration
}

// maxCached is the number of input values, over all splits, that are kept in memory.
const maxCached = 1 << 28

// New returns the experiment of a subject, with the trials that the store has already.
// The subject is a [Table], [Images] or a [Book]. The zero length stands for the usual one.
func New(subject Subject, split Splitting, length Length, store *Store, workers int) (*Experiment, error) {
	switch subject.(type) {
	case *Table, *Images, *Book:
	default:
		// One that wraps another is not what it seems to be where they differ.
		return nil, errors.Errorf("compare: New: subject must be a table, images or a book, got %T", subject)
	}
	splits, err := subject.Splits(split)
	if err != nil {
		return nil, err
	}
	e := &Experiment{
		Subject: subject, Seed: split.Seed, Splits: splits, Length: length, Workers: workers, Store: store,
		space: subject.Space(), Fixed: split.Repeats > 0, folds: cmp.Or(split.Folds, usualFolds), parts: make([]*Part, len(splits)),
	}
	if e.Length == (Length{}) {
		e.Length = subject.Length(len(splits[0].Train))
	}
	trials, err := store.Trials()
	e.trials = newLedger(trials)
	return e, err
}

// A Limit says when to end: after a number of rounds, unless that is 0, or in time. Trainings
// end before Until, so that there is time to test: see [Experiment.Pace].
type Limit struct {
	Rounds int
	Until  time.Time
}

// A Progress is how far an experiment has come.
type Progress struct {
	Round, Done, Of int // trials of the round
	Until           time.Time
	// Best are the mean scores of the best trials so far, by the validation parts.
	Best map[Arm]float64
}

// Run runs rounds until the limit is reached or ctx is done. What was finished is in the
// store, whatever ends it. progress may be nil.
func (e *Experiment) Run(ctx context.Context, limit Limit, progress func(Progress)) error {
	start, begun := time.Now(), e.trials.count > 0
	// However short the time, there is a result.
	if !begun && len(e.Splits) > 1 {
		if err := e.round(ctx, 0, []int{1}, limit.Until, progress); err != nil {
			return err
		}
	}
	whole := limit
	if !limit.Until.IsZero() {
		limit.Until = whole.end(e.reserve(min(len(e.Splits), 1+e.folds)))
	}
	first, cancel := limit.context(ctx)
	err := e.fix(first, limit, start, begun, progress)
	cancel()
	if err != nil {
		return endOf(ctx, first, err)
	}
	if !limit.Until.IsZero() {
		limit.Until = whole.end(e.reserve(len(e.Splits)))
	}
	timed, cancel := limit.context(ctx)
	defer cancel()
	var longest time.Duration
	for round := e.Rounds(); limit.Rounds == 0 || round < limit.Rounds; round++ {
		start := time.Now()
		if !limit.Until.IsZero() && round > 0 && start.Add(longest).After(limit.Until) {
			return nil // another round would not end
		}
		if err := e.round(timed, round, e.order(), limit.Until, progress); err != nil {
			return endOf(ctx, timed, err)
		}
		longest = max(longest/2, time.Since(start))
		if err := e.Store.prune(e.kept()); err != nil {
			return err
		}
	}
	return nil
}

// context returns a context that ends in time.
func (l Limit) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.Until.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, l.Until)
}

// endOf returns nil for the error of a run that has ended in time.
func endOf(ctx, timed context.Context, err error) error {
	if ctx.Err() == nil && timed.Err() != nil {
		return nil
	}
	return err
}

// fewRounds is the number of rounds that there should be before splits are repeated.
const fewRounds = 10

// fix decides how many of the splits are used: as many repeats as leave time for enough
// rounds, by the time that the first round of one repeat takes from its start. A run that had
// begun before does not know how long that took.
func (e *Experiment) fix(ctx context.Context, limit Limit, start time.Time, begun bool, progress func(Progress)) error {
	if e.Fixed || limit.Until.IsZero() || len(e.Splits)-1 <= e.folds {
		e.Fixed = true
		return nil
	}
	all := e.Splits
	e.Splits = all[:1+e.folds]
	if err := e.round(ctx, 0, e.order(), limit.Until, progress); err != nil {
		return err
	}
	repeats := (len(all) - 1) / e.folds
	if took := time.Since(start); !begun && took > 0 {
		repeats = min(repeats, max(1, int(time.Until(limit.Until)/(fewRounds*took))))
	}
	e.Splits = all[:1+repeats*e.folds]
	e.Fixed = true
	return nil
}

// Use uses the first repeats of the splits.
func (e *Experiment) Use(repeats int) {
	e.Splits = e.Splits[:min(len(e.Splits), 1+repeats*e.folds)]
	e.Fixed = true
}

// Repeats returns how often the splits are repeated.
func (e *Experiment) Repeats() int { return max(1, (len(e.Splits)-1)/e.folds) }

// order returns the splits in the order in which they are trained: that of the final model
// comes last.
func (e *Experiment) order() []int {
	splits := indices(len(e.Splits))
	return append(splits[1:], 0)
}

// round runs the trials of a round that are not in the store, of some splits.
func (e *Experiment) round(ctx context.Context, round int, splits []int, until time.Time, progress func(Progress)) error {
	var of []experiment.Trial
	var open []Trial
	var tasks []Task
	earlier := e.trials.count
	for _, split := range splits {
		for _, arm := range e.armsOf(round) {
			finished := e.trials.at(split, arm)
			if finished.has(round) {
				continue
			}
			mine := finished.before(round)
			t := Trial{Split: split, Arm: arm, Round: round, Settings: e.space.Propose(e.Seed, split, round, arm, mine)}
			task := Task{Split: split, Arm: arm, Round: round, Settings: t.Settings}
			if best := bestOf(mine); best >= 0 {
				task.Best = &mine[best].Score
			}
			keep := func(m *models.Model) error { return e.Store.saveModel(m, t) }
			of = append(of, experiment.Trial{Seed: uint64(len(open)), Arm: e.arm(task, keep)})
			open, tasks = append(open, t), append(tasks, task)
		}
	}
	var failed error
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	took := func(t Trial) {
		e.trials.add(t)
		if err := e.Store.append(t); err != nil && failed == nil {
			failed = err
			stop()
		}
	}
	before, all := e.progress(round)
	tell := func(done int) {
		if progress != nil {
			progress(Progress{Round: round, Done: before + done, Of: all, Until: until, Best: e.best()})
		}
	}
	var err error
	if e.Elsewhere != nil {
		err = e.elsewhere(ctx, tasks, took, tell)
	} else {
		runner := experiment.Runner{Workers: e.Workers, Done: func(i int, r experiment.Result, _ bool) {
			took(e.result(open[i], r))
			tell(e.trials.count - earlier)
		}}
		_, err = runner.Run(ctx, of)
	}
	if failed != nil {
		return failed
	}
	return err
}

// progress returns how many trials of a round are done, and how many it has.
func (e *Experiment) progress(round int) (done, of int) {
	splits := len(e.Splits)
	if !e.Fixed {
		splits = min(splits, 1+e.folds) // the first repeat
	}
	return e.trials.of(round), splits * len(e.armsOf(round))
}

// armsOf returns the arms that have a trial in a round: both, and logistic regression as
// long as there are penalties to try.
func (e *Experiment) armsOf(round int) []Arm {
	if k := e.Subject.Kind(); round < len(penalties) && (k == Classes || k == Labels) {
		return []Arm{Without, With, Linear}
	}
	return Arms
}

// result makes a trial of what the runner has found.
func (e *Experiment) result(t Trial, r experiment.Result) Trial {
	if t.Diverged = r.Diverged; r.Diverged != "" {
		return t
	}
	return e.finished(t, r.History)
}

// arm returns the training of a task, whose model goes to keep if it is better than the
// best.
func (e *Experiment) arm(task Task, keep func(*models.Model) error) experiment.Arm {
	t := task.trial()
	var history *training.History
	return experiment.Arm{
		Name: fmt.Sprintf("%s, split %d, round %d", t.Arm, t.Split+1, t.Round+1), MayDiverge: true,
		New: func(uint64) (*training.Trainer, training.Data, error) {
			p, err := e.part(t.Split)
			if err != nil {
				return nil, training.Data{}, err
			}
			trainer, err := e.trainer(p, t)
			if err != nil {
				return nil, training.Data{}, err
			}
			trainer.Callbacks = append(trainer.Callbacks, training.Callback{OnStart: func(r *training.Run) error {
				history = r.History
				return nil
			}})
			if e.Watch != nil {
				trainer.Callbacks = append(trainer.Callbacks, e.Watch(t)...)
			}
			return trainer, training.Data{Train: p.Train, Validation: p.Validation}, nil
		},
		Measure: func(_ context.Context, trainer *training.Trainer, _ training.Data) (map[string][]float64, error) {
			if score := e.score(history.Validation); task.Best != nil && score >= *task.Best {
				return nil, nil
			}
			return nil, keep(trainer.Model)
		},
	}
}

// part returns the data of a split.
func (e *Experiment) part(split int) (*Part, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.parts[split]; p != nil {
		return p, nil
	}
	p, err := e.Subject.Part(e.Splits[split])
	if err != nil {
		return nil, errors.WithMessagef(err, "split %d", split+1)
	}
	if e.caches(p, e.Splits[split]) {
		e.parts[split] = p
	}
	return p, nil
}

// Trials returns the finished trials of complete rounds or, if there are none, those of the
// splits in which both arms are finished.
func (e *Experiment) Trials() []Trial {
	var of []Trial
	for split := range e.Splits {
		for _, arm := range e.armsOf(0) {
			of = append(of, e.counted(split, arm)...)
		}
	}
	return of
}

// counted returns those of Trials of a split and an arm.
func (e *Experiment) counted(split int, arm Arm) []Trial {
	for _, a := range Arms {
		if !e.trials.at(split, a).has(0) {
			return nil
		}
	}
	return e.trials.at(split, arm).before(max(e.Rounds(), 1))
}

// Rounds returns the number of rounds that every split and arm has finished.
func (e *Experiment) Rounds() int {
	rounds := math.MaxInt
	for split := range e.Splits {
		for _, arm := range e.armsOf(0) {
			n := e.trials.at(split, arm).rounds
			if arm == Linear && n >= len(penalties) {
				continue // it has no more
			}
			rounds = min(rounds, n)
		}
	}
	return rounds
}

// Chosen returns the best trial of a split and an arm by the validation part.
func (e *Experiment) Chosen(split int, arm Arm) (Trial, bool) {
	of := e.counted(split, arm)
	if i := bestOf(of); i >= 0 {
		return of[i], true
	}
	return Trial{}, false
}

// kept returns the trials whose models may be needed.
func (e *Experiment) kept() []Trial {
	var kept []Trial
	for split := range e.Splits {
		for _, arm := range e.armsOf(0) {
			if t, ok := e.Chosen(split, arm); ok {
				kept = append(kept, t)
			}
		}
	}
	return kept
}

func (e *Experiment) best() map[Arm]float64 {
	best := make(map[Arm]float64)
	for _, arm := range Arms {
		var sum, n float64
		for split := range e.Splits {
			of := e.trials.at(split, arm).trials
			if i := bestOf(of); i >= 0 {
				sum += of[i].Score
				n++
			}
		}
		if n > 0 {
			best[arm] = sum / n
		}
	}
	return best
}
