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
