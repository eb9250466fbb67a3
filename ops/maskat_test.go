package ops_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// MaskAt tells what each dropout of the contract's masks does.
func TestMaskAt(t *testing.T) {
	for _, tt := range []struct {
		variant string
		mask    []int // its shape, for the variant's
		copies  []int // by axis
	}{
		{"Dropout", []int{9, 7}, []int{1, 1}},
		{"Dropout noise shape", []int{3, 1, 4}, []int{1, 5, 1}},
		{"Dropout1d", []int{4, 6, 1}, []int{1, 1, 3}},
		{"Dropout2d", []int{3, 7, 1, 1}, []int{1, 1, 2, 3}},
		{"DropPath", []int{12, 1, 1}, []int{1, 3, 2}},
		{"Batchwise", []int{1, 21}, []int{3, 1}},
		{"DropConnect", []int{7, 9}, []int{1, 1}},
	} {
		i := slices.IndexFunc(variants, func(v variant) bool { return v.name == tt.variant })
		x := testkit.Ones(tensor.Float64, variants[i].shape...)
		y := variants[i].try(t, x, 0.375, ops.WithSeed(8), ops.WithLayer(5)).at(1<<33, x)
		kept, err := ops.MaskAt(8, 5, 1<<33, tt.mask, 0.375)
		if err != nil {
			t.Fatal(err)
		}
		bits := tensor.New(tensor.WithShape(tt.mask...), tensor.WithBacking(kept))
		for axis, n := range tt.copies {
			if n > 1 {
				repeated, err := bits.Repeat(axis, n)
				if err != nil {
					t.Fatal(err)
				}
				bits = repeated.(*tensor.Dense)
			}
		}
		for e, k := range bits.Bools() {
			if (y[e] != 0) != k {
				t.Errorf("%s: element %d is %v, and kept by MaskAt: %v", tt.variant, e, y[e], k)
			}
		}
	}
}

func TestKeptUnitsAreWhatExactKKeeps(t *testing.T) {
	const n = 20
	x := testkit.Ones(tensor.Float64, 3, n)
	i := slices.IndexFunc(variants, func(v variant) bool { return v.name == "ExactK" })
	for _, p := range []float64{0.05, 0.5, 0.95} {
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
	}
}

func TestKeptCount(t *testing.T) {
	for _, tt := range []struct {
		n    int
		p    float64
		want int
	}{{10, 0.5, 5}, {11, 0.5, 5}, {10, 0, 10}, {10, 1, 0}, {10, 2, 0}, {10, -1, 10}, {10, math.NaN(), 10}, {0, 0.5, 0}, {10, 0.04, 10}, {10, 0.05, 9}} {
		if got := ops.KeptCount(tt.n, tt.p); got != tt.want {
			t.Errorf("KeptCount(%d, %v) = %d, want %d", tt.n, tt.p, got, tt.want)
		}
	}
}

func TestMaskAtRejects(t *testing.T) {
	for _, tt := range []struct {
		call func() error
		want string
	}{
		{func() error { _, err := ops.MaskAt(0, 0, 0, []int{3}, 1.5); return err }, "ops: MaskAt: p must be in [0, 1], got 1.5"},
		{func() error { _, err := ops.MaskAt(0, 0, -1, []int{3}, 0.5); return err }, "ops: MaskAt: step must not be negative, got -1"},
		{func() error { _, err := ops.MaskAt(0, 0, 0, []int{3, -2}, 0.5); return err }, "ops: MaskAt: shape: sizes must not be negative, got [3 -2]"},
		{func() error { _, err := ops.KeptUnits(0, 0, 0, 3, 4); return err }, "ops: KeptUnits: k must be in [0, n = 3], got 4"},
		{func() error { _, err := ops.KeptUnits(0, 0, 0, 3, -1); return err }, "ops: KeptUnits: k must be in [0, n = 3], got -1"},
		{func() error { _, err := ops.KeptUnits(0, 0, -1, 3, 1); return err }, "ops: KeptUnits: step must not be negative, got -1"},
	} {
		if err := tt.call(); err == nil || err.Error() != tt.want {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
	if kept, err := ops.MaskAt(0, 0, 0, []int{0, 3}, 0.5); err != nil || len(kept) != 0 {
		t.Errorf("an empty shape has an empty mask, got %v, %v", kept, err)
	}
	if kept, err := ops.MaskAt(0, 0, 0, nil, 0.5); err != nil || len(kept) != 1 {
		t.Errorf("a scalar has a mask of one element, got %v, %v", kept, err)
	}
}
