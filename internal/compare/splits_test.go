package compare_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// checkSplits returns what is wrong with splits of n rows: parts that overlap or are empty,
// rows that are lost.
func checkSplits(splits []compare.Split, n int, all bool) error {
	for i, s := range splits {
		seen := make(map[int]bool)
		for _, part := range [][]int{s.Train, s.Validation, s.Test} {
			for _, r := range part {
				if seen[r] || r < 0 || r >= n {
					return fmt.Errorf("split %d has row %d twice, or there is none", i, r)
				}
				seen[r] = true
			}
		}
		switch {
		case all && len(seen) != n:
			return fmt.Errorf("split %d must have all %d rows, got %d", i, n, len(seen))
		case len(s.Train) == 0 || len(s.Validation) == 0 || (len(s.Test) == 0) != (i == 0):
			return fmt.Errorf("split %d must have a training, a tuning and, but for the first, a test part, got %d, %d and %d", i, len(s.Train), len(s.Validation), len(s.Test))
		}
	}
	return nil
}

func TestSplits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(25, 120).Draw(rt, "rows")
		folds, repeats := rapid.IntRange(2, 6).Draw(rt, "folds"), rapid.IntRange(1, 3).Draw(rt, "repeats")
		of := table(t, "x,g,y", n, func(i int, r *rand.Rand) []any {
			return []any{i % (n/2 + 11), " ", "g", i % 9, " ", i % 3}
		})
		s := subject(t, of, tabular.Wishes{Targets: []string{"y"}, Uses: map[string]tabular.Use{"x": tabular.Number}})
		splits, err := s.Splits(compare.Splitting{Folds: folds, Repeats: repeats, Seed: rapid.Uint64().Draw(rt, "seed")})
		if err != nil {
			rt.Fatal(err)
		}
		if len(splits) != 1+folds*repeats {
			rt.Fatalf("must have %d splits, got %d", 1+folds*repeats, len(splits))
		}
		if err := checkSplits(splits, n, true); err != nil {
			rt.Fatal(err)
		}
		// Copies of a row are in one part.
		for _, split := range splits {
			in := make(map[string]string)
			for name, part := range map[string][]int{"train": split.Train, "validation": split.Validation, "test": split.Test} {
				for _, r := range part {
					key := of.Values[0][r] + of.Values[1][r] + of.Values[2][r]
					if other, ok := in[key]; ok && other != name {
						rt.Fatalf("row %s must be in one part, got %s and %s", key, name, other)
					}
					in[key] = name
				}
			}
		}
	})
}

func TestSplitsByGroup(t *testing.T) {
	of := table(t, "x,g,y", 90, func(i int, r *rand.Rand) []any {
		return []any{r.NormFloat64(), " ", "g", i % 7, " ", i % 3}
	})
	s := subject(t, of, tabular.Wishes{Targets: []string{"y"}, Group: "g"})
	splits, err := s.Splits(compare.Splitting{Repeats: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSplits(splits, 90, true); err != nil {
		t.Fatal(err)
	}
	for i, split := range splits {
		in := make(map[string]int)
		for k, part := range [][]int{split.Train, split.Validation, split.Test} {
			for _, r := range part {
				if was, ok := in[of.Values[1][r]]; ok && was != k {
					t.Fatalf("split %d: group %s must be in one part", i, of.Values[1][r])
				}
				in[of.Values[1][r]] = k
			}
		}
	}
}

func TestSplitsByOrder(t *testing.T) {
	of := table(t, "x,day,y", 100, func(i int, r *rand.Rand) []any {
		return []any{r.NormFloat64(), " ", fmt.Sprintf("2024-%02d-%02d", 1+(i*7%100)/28, 1+(i*7%100)%28), " ", i % 2}
	})
	s := subject(t, of, tabular.Wishes{Targets: []string{"y"}, Order: "day"})
	splits, err := s.Splits(compare.Splitting{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSplits(splits, 100, false); err != nil {
		t.Fatal(err)
	}
	days := func(rows []int) []string {
		var all []string
		for _, r := range rows {
			all = append(all, of.Values[1][r])
		}
		return all
	}
	for i, split := range splits {
		if last, first := slices.Max(days(split.Train)), slices.Min(days(split.Validation)); last > first {
			t.Errorf("split %d: tuning must follow training, got %s before %s", i, first, last)
		}
		if i == 0 {
			continue
		}
		if last, first := slices.Max(days(split.Validation)), slices.Min(days(split.Test)); last > first {
			t.Errorf("split %d: tests must follow tuning, got %s before %s", i, first, last)
		}
	}
}

func TestSplitsRefuse(t *testing.T) {
	of := table(t, "x,g,d,y", 10, func(i int, r *rand.Rand) []any {
		return []any{r.NormFloat64(), " ", "g", i % 2, " ", i, " ", i % 2}
	})
	for _, tt := range []struct {
		w    tabular.Wishes
		want string
	}{
		{tabular.Wishes{}, "at least 20 different rows, got 10"},
		{tabular.Wishes{Group: "g"}, "at least 3 groups, got 2"},
		{tabular.Wishes{Group: "g", Order: "d"}, "by group or by order, got both"},
		{tabular.Wishes{Order: "g"}, "must have a number or a date"},
	} {
		tt.w.Targets = []string{"y"}
		_, err := subject(t, of, tt.w).Splits(compare.Splitting{Seed: 1})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error must have %q, got %v", tt.want, err)
		}
	}
}
