package datasets

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/pkg/errors"
)

// ByPosition splits n examples into consecutive parts, such as the beginning,
// the middle and the end of a text. Shares are the sizes of the parts; they add
// up to 1, and boundaries are rounded to the nearest example.
//
// It returns the indices of each part. It is an error if n is negative or more than
// 2^31, if a share is not positive, or if they do not add up to 1 within 1e-9.
func ByPosition(n int, shares ...float64) ([][]int, error) {
	if err := checkShares(n, shares); err != nil {
		return nil, errors.WithMessage(err, "datasets: ByPosition")
	}
	parts, from, total := make([][]int, len(shares)), 0, 0.0
	for k, share := range shares {
		total += share
		// Shares may add up to a little more than 1.
		to := min(n, int(math.Round(total*float64(n))))
		if k == len(shares)-1 {
			to = n
		}
		for i := from; i < to; i++ {
			parts[k] = append(parts[k], i)
		}
		from = to
	}
	return parts, nil
}

// Stratified splits examples with the given labels into random parts, such that
// every part has its share of the examples and of every class, as nearly as
// whole examples allow: with two parts to within one example, with more parts
// nearly so. Shares and errors are those of [ByPosition]. The indices of each
// part are sorted; they are a function of the labels, the seed and the shares.
func Stratified(labels []int, seed uint64, shares ...float64) ([][]int, error) {
	if err := checkShares(len(labels), shares); err != nil {
		return nil, errors.WithMessage(err, "datasets: Stratified")
	}
	return deal(shuffledByClass(labels, seed, 0), shares), nil
}

// ByGroup splits examples into random parts such that no group, such as the
// recordings of a speaker or the images of a patient, is in two parts. Shares,
// as in [ByPosition], are shares of the number of groups, whatever their size.
// The indices of each part are sorted; they are a function of the groups, the
// seed and the shares. In addition to the errors of ByPosition, it is an error
// if a part gets no group.
func ByGroup(groups []int, seed uint64, shares ...float64) ([][]int, error) {
	if err := checkShares(len(groups), shares); err != nil {
		return nil, errors.WithMessage(err, "datasets: ByGroup")
	}
	names := distinct(groups)
	random(seed, 0).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var parts [][]int
	for k, part := range deal(names, shares) {
		if len(part) == 0 {
			return nil, errors.Errorf("datasets: ByGroup: part %d must have a group, got none of %d", k, len(names))
		}
		parts = append(parts, where(groups, part))
	}
	return parts, nil
}

// A Fold is one split of examples into those to train on and those to test on.
type Fold struct {
	Repeat, Part int   // which pass over the data, and which fold in it
	Train, Test  []int // sorted indices
}

// StratifiedFolds returns the folds of k-fold cross-validation, repeated with
// different shuffles: in each repeat every example is in the test part of
// exactly one fold, and the folds have equal numbers of examples, and of each
// class, to within one. It is an error if k is not in [2, len(labels)], if
// repeats is not positive, or if all folds together have more than 2^31
// indices.
//
// Source: Kohavi, "A Study of Cross-Validation and Bootstrap for Accuracy
// Estimation and Model Selection", IJCAI 1995.
func StratifiedFolds(labels []int, k, repeats int, seed uint64) ([]Fold, error) {
	if k < 2 || k > len(labels) {
		return nil, errors.Errorf("datasets: StratifiedFolds: k must be in [2, %d], got %d", len(labels), k)
	}
	if repeats < 1 {
		return nil, errors.Errorf("datasets: StratifiedFolds: repeats must be positive, got %d", repeats)
	}
	if err := checkFolds(len(labels), k, repeats); err != nil {
		return nil, errors.WithMessage(err, "datasets: StratifiedFolds")
	}
	var folds []Fold
	for r := range repeats {
		of := make([]int, len(labels))
		for place, i := range shuffledByClass(labels, seed, uint64(r)) {
			of[i] = place % k
		}
		folds = append(folds, foldsOf(of, k, r)...)
	}
	return folds, nil
}

