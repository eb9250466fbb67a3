package datasets_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
)

// isPartition fails unless the parts hold every index below n once.
func isPartition(t interface{ Fatalf(string, ...any) }, parts [][]int, n int) {
	indices := slices.Concat(parts...)
	slices.Sort(indices)
	if len(indices) != n {
		t.Fatalf("parts have %d indices, want %d", len(indices), n)
	}
	for i, v := range indices {
		if v != i {
			t.Fatalf("index %d is missing or there twice", i)
		}
	}
}

func TestByPosition(t *testing.T) {
	parts, err := datasets.ByPosition(10, 0.5, 0.25, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 3 || !slices.Equal(parts[0], []int{0, 1, 2, 3, 4}) || !slices.Equal(parts[1], []int{5, 6, 7}) || !slices.Equal(parts[2], []int{8, 9}) {
		t.Errorf("got %v", parts)
	}
	for _, n := range []int{0, 1, 2, 99} {
		parts, err := datasets.ByPosition(n, 0.1, 0.7, 0.2)
		if err != nil {
			t.Fatal(err)
		}
		isPartition(t, parts, n)
	}
}

func TestStratified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 200).Draw(t, "labels")
		seed := rapid.Uint64().Draw(t, "seed")
		share := rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		parts, err := datasets.Stratified(labels, seed, share, 1-share)
		if err != nil {
			t.Fatal(err)
		}
		isPartition(t, parts, len(labels))
		for k, s := range []float64{share, 1 - share} {
			if !slices.IsSorted(parts[k]) {
				t.Fatalf("part %d is not sorted", k)
			}
			if off := math.Abs(float64(len(parts[k])) - s*float64(len(labels))); off > 1 {
				t.Fatalf("part %d is off by %v", k, off)
			}
			for class := range 5 {
				if off := math.Abs(float64(count(labels, parts[k], class)) - s*float64(count(labels, all(labels), class))); off > 1+1e-6 {
					t.Fatalf("part %d is off by %v in class %d", k, off, class)
				}
			}
		}
		again, _ := datasets.Stratified(labels, seed, share, 1-share)
		if !slices.Equal(again[0], parts[0]) {
			t.Fatalf("another call gives %v, not %v", again[0], parts[0])
		}
	})
}

// count is the number of examples of a class among those with the given indices.
func count(labels, indices []int, class int) int {
	n := 0
	for _, i := range indices {
		if labels[i] == class {
			n++
		}
	}
	return n
}

// all returns the indices of all labels.
func all(labels []int) []int {
	indices := make([]int, len(labels))
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// A split is the same everywhere and forever.
func TestSplitsArePinned(t *testing.T) {
	labels := []int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2}
	parts, err := datasets.Stratified(labels, 7, 0.5, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	other, err := datasets.Stratified(labels, 8, 0.5, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := datasets.ByGroup(labels, 7, 0.67, 0.33)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 1, 5, 6, 8, 10}; !slices.Equal(parts[0], want) {
		t.Errorf("Stratified: want %v, got %v", want, parts[0])
	}
	if slices.Equal(other[0], parts[0]) {
		t.Errorf("another seed gives the same split %v", other[0])
	}
	if want := []int{10, 11}; !slices.Equal(groups[1], want) {
		t.Errorf("ByGroup: want %v, got %v", want, groups[1])
	}
}

func TestByGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.IntRange(-3, 9), 20, 100).Draw(t, "groups")
		parts, err := datasets.ByGroup(groups, rapid.Uint64().Draw(t, "seed"), 0.5, 0.5)
		if err != nil {
			if !strings.Contains(err.Error(), "must have a group") {
				t.Fatal(err)
			}
			return
		}
		isPartition(t, parts, len(groups))
		isApart(t, groups, parts[0], parts[1])
	})
	if _, err := datasets.ByGroup([]int{4, 4, 4}, 1, 0.5, 0.5); err == nil || !strings.Contains(err.Error(), "part 1 must have a group, got none of 1") {
		t.Errorf("one group for two parts: got %v", err)
	}
}

