package product

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// Chosen elements are copied bit by bit, and nothing beyond them is written.
func TestChoose(t *testing.T) {
	forEachSet(t, testChoose[float32], testChoose[float64])
}

func testChoose[F Float](t *testing.T, k *kernels[F]) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		of := rapid.IntRange(0, 100).Draw(t, "of")
		src := numbers[F](rnd, of, true)
		indices := rnd.Perm(of)[:rapid.IntRange(0, of).Draw(t, "units")]
		slices.Sort(indices)
		u, err := UnitsOf(indices, of)
		if err != nil {
			t.Fatal(err)
		}
		got := numbers[F](rnd, len(indices)+9, true)
		want := slices.Clone(got)
		for i, at := range indices {
			want[i] = src[at]
		}
		chooseWith(k, got[:len(indices)], src, u)
		if i := kerneltest.Differs(got, want); i >= 0 {
			t.Fatalf("element %d of %d is %v, want %v", i, len(indices), got[i], want[i])
		}
	})
}

func TestUnitsOf(t *testing.T) {
	for _, tt := range []struct {
		indices []int
		want    string
	}{
		{[]int{-1, 0}, "units must be ascending in [0, 4), got -1 after -1"},
		{[]int{0, 4}, "units must be ascending in [0, 4), got 4 after 0"},
		{[]int{2, 2}, "units must be ascending in [0, 4), got 2 after 2"},
		{[]int{2, 1}, "units must be ascending in [0, 4), got 1 after 2"},
	} {
		if _, err := UnitsOf(tt.indices, 4); err == nil || err.Error() != tt.want {
			t.Errorf("%v: error %v, want %s", tt.indices, err, tt.want)
		}
	}
	u, err := UnitsOf([]int{0, 3}, 4)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 2)
	if Choose(got, []float64{1, 2, 3, 4}, u); got[0] != 1 || got[1] != 4 {
		t.Errorf("chosen are %v, want 1 and 4", got)
	}
}
