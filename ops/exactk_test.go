package ops_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestKeptUnitsAreWhatExactKKeeps(t *testing.T) {
	const n = 20
	x := testkit.Ones(tensor.Float64, 3, n)
	i := slices.IndexFunc(variants, func(v variant) bool { return v.name == "ExactK" })
	for _, p := range []float64{0.05, 0.5, 0.95} {
		t.Run(fmt.Sprint("p=", p), func(t *testing.T) {
			for step := range int64(50) {
				y := variants[i].try(t, x, p, ops.WithSeed(3), ops.WithLayer(4)).at(step, x)
				k := ops.KeptCount(n, p)
				units, err := ops.KeptUnits(3, 4, step, n, k)
				if err != nil {
					t.Fatal(err)
				}
				want := make([]float64, 3*n)
				for row := range 3 {
					for _, u := range units {
						want[row*n+u] = n / float64(k)
					}
				}
				if !testkit.SameBits(y, want) {
					t.Fatalf("p=%v, step %d: got %v, want %v", p, step, y, want)
				}
			}
		})
	}
}

func TestKeptCount(t *testing.T) {
	for _, tt := range []struct {
		n    int
		p    float64
		want int
	}{{10, 0.5, 5}, {11, 0.5, 5}, {10, 0, 10}, {10, 1, 0}, {10, 2, 0}, {10, -1, 10}, {10, math.NaN(), 10}, {0, 0.5, 0}, {10, 0.04, 10}, {10, 0.05, 9}} {
		t.Run(fmt.Sprintf("%d units, p=%v", tt.n, tt.p), func(t *testing.T) {
			if got := ops.KeptCount(tt.n, tt.p); got != tt.want {
				t.Errorf("KeptCount(%d, %v) = %d, want %d", tt.n, tt.p, got, tt.want)
			}
		})
	}
}

func TestExactKRejects(t *testing.T) {
	checkRejects(t,
		reject{"ExactK", ops.ExactK, []int{5}, nil, "x must have shape (N, ...)"},
	)
}

func TestKeptUnitsRejects(t *testing.T) {
	for _, tt := range []struct {
		step int64
		n, k int
		want string
	}{
		{0, 3, 4, "ops: KeptUnits: k must be in [0, n = 3], got 4"},
		{0, 3, -1, "ops: KeptUnits: k must be in [0, n = 3], got -1"},
		{-1, 3, 1, "ops: KeptUnits: step must not be negative, got -1"},
		{0, math.MaxInt, 2, "ops: KeptUnits: n must be at most 2^33"},
		{0, 1<<33 + 1, 2, "ops: KeptUnits: n must be at most 2^33"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := ops.KeptUnits(1, 1, tt.step, tt.n, tt.k)
			testkit.Rejects(t, err, tt.want)
		})
	}
}