// isApart fails if a group is on both sides.
func isApart(t interface{ Fatalf(string, ...any) }, groups, a, b []int) {
	in := make(map[int]bool)
	for _, i := range a {
		in[groups[i]] = true
	}
	for _, i := range b {
		if in[groups[i]] {
			t.Fatalf("group %d is in both parts", groups[i])
		}
	}
}

func TestStratifiedFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.IntRange(0, 3), 10, 100).Draw(t, "labels")
		k, repeats := rapid.IntRange(2, 10).Draw(t, "k"), rapid.IntRange(1, 3).Draw(t, "repeats")
		folds, err := datasets.StratifiedFolds(labels, k, repeats, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		if len(folds) != k*repeats {
			t.Fatalf("%d folds, want %d", len(folds), k*repeats)
		}
		for r := range repeats {
			var tests [][]int
			for part, f := range folds[r*k : (r+1)*k] {
				if f.Repeat != r || f.Part != part {
					t.Fatalf("fold %d of repeat %d is called %d of %d", part, r, f.Part, f.Repeat)
				}
				isPartition(t, [][]int{f.Train, f.Test}, len(labels))
				tests = append(tests, f.Test)
				for class := range 4 {
					share := float64(count(labels, all(labels), class)) / float64(k)
					if n := count(labels, f.Test, class); math.Abs(float64(n)-share) >= 1 {
						t.Fatalf("a fold has %d examples of class %d, want about %v", n, class, share)
					}
				}
			}
			isPartition(t, tests, len(labels))
		}
	})
	labels := make([]int, 50)
	folds, err := datasets.StratifiedFolds(labels, 5, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(folds[0].Test, folds[5].Test) {
		t.Error("two repeats have the same folds")
	}
}

func TestGroupFolds(t *testing.T) {
	groups := []int{5, 5, 5, 5, 2, 2, 7, 7, 9, 9}
	folds, err := datasets.GroupFolds(groups, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folds {
		isPartition(t, [][]int{f.Train, f.Test}, len(groups))
		isApart(t, groups, f.Train, f.Test)
		if len(f.Test) < 4 {
			t.Errorf("folds must be of nearly equal size, got %d of 10", len(f.Test))
		}
	}
	folds, err = datasets.GroupFolds(groups, 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folds {
		for _, i := range f.Test {
			if groups[i] != groups[f.Test[0]] {
				t.Errorf("with as many folds as groups each must leave one out, got %v", f.Test)
			}
		}
	}
}

func TestWhere(t *testing.T) {
	if got := datasets.Where([]int{3, 1, 2, 3}, 3, 2); !slices.Equal(got, []int{0, 2, 3}) {
		t.Errorf("got %v", got)
	}
}

func TestSplitsReject(t *testing.T) {
	third := func(_ any, err error) error { return err }
	for want, err := range map[string]error{
		"datasets: ByPosition: n must be in [0, 2^31], got -1":                   third(datasets.ByPosition(-1, 1)),
		"datasets: ByPosition: shares must add up to 1, got []":                  third(datasets.ByPosition(3)),
		"datasets: ByPosition: shares must be positive, got [1.5 -0.5]":          third(datasets.ByPosition(3, 1.5, -0.5)),
		"datasets: Stratified: shares must add up to 1, got [0.5 0.6]":           third(datasets.Stratified([]int{1}, 1, 0.5, 0.6)),
		"datasets: Stratified: shares must be positive, got [NaN]":               third(datasets.Stratified([]int{1}, 1, math.NaN())),
		"datasets: ByGroup: shares must be positive, got [1 0]":                  third(datasets.ByGroup([]int{1}, 1, 1, 0)),
		"datasets: StratifiedFolds: k must be in [2, 3], got 4":                  third(datasets.StratifiedFolds([]int{0, 1, 0}, 4, 1, 1)),
		"datasets: StratifiedFolds: k must be in [2, 3], got 1":                  third(datasets.StratifiedFolds([]int{0, 1, 0}, 1, 1, 1)),
		"datasets: StratifiedFolds: repeats must be positive, got 0":             third(datasets.StratifiedFolds([]int{0, 1, 0}, 2, 0, 1)),
		"datasets: GroupFolds: k must be in [2, 2], the number of groups, got 3": third(datasets.GroupFolds([]int{0, 1, 0}, 3, 1)),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}
