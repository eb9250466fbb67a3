package ops_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// MaskAt recomputes the mask of any step of a run, past or to come.
func ExampleMaskAt() {
	kept, err := ops.MaskAt(42, 1, 1000, []int{8}, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kept)
	// Output:
	// [false true false true false true true false]
}

// Sizes whose products overflow are errors: neither a panic nor a short mask.
func TestHugeMasks(t *testing.T) {
	for _, shape := range [][]int{{1 << 32, 1 << 32}, {math.MaxInt}, {1 << 62, 4}, {1 << 31, 1 << 31, 4}, {1<<35 + 1}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			_, err := ops.MaskAt(1, 1, 0, shape, 0.5)
			testkit.Rejects(t, err, "ops: MaskAt: shape: sizes must multiply to 34359738368 at most")
		})
	}
	if m, err := ops.MaskAt(1, 1, 0, []int{1 << 32, 0, 1 << 32}, 0.5); err != nil || len(m) != 0 {
		t.Errorf("a mask without elements is %v and %v", m, err)
	}
}

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
		t.Run(tt.variant, func(t *testing.T) {
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
		})
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
	} {
		t.Run(tt.want, func(t *testing.T) {
			if err := tt.call(); err == nil || err.Error() != tt.want {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
	if kept, err := ops.MaskAt(0, 0, 0, []int{0, 3}, 0.5); err != nil || len(kept) != 0 {
		t.Errorf("an empty shape has an empty mask, got %v, %v", kept, err)
	}
	if kept, err := ops.MaskAt(0, 0, 0, nil, 0.5); err != nil || len(kept) != 1 {
		t.Errorf("a scalar has a mask of one element, got %v, %v", kept, err)
	}
}
