package mnist

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// origins returns the indices that the examples of s had in a numbered Set.
func origins(s *Set) []int {
	size := s.Rows * s.Cols
	at := make([]int, s.Len())
	for i := range at {
		at[i] = int(s.Pixels[i*size]) | int(s.Pixels[i*size+1])<<8
	}
	return at
}

func TestStratified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSet(t, 0, 300)
		before := &Set{s.Rows, s.Cols, s.Classes, bytes.Clone(s.Pixels), bytes.Clone(s.Labels)}
		n := rapid.IntRange(0, s.Len()).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		subset, rest, err := s.Stratified(n, seed)
		if err != nil {
			t.Fatal(err)
		}

		// Two valid parts of the right sizes ...
		for _, part := range []*Set{subset, rest} {
			if err := part.Validate(); err != nil {
				t.Fatal(err)
			}
			if part.Rows != s.Rows || part.Cols != s.Cols || part.Classes != s.Classes {
				t.Fatalf("part of %d x %d in %d classes, want %d x %d in %d", part.Rows, part.Cols, part.Classes, s.Rows, s.Cols, s.Classes)
			}
		}
		if subset.Len() != n || rest.Len() != s.Len()-n {
			t.Fatalf("split %d into %d and %d, want %d and %d", s.Len(), subset.Len(), rest.Len(), n, s.Len()-n)
		}

		// ... that are s again when merged by origin, each example whole and
		// once, both in the order of s ...
		seen := make([]bool, s.Len())
		size := s.Rows * s.Cols
		for _, part := range []*Set{subset, rest} {
			at := origins(part)
			if !slices.IsSorted(at) {
				t.Fatalf("order of s is lost: %v", at)
			}
			for k, i := range at {
				if seen[i] {
					t.Fatalf("example %d is there twice", i)
				}
				seen[i] = true
				if part.Labels[k] != s.Labels[i] || !bytes.Equal(part.Pixels[k*size:(k+1)*size], s.Pixels[i*size:(i+1)*size]) {
					t.Fatalf("example %d was changed", i)
				}
			}
		}

		// ... with every class within one example of its exact share, and
		// those rounded up having the largest fractions ...
		counts := s.Counts()
		lowestUp, highestDown := 1.0, 0.0
		for c, got := range subset.Counts() {
			if s.Len() == 0 {
				break
			}
			exact := n * counts[c]
			down, fraction := exact/s.Len(), float64(exact%s.Len())/float64(s.Len())
			switch got {
			case down:
				highestDown = max(highestDown, fraction)
			case down + 1:
				lowestUp = min(lowestUp, fraction)
			default:
				t.Fatalf("class %d has %d of %d examples, want %d or one more", c, got, counts[c], down)
			}
		}
		if lowestUp < highestDown {
			t.Fatalf("a class with fraction %v was rounded up, one with %v down", lowestUp, highestDown)
		}

		// ... the same again for the same seed, in memory of their own.
		again, restAgain, err := s.Stratified(n, seed)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(subset, again) || !reflect.DeepEqual(rest, restAgain) {
			t.Fatal("the same seed gave another split")
		}
		clear(subset.Pixels)
		clear(rest.Pixels)
		clear(subset.Labels)
		clear(rest.Labels)
		if !reflect.DeepEqual(s, before) {
			t.Fatal("the split shares memory with s, or changed it")
		}
	})
}

