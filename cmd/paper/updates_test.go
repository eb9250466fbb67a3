package main

import (
	"math"
	"testing"
)

// A longer run of the study has the trials of a shorter one and those of its new
// lengths, so that records of the latter are of use to it; and so have the
// trials that choose their rates.
func TestLengthen(t *testing.T) {
	keys := func(updates int) map[string]int {
		b := updatesStudy.budgets["full"]
		b.Updates = updates
		l := &studyRun{study: updatesStudy, budget: b, sets: fakeSets()}
		all := make(map[string]int)
		for _, a := range updatesStudy.arms(b) {
			trials := []trial{l.trial(a, 1)}
			for _, power := range []int{-1, 0, 1} {
				trials = append(trials, l.tuning(a, power))
			}
			for _, tr := range trials {
				key, err := tr.key()
				if err != nil {
					t.Fatal(err)
				}
				if all[key] = tr.Budget.Updates; tr.Held == 0 && a.updates(math.MaxInt) != tr.Budget.Updates {
					t.Errorf("%s: want a trial of %d updates, got %d", a.Name, a.updates(math.MaxInt), tr.Budget.Updates)
				}
			}
		}
		return all
	}
	short, long := keys(18000), keys(54000)
	if want := len(lawDrops) * 4 * 3; len(short) != want { // three lengths, each a trial and three to choose its rate
		t.Errorf("want %d trials, got %d", want, len(short))
	}
	for key, updates := range short {
		if _, ok := long[key]; !ok {
			t.Errorf("54,000 updates must have the trial of %d updates %s", updates, key)
		}
	}
}