// GroupFolds returns the folds of k-fold cross-validation over whole groups: no
// group is in both parts of a fold. Groups go in a random order to the fold
// that has the fewest examples; with as many folds as groups each fold leaves
// one group out. It is an error if k is not in [2, number of groups], or if all
// folds together have more than 2^31 indices.
func GroupFolds(groups []int, k int, seed uint64) ([]Fold, error) {
	names := distinct(groups)
	if k < 2 || k > len(names) {
		return nil, errors.Errorf("datasets: GroupFolds: k must be in [2, %d], the number of groups, got %d", len(names), k)
	}
	if err := checkFolds(len(groups), k, 1); err != nil {
		return nil, errors.WithMessage(err, "datasets: GroupFolds")
	}
	count := make(map[int]int)
	for _, g := range groups {
		count[g]++
	}
	random(seed, 0).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	// Large groups first, since a large last one could make a fold too large.
	slices.SortStableFunc(names, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	load, fold := make([]int, k), make(map[int]int)
	for _, g := range names {
		smallest := slices.Index(load, slices.Min(load))
		fold[g] = smallest
		load[smallest] += count[g]
	}
	of := make([]int, len(groups))
	for i, g := range groups {
		of[i] = fold[g]
	}
	return foldsOf(of, k, 0), nil
}

// Where returns the sorted indices of the examples whose group is one of those
// given, for splits published with a data set.
func Where(groups []int, of ...int) []int { return where(groups, of) }

func where(groups, of []int) []int {
	in := make(map[int]bool)
	for _, g := range of {
		in[g] = true
	}
	var indices []int
	for i, g := range groups {
		if in[g] {
			indices = append(indices, i)
		}
	}
	return indices
}

// foldsOf returns the folds in which example i is tested in fold of[i].
func foldsOf(of []int, k, repeat int) []Fold {
	folds := make([]Fold, k)
	for part := range folds {
		folds[part].Repeat, folds[part].Part = repeat, part
		for i, f := range of {
			if f == part {
				folds[part].Test = append(folds[part].Test, i)
			} else {
				folds[part].Train = append(folds[part].Train, i)
			}
		}
	}
	return folds
}

func checkShares(n int, shares []float64) error {
	if int64(n) < 0 || int64(n) > maxIndices {
		return errors.Errorf("n must be in [0, 2^31], got %d", n)
	}
	sum := 0.0
	for _, s := range shares {
		if !(s > 0) {
			return errors.Errorf("shares must be positive, got %v", shares)
		}
		sum += s
	}
	if math.Abs(sum-1) > 1e-9 {
		return errors.Errorf("shares must add up to 1, got %v", shares)
	}
	return nil
}

// maxIndices bounds the indices of a split, 8 bytes each.
const maxIndices int64 = 1 << 31

// checkFolds returns an error if the folds of n examples are too many: each has
// the indices of all examples.
func checkFolds(n, k, repeats int) error {
	if int64(repeats) > maxIndices/int64(k)/int64(n) {
		return errors.Errorf("folds must have at most 2^31 indices together, got %d examples in %d folds %d times", n, k, repeats)
	}
	return nil
}

// random returns the source of a seed and a purpose.
func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// shuffledByClass returns the indices of all labels, class by class, each class
// shuffled.
func shuffledByClass(labels []int, seed, stream uint64) []int {
	order := random(seed, stream).Perm(len(labels))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(labels[a], labels[b]) })
	return order
}

// deal gives each item in turn to the part that lags its share most, and
// returns the parts sorted. Neighbours are spread over the parts, so that a
// stretch of one class is divided like the whole.
func deal(items []int, shares []float64) [][]int {
	parts := make([][]int, len(shares))
	for n, item := range items {
		most, part := math.Inf(-1), 0
		for k, share := range shares {
			// Rounded, so that equal lags are equal.
			lag := math.Round((share*float64(n+1)-float64(len(parts[k])))*1e9) / 1e9
			if lag > most {
				most, part = lag, k
			}
		}
		parts[part] = append(parts[part], item)
	}
	for _, part := range parts {
		slices.Sort(part)
	}
	return parts
}

// distinct returns the values that occur, sorted.
func distinct(groups []int) []int {
	names := slices.Clone(groups)
	slices.Sort(names)
	return slices.Compact(names)
}
