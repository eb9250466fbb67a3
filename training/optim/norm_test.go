package optim_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Units of any finite numbers keep their direction and have a norm of at most c, also
// where their squares overflow or vanish.
func TestMaxNormOfExtremes(t *testing.T) {
	sized := rapid.Custom(func(t *rapid.T) float64 {
		return math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "m"), rapid.IntRange(-500, 1023).Draw(t, "e"))
	})
	rapid.Check(t, func(t *rapid.T) {
		c := math.Ldexp(rapid.Float64Range(0.5, 1).Draw(t, "c"), rapid.IntRange(-400, 1000).Draw(t, "exponent"))
		rows, units := rapid.IntRange(1, 9).Draw(t, "rows"), rapid.IntRange(1, 5).Draw(t, "units")
		before := rapid.SliceOfN(sized, rows*units, rows*units).Draw(t, "w")
		for axis, shape := range [][]int{{units, rows}, {rows, units}} {
			w := slices.Clone(before)
			if err := optim.MaxNorm(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(w)), c, axis); err != nil {
				t.Fatal(err)
			}
			for u := range units {
				var old, now []float64
				for r := range rows {
					at := []int{u*rows + r, r*units + u}[axis]
					old, now = append(old, before[at]), append(now, w[at])
				}
				checkBounded(t, old, now, c)
			}
		}
	})
}

// checkBounded fails unless now is old, scaled to the norm c where it exceeds that.
func checkBounded(t *rapid.T, old, now []float64, c float64) {
	hypot := func(x []float64, by float64) (norm float64) {
		for _, v := range x {
			norm = math.Hypot(norm, v/by)
		}
		return norm
	}
	relative := hypot(old, c) // the norm in units of c, which may be Inf
	if relative <= 1-1e-12 {
		if !slices.Equal(old, now) {
			t.Fatalf("a unit of norm %v*c must stay, got %v of %v", relative, now, old)
		}
		return
	}
	if got := hypot(now, c); math.Abs(got-1) > 1e-9 {
		t.Fatalf("norm must be c = %v, got %v times that: %v of %v", c, got, now, old)
	}
	largest := slices.MaxFunc(old, func(a, b float64) int { return int(math.Copysign(1, math.Abs(a)-math.Abs(b))) })
	for i, v := range old {
		want := v / math.Abs(largest) / hypot(old, math.Abs(largest)) // in units of c
		if math.Abs(now[i]/c-want) > 1e-9 {
			t.Fatalf("element %d must be %v*c, got %v*c", i, want, now[i]/c)
		}
	}
}

// Infinities and NaN do not pass for something else.
func TestMaxNormOfNonFinite(t *testing.T) {
	w := []float64{math.Inf(1), 1, math.NaN(), 1}
	if err := optim.MaxNorm(tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(w)), 1, 0); err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(w[0]) || w[1] != 0 || !math.IsNaN(w[2]) || w[3] != 1 {
		t.Errorf("got %v", w)
	}
}

// Gradients whose squares overflow are clipped to ClipNorm, not to 0.
func TestClipNormOfExtremes(t *testing.T) {
	for _, tt := range []struct {
		r    optim.Regularization
		g    []float64
		want []float64
	}{
		{optim.Regularization{ClipNorm: 5}, []float64{3e200, -4e200}, []float64{3, -4}},
		{optim.Regularization{ClipNorm: 5}, []float64{3e307, -4e307}, []float64{3, -4}},
		{optim.Regularization{ClipNorm: 1e300}, []float64{3e200, -4e200}, []float64{3e200, -4e200}},
		{optim.Regularization{ClipNorm: 5, ClipValue: 1e200}, []float64{math.MaxFloat64, 0}, []float64{5, 0}},
	} {
		w := []float64{0, 0}
		if err := (&optim.SGD{LR: 1, Regularization: tt.r}).Step(list(w, tt.g)); err != nil {
			t.Fatal(err)
		}
		for i, want := range tt.want {
			if math.Abs(w[i]+want) > 1e-9*math.Abs(want) {
				t.Errorf("%+v: want a step of %v, got %v", tt.r, tt.want, w)
				break
			}
		}
	}
}
