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

// Dropout pays from the length on from which its error is lower at each.
func TestPays(t *testing.T) {
	r := &results{budget: budget{Updates: 9000}}
	for p, errors := range map[float64][3][]int{
		0:   {{30, 31, 32}, {20, 21, 22}, {15, 16, 17}},
		0.1: {{40, 41, 42}, {18, 19, 20}, {13, 14, 15}},
		0.2: {{30, 31, 32}, {18, 25, 16}, {13, 14, 15}}, // lower after 3000, but not surely
		0.3: {{28, 29, 30}, {18, 19, 20}, {15, 16, 17}}, // no longer after 9000
		0.5: {{50, 51, 52}, {30, 31, 32}, {20, 21, 22}},
	} {
		for i, n := range lengths(r.budget) {
			r.records = append(r.records, recordsOf(lawArm(p, n), int64(n), errors[i]...)...)
		}
	}
	const want = "Lower than without dropout after as many updates, by the 95 % interval of the paired difference: " +
		"p = 0.1 from 3000 updates on; p = 0.2 from 9000 updates on; p = 0.3 at no length; p = 0.5 at no length."
	if got := r.pays(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
