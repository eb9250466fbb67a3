package bounded_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
)

// The product is that of arithmetic without limits, or an error.
func TestProduct(t *testing.T) {
	size := rapid.OneOf(rapid.IntRange(-2, 9), rapid.Int(), rapid.SampledFrom([]int{1 << 31, 1 << 32, math.MaxInt, math.MinInt, 1 << 62}))
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(size, 0, 5).Draw(t, "sizes")
		most := rapid.OneOf(rapid.IntRange(0, 1000), rapid.Just(math.MaxInt)).Draw(t, "most")
		want, negative := big.NewInt(1), false
		for _, d := range all {
			want.Mul(want, big.NewInt(int64(d)))
			negative = negative || d < 0
		}
		got, err := bounded.Product(most, all...)
		if len(all) == 0 && most == 0 {
			return
		}
		if fits := !negative && want.Cmp(big.NewInt(int64(most))) <= 0; fits != (err == nil) || fits && int64(got) != want.Int64() {
			t.Fatalf("product of %v, at most %d, is %d and %v, want %v", all, most, got, err, want)
		}
	})
}

// What random sizes seldom meet: products that are just small enough, and that become
// small again where 64 bits end.
func TestProductAtItsBounds(t *testing.T) {
	for _, tt := range []struct {
		most int
		all  []int
		want int // negative: an error
	}{
		{6, []int{2, 3}, 6}, {5, []int{2, 3}, -1}, {0, []int{5, 0}, 0}, {0, []int{0, 5}, 0}, {1, nil, 1},
		{math.MaxInt, []int{1 << 32, 1 << 32}, -1}, {math.MaxInt, []int{1 << 62, 4, 1}, -1}, {math.MaxInt, []int{1 << 62, 4, 3, 1}, -1},
		{9, []int{10, 1}, -1}, {9, []int{1 << 32, 1 << 32, 0}, 0}, {9, []int{-1, 0}, -1}, {9, []int{0, -1}, -1},
		{math.MaxInt, []int{math.MaxInt}, math.MaxInt}, {math.MaxInt, []int{math.MaxInt, 1}, math.MaxInt},
	} {
		got, err := bounded.Product(tt.most, tt.all...)
		if (err == nil) != (tt.want >= 0) || err == nil && got != tt.want {
			t.Errorf("product of %v, at most %d: want %d, got %d, %v", tt.all, tt.most, tt.want, got, err)
		}
	}
}
