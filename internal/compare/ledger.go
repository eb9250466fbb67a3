package compare

import (
	"cmp"
	"slices"
)

// A ledger holds finished trials by split and arm. An experiment of little data has thousands,
// and looks into it after each.
type ledger struct {
	cells map[place]cell
	count int
}

type place struct {
	split int
	arm   Arm
}

// A cell has the trials of a place, by round.
type cell struct {
	trials []Trial
	rounds int // that are finished, up to the first that is not
}

func newLedger(trials []Trial) ledger {
	l := ledger{cells: make(map[place]cell)}
	for _, t := range trials {
		l.add(t)
	}
	return l
}

func (l *ledger) add(t Trial) {
	c := l.at(t.Split, t.Arm)
	i, _ := c.find(t.Round + 1)
	c.trials = slices.Insert(c.trials, i, t)
	for c.has(c.rounds) {
		c.rounds++
	}
	l.cells[place{t.Split, t.Arm}] = c
	l.count++
}

// at returns the trials of a split and an arm. They are the ledger's own.
func (l *ledger) at(split int, arm Arm) cell { return l.cells[place{split, arm}] }

// of returns how many trials of a round are finished.
func (l *ledger) of(round int) int {
	n := 0
	for _, c := range l.cells {
		if c.has(round) {
			n++
		}
	}
	return n
}

// find returns the place of the first trial of a round, or where it would be.
func (c cell) find(round int) (int, bool) {
	return slices.BinarySearchFunc(c.trials, round, func(t Trial, round int) int { return cmp.Compare(t.Round, round) })
}

// has says whether the trial of a round is finished.
func (c cell) has(round int) bool {
	_, ok := c.find(round)
	return ok
}

// before returns the trials of the rounds before one.
func (c cell) before(round int) []Trial {
	i, _ := c.find(round)
	return slices.Clip(c.trials[:i])
}
