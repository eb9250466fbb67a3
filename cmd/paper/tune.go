package main

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// tuneSeed is not one of the seeds that results use.
const tuneSeed = 1 << 32

// A scan holds what is known of an arm by its learning rate: the records by the
// power of three that its own rate is multiplied by.
type scan map[int]record

// furthest is the largest power, up or down.
const furthest = 4

// missing returns the powers to try next: at first three of them, then one more
// if the best is at an end, or a lower one while all diverge.
func (s scan) missing() []int {
	if len(s) == 0 {
		return []int{-1, 0, 1}
	}
	best, ok := s.best()
	if !ok {
		best = s.powers()[0]
	}
	var some []int
	for _, k := range []int{best - 1, best + 1} {
		if _, known := s[k]; !known && k >= -furthest && k <= furthest {
			some = append(some, k)
		}
	}
	return some
}

// best returns the power with the lowest error, if any training finished.
func (s scan) best() (int, bool) {
	best, lowest := 0, 2.0
	for _, k := range s.powers() {
		if r := s[k]; r.Diverged == "" && r.History.Test.Error() < lowest {
			best, lowest = k, r.History.Test.Error()
		}
	}
	return best, lowest <= 1
}

func (s scan) powers() []int { return slices.Sorted(maps.Keys(s)) }

// tuned returns the arms with the learning rate that has the lowest error on
// held-out images, and the records of all rates tried.
func (l *studyRun) tuned(ctx context.Context, arms []arm) ([]arm, []record, error) {
	scans := make([]scan, len(arms))
	for i := range scans {
		scans[i] = make(scan)
	}
	for {
		type point struct{ arm, power int }
		var points []point
		var trials []trial
		for i, s := range scans {
			for _, k := range s.missing() {
				points, trials = append(points, point{i, k}), append(trials, l.tuning(arms[i], k))
			}
		}
		if len(trials) == 0 {
			break
		}
		records, err := l.trials(ctx, trials)
		if err != nil {
			return nil, nil, err
		}
		for i, p := range points {
			scans[p.arm][p.power] = records[i]
		}
	}
	best, all := slices.Clone(arms), []record(nil)
	for i, s := range scans {
		k, ok := s.best()
		if !ok {
			return nil, nil, errors.Errorf("%s: some rate must not diverge, got none: %s", arms[i].Name, s[s.powers()[0]].Diverged)
		}
		best[i].Rate = s[k].Trial.Arm.Rate
		for _, k := range s.powers() {
			all = append(all, s[k])
		}
	}
	return best, all, nil
}

// tuning returns the trial of an arm with its rate times a power of three, for
// a sixth of the budget's updates or half of the arm's.
func (l *studyRun) tuning(a arm, power int) trial {
	t := l.trial(a, tuneSeed)
	t.Measure, t.Held = "", min(10000, l.budget.Test)
	t.Budget.Updates = max(1, min(t.Budget.Updates/6, a.updates(t.Budget.Updates)/2))
	t.Arm.Rate, t.Arm.Share = a.Rate*math.Pow(3, float64(power)), 0
	t.Arm.Images = min(t.Arm.Images, l.sets.train.Len()-t.Held)
	return t
}