// The exact choice, so that a change of Go or of this package that alters what
// a seed means does not go unnoticed.
func TestStratifiedGolden(t *testing.T) {
	labels := make([]uint8, 1000)
	for i := range labels {
		labels[i] = uint8(i * i % 7) // 0, 1, 2 and 4
	}
	s := numbered(labels, 1, 2, 7)
	for _, c := range []struct {
		n    int
		seed uint64
		want []int
	}{
		{12, 0, []int{3, 20, 274, 312, 322, 359, 396, 420, 443, 748, 857, 929}},
		{12, 1, []int{28, 84, 97, 251, 254, 277, 334, 668, 698, 724, 773, 953}},
		{12, math.MaxUint64, []int{4, 83, 204, 245, 382, 389, 506, 658, 670, 846, 906, 996}},
	} {
		subset, _, err := s.Stratified(c.n, c.seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := origins(subset); !slices.Equal(got, c.want) {
			t.Errorf("Stratified(%d, %d) chose %v, want %v", c.n, c.seed, got, c.want)
		}
	}
}

// Each of the k-subsets of one class must be equally likely. With 20 subsets
// and 20,000 fixed seeds, Pearson's statistic has 19 degrees of freedom; 43.8
// is its 0.999 quantile.
func TestStratifiedIsUniform(t *testing.T) {
	s := numbered(make([]uint8, 6), 1, 2, 1)
	const trials = 20000
	times := map[[3]int]int{}
	for seed := range uint64(trials) {
		subset, _, err := s.Stratified(3, seed)
		if err != nil {
			t.Fatal(err)
		}
		times[[3]int(origins(subset))]++
	}
	if len(times) != 20 {
		t.Fatalf("%d different subsets, want 20", len(times))
	}
	chi2 := 0.0
	for _, k := range times {
		d := float64(k) - trials/20
		chi2 += d * d / (trials / 20)
	}
	if chi2 > 43.8 {
		t.Errorf("chi-squared %.1f with 19 degrees of freedom, want less than 43.8", chi2)
	}
}

// Classes of equal size must not make equal choices.
func TestStratifiedClassesAreIndependent(t *testing.T) {
	labels := make([]uint8, 200)
	for i := range labels {
		labels[i] = uint8(i % 2)
	}
	subset, _, err := numbered(labels, 1, 2, 2).Stratified(100, 3)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	at := origins(subset)
	for _, i := range at {
		if i%2 == 0 && slices.Contains(at, i+1) {
			same++
		}
	}
	// 25 of 50 in the mean, standard deviation 2.5.
	if same < 13 || same > 37 {
		t.Errorf("%d of 50 choices coincide in both classes, want about 25", same)
	}
}

func TestStratifiedErrors(t *testing.T) {
	s := numbered([]uint8{1, 2, 3}, 1, 2, 10)
	for _, n := range []int{-1, 4} {
		subset, rest, err := s.Stratified(n, 1)
		wantError(t, err, "mnist: Stratified: n must be in [0, 3], got ")
		if subset != nil || rest != nil {
			t.Error("a Set beside the error")
		}
	}
}

func TestApportion(t *testing.T) {
	for _, c := range []struct {
		n      int
		counts []int
		want   []int
	}{
		{0, []int{}, []int{}},
		{0, []int{0, 0}, []int{0, 0}},
		{0, []int{3, 4}, []int{0, 0}},
		{7, []int{3, 4}, []int{3, 4}},
		{1, []int{1, 1, 1}, []int{1, 0, 0}}, // a tie goes to the lower class
		{2, []int{1, 0, 1, 1}, []int{1, 0, 1, 0}},
		{10, []int{0, 43, 0, 57}, []int{0, 4, 0, 6}},
		// A textbook case: 10 seats for 47, 16, 15.8, 12, 6.1 and 3.1 %.
		{10, []int{47000, 16000, 15800, 12000, 6100, 3100}, []int{5, 2, 1, 1, 1, 0}},
		// n*count exceeds 32 bits.
		{65536, []int{1 << 17, 1 << 17}, []int{32768, 32768}},
	} {
		if got := apportion(c.n, c.counts); !slices.Equal(got, c.want) {
			t.Errorf("apportion(%d, %v) = %v, want %v", c.n, c.counts, got, c.want)
		}
	}
}

// With a bound of 5/8 of 2^64, three draws in eight are to be redrawn; without
// that, results of 0, 1 and 3 modulo 5 come twice as often as 2 and 4, and the
// two fifths counted here half of the time.
func TestBelowIsUnbiased(t *testing.T) {
	src := rand.NewChaCha8([32]byte{1})
	const n, trials = 1<<63 + 1<<61, 40000
	low := 0
	for range trials {
		v := below(src, n)
		if v >= n {
			t.Fatalf("drew %d, want less than %d", v, uint64(n))
		}
		if v%5 < 2 { // two fifths
			low++
		}
	}
	if got := float64(low) / trials; math.Abs(got-0.4) > 0.01 {
		t.Errorf("two fifths of the results came %v of the time", got)
	}
}

func BenchmarkStratified(b *testing.B) {
	labels := make([]uint8, 60000)
	for i := range labels {
		labels[i] = uint8(i % 10)
	}
	s := numbered(labels, 28, 28, 10)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.Stratified(10000, 1); err != nil {
			b.Fatal(err)
		}
	}
}
