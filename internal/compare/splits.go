package compare

import (
	"cmp"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
)

const (
	leastRows  = 20 // that differ
	usualFolds = 5
	validation = 0.2
	// Few rows are split more often, since each test part says less.
	fewRows, someRows = 600, 3000
)

// folds returns the number of folds and how often they are repeated, at most.
func (s Splitting) folds(n int) (folds, repeats int) {
	folds, repeats = s.Folds, s.Repeats
	if folds == 0 {
		folds = usualFolds
	}
	if repeats == 0 {
		switch {
		case n < fewRows:
			repeats = 4
		case n < someRows:
			repeats = 2
		default:
			repeats = 1
		}
	}
	return folds, repeats
}

// byBlock splits blocks of rows at random, stratified by the stratum of their first rows.
func (s Splitting) byBlock(rows, blocks, strata []int) ([]Split, error) {
	of := gather(blocks)
	if len(of) < leastRows {
		return nil, errors.Errorf("there must be at least %d different rows, got %d", leastRows, len(of))
	}
	stratum := make([]int, len(of))
	for b, members := range of {
		stratum[b] = strata[members[0]]
	}
	k, repeats := s.folds(len(of))
	folds, err := datasets.StratifiedFolds(stratum, k, repeats, s.Seed)
	if err != nil {
		return nil, err
	}
	folds = slices.Insert(folds, 0, datasets.Fold{Train: indices(len(of))})
	var splits []Split
	for i, f := range folds {
		inner := make([]int, len(f.Train))
		for n, b := range f.Train {
			inner[n] = stratum[b]
		}
		parts, err := datasets.Stratified(inner, seedOf(s.Seed, uint64(i), 3), 1-validation, validation)
		if err != nil {
			return nil, err
		}
		expand := func(part []int) []int {
			var places []int
			for _, b := range part {
				for _, r := range of[b] {
					places = append(places, rows[r])
				}
			}
			slices.Sort(places)
			return places
		}
		splits = append(splits, Split{Train: expand(pick(f.Train, parts[0])), Validation: expand(pick(f.Train, parts[1])), Test: expand(f.Test)})
	}
	return splits, nil
}

// byGroup splits whole groups at random.
func (s Splitting) byGroup(rows, groups []int) ([]Split, error) {
	n := len(gather(groups))
	k, repeats := s.folds(len(rows))
	if n < 3 {
		return nil, errors.Errorf("there must be at least 3 groups, got %d", n)
	}
	k = min(k, n)
	if k == n {
		repeats = 1 // each leaves one group out
	}
	folds := []datasets.Fold{{Train: indices(len(groups))}}
	for r := range repeats {
		more, err := datasets.GroupFolds(groups, k, seedOf(s.Seed, uint64(r), 4))
		if err != nil {
			return nil, err
		}
		folds = append(folds, more...)
	}
	var splits []Split
	for i, f := range folds {
		inner := pick(groups, f.Train)
		held, err := datasets.GroupFolds(inner, min(5, len(gather(renumber(inner)))), seedOf(s.Seed, uint64(i), 5))
		if err != nil {
			return nil, err
		}
		splits = append(splits, Split{
			Train: pick(rows, pick(f.Train, held[0].Train)), Validation: pick(rows, pick(f.Train, held[0].Test)), Test: pick(rows, f.Test),
		})
	}
	return splits, nil
}

// byOrder splits rows by time: each test part follows all that is learned from.
func (s Splitting) byOrder(rows []int, at []float64) ([]Split, error) {
	order := indices(len(rows))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	sorted := pick(rows, order)
	if len(rows) < leastRows {
		return nil, errors.Errorf("there must be at least %d rows, got %d", leastRows, len(rows))
	}
	windows, _ := s.folds(len(rows))
	const first = 0.4 // of the rows come before the first test part
	var splits []Split
	cut := func(n, to int) {
		split := Split{}
		held := n - int(validation*float64(n)+0.5)
		split.Train, split.Validation, split.Test = slices.Clone(sorted[:held]), slices.Clone(sorted[held:n]), slices.Clone(sorted[n:to])
		for _, part := range [][]int{split.Train, split.Validation, split.Test} {
			slices.Sort(part)
		}
		splits = append(splits, split)
	}
	boundary := func(k int) int {
		return int((first + (1-first)*float64(k)/float64(windows)) * float64(len(rows)))
	}
	cut(len(rows), len(rows))
	for k := range windows {
		cut(boundary(k), boundary(k+1))
	}
	return splits, nil
}

// pick returns the values at places.
func pick(values, places []int) []int {
	of := make([]int, len(places))
	for i, k := range places {
		of[i] = values[k]
	}
	return of
}

// gather returns the members of each block, whose numbers count from 0.
func gather(blocks []int) [][]int {
	var of [][]int
	for i, b := range blocks {
		for b >= len(of) {
			of = append(of, nil)
		}
		of[b] = append(of[b], i)
	}
	return of
}

// renumber makes numbers count from 0.
func renumber(of []int) []int {
	number := make(map[int]int)
	all := make([]int, len(of))
	for i, b := range of {
		k, ok := number[b]
		if !ok {
			k = len(number)
			number[b] = k
		}
		all[i] = k
	}
	return all
}

// tenths returns which tenth of the sorted numbers each is in.
func tenths(x []float64) []int {
	order := indices(len(x))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	of := make([]int, len(x))
	for place, i := range order {
		of[i] = 10 * place / len(x)
	}
	return of
}
