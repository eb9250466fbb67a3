package compare

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A ledger says what a search through all trials says, in whatever order they end.
func TestLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Trial
		l := newLedger(nil)
		for _, at := range rapid.SliceOfDistinct(rapid.IntRange(0, 2*2*6-1), func(i int) int { return i }).Draw(t, "trials") {
			trial := Trial{Split: at % 2, Arm: Arms[at/2%2], Round: at / 4, Score: float64(at)}
			all = append(all, trial)
			l.add(trial)
		}
		if l.count != len(all) {
			t.Fatalf("count must be %d, got %d", len(all), l.count)
		}
		for split := range 3 {
			for _, arm := range Arms {
				var mine []int // rounds
				for _, x := range all {
					if x.Split == split && x.Arm == arm {
						mine = append(mine, x.Round)
					}
				}
				slices.Sort(mine)
				if got := roundsOf(l.at(split, arm).trials); !slices.Equal(got, mine) {
					t.Fatalf("rounds of split %d and arm %s must be %v, got %v", split, arm, mine, got)
				}
				whole := 0
				for slices.Contains(mine, whole) {
					whole++
				}
				if got := l.at(split, arm).rounds; got != whole {
					t.Fatalf("rounds must be %d of %v, got %d", whole, mine, got)
				}
				for round := range 7 {
					before := slices.DeleteFunc(slices.Clone(mine), func(r int) bool { return r >= round })
					if got := roundsOf(l.at(split, arm).before(round)); !slices.Equal(got, before) {
						t.Fatalf("rounds before %d must be %v, got %v", round, before, got)
					}
					if got := l.at(split, arm).has(round); got != slices.Contains(mine, round) {
						t.Fatalf("has round %d is %v of %v", round, got, mine)
					}
				}
			}
		}
		for round := range 7 {
			want := 0
			for _, x := range all {
				if x.Round == round {
					want++
				}
			}
			if got := l.of(round); got != want {
				t.Fatalf("%d trials must be of round %d, got %d", want, round, got)
			}
		}
	})
}

func roundsOf(trials []Trial) []int {
	var all []int
	for _, t := range trials {
		all = append(all, t.Round)
	}
	return all
}

// What is asked for each of thousands of trials must not look through all of them, nor copy
// them.
func TestChosenIsCheap(t *testing.T) {
	e := &Experiment{Subject: &Book{}, Splits: make([]Split, 20)}
	var trials []Trial
	for split := range e.Splits {
		for _, arm := range Arms {
			for round := range 50 {
				trials = append(trials, Trial{Split: split, Arm: arm, Round: round, Score: float64((round + 7) % 50)})
			}
		}
	}
	e.trials = newLedger(trials)
	if n := testing.AllocsPerRun(10, func() {
		if c, ok := e.Chosen(19, With); !ok || c.Round != 43 {
			t.Fatalf("round 43 must be chosen, got %d", c.Round)
		}
	}); n > 0 {
		t.Errorf("must not allocate, got %v times", n)
	}
}
