package mask

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sorted is Smallest by its definition.
func sorted(w []float64, cols, k int) []bool {
	chosen := make([]bool, len(w))
	for c := range cols {
		var column []int
		for i := c; i < len(w); i += cols {
			column = append(column, i)
		}
		slices.SortStableFunc(column, func(i, j int) int {
			a, b := math.Abs(w[i]), math.Abs(w[j])
			switch {
			case math.IsNaN(a) && math.IsNaN(b):
				return 0
			case math.IsNaN(a):
				return 1
			case math.IsNaN(b):
				return -1
			}
			return cmp.Compare(a, b)
		})
		for _, i := range column[:k] {
			chosen[i] = true
		}
	}
	return chosen
}

func TestSmallestIsSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 80).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "cols")
		k := rapid.IntRange(0, rows).Draw(t, "k")
		// Few values, so that many are equal, or any.
		value := rapid.OneOf(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 2, math.NaN(), math.Inf(1), math.Inf(-1), 1e-45}), rapid.Float64())
		if rapid.Bool().Draw(t, "few") {
			value = rapid.SampledFrom([]float64{-1, 0, 1})
		}
		w := rapid.SliceOfN(value, rows*cols, rows*cols).Draw(t, "w")
		if got, want := Bools(Smallest(w, cols, k), len(w)), sorted(w, cols, k); !slices.Equal(got, want) {
			t.Fatalf("%d of each column of %v: want %v, got %v", k, w, want, got)
		}
		narrow, widened := make([]float32, len(w)), make([]float64, len(w))
		for i, x := range w {
			narrow[i] = float32(x)
			widened[i] = float64(narrow[i])
		}
		if got, want := Smallest(narrow, cols, k), Smallest(widened, cols, k); !slices.Equal(got, want) {
			t.Fatalf("float32 and float64 must agree, got %b and %b", got, want)
		}
	})
}

// Large matrices are shared among cores, and orders that are bad for choosing
// by pivots are sorted.
func TestSmallestOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const rows, cols = 700, 61
	w := make([]float64, rows*cols)
	for i := range w {
		switch row, col := i/cols, i%cols; col % 5 {
		case 0:
			w[i] = r.NormFloat64()
		case 1:
			w[i] = float64(row)
		case 2:
			w[i] = float64(-row * (rows - row)) // an arch
		case 3:
			w[i] = float64(rows - row)
		default:
			w[i] = float64(row % 3)
		}
	}
	for _, k := range []int{1, 350, 699, 700} {
		if !slices.Equal(Bools(Smallest(w, cols, k), len(w)), sorted(w, cols, k)) {
			t.Errorf("%d of each column are not the smallest", k)
		}
	}
}

func TestSmallestColumns(t *testing.T) {
	nan := math.NaN()
	w := []float64{
		3, 1, 5, nan, 0, -5,
		4, -1, 0, 0, 0, 0,
	}
	for k, want := range [][]int{{}, {4}, {1, 4}, {0, 1, 4}, {0, 1, 2, 4}, {0, 1, 2, 4, 5}, {0, 1, 2, 3, 4, 5}} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			if got := Indices(SmallestColumns(w, 6, k)); !slices.Equal(got, want) {
				t.Errorf("want columns %v, got %v", want, got)
			}
		})
	}
	if got := SmallestColumns([]float32{}, 0, 0); len(got) != 0 {
		t.Errorf("want nothing of nothing, got %v", got)
	}
}

func BenchmarkSmallest(b *testing.B) {
	const n = 1024
	r := rand.New(rand.NewPCG(1, 2))
	w := make([]float32, n*n)
	for i := range w {
		w[i] = float32(r.NormFloat64())
	}
	b.SetBytes(4 * n * n)
	for b.Loop() {
		Smallest(w, n, n/2)
	}
}
