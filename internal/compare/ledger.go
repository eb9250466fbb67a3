package compare

import (
	"cmp"
	"slices"
)

// A ledger holds finished trials by split and arm. An experiment of little data has thousands,
// and looks into it after each.
type ledger struct {
	cells map[place]*cell
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
	l := ledger{cells: make(map[place]*cell)}
	for _, t := range trials {
		l.add(t)
	}
	return l
}

func (l *ledger) add(t Trial) {
	c := l.cells[place{t.Split, t.Arm}]
	if c == nil {
		c = new(cell)
		l.cells[place{t.Split, t.Arm}] = c
	}
	i, _ := c.find(t.Round + 1)
	c.trials = slices.Insert(c.trials, i, t)
	l.count++
	for {
		if _, ok := c.find(c.rounds); !ok {
			return
		}
		c.rounds++
	}
}

// find returns the place of the first trial of a round, or where it would be.
func (c *cell) find(round int) (int, bool) {
	return slices.BinarySearchFunc(c.trials, round, func(t Trial, round int) int { return cmp.Compare(t.Round, round) })
}

// before returns the trials of a split and an arm of the rounds before one. They are the
// ledger's own.
func (l *ledger) before(split int, arm Arm, round int) []Trial {
	c := l.cells[place{split, arm}]
	if c == nil {
		return nil
	}
	i, _ := c.find(round)
	return slices.Clip(c.trials[:i])
}

// all returns the trials of a split and an arm.
func (l *ledger) all(split int, arm Arm) []Trial {
	if c := l.cells[place{split, arm}]; c != nil {
		return slices.Clip(c.trials)
	}
	return nil
}

// has says whether a trial is finished.
func (l *ledger) has(split int, arm Arm, round int) bool {
	c := l.cells[place{split, arm}]
	if c == nil {
		return false
	}
	_, ok := c.find(round)
	return ok
}

// rounds returns how many rounds of a split and an arm are finished.
func (l *ledger) rounds(split int, arm Arm) int {
	if c := l.cells[place{split, arm}]; c != nil {
		return c.rounds
	}
	return 0
}

// of returns how many trials of a round are finished.
func (l *ledger) of(round int) int {
	n := 0
	for _, c := range l.cells {
		if _, ok := c.find(round); ok {
			n++
		}
	}
	return n
}
