package nn

import (
	"math"
	"testing"
)

// The fast functions are within two units in the last place of float32, keep NaN
// and go to their limits.
func TestFastFunctions(t *testing.T) {
	for name, f := range map[string]struct {
		fast  func(float32) float32
		exact func(float64) float64
	}{"exp": {exp32, math.Exp}, "tanh": {tanh32, math.Tanh}} {
		t.Run(name, func(t *testing.T) {
			for x := float32(-87); x < 88; x += 0.00137 {
				want := f.exact(float64(x))
				if e := math.Abs(float64(f.fast(x)) - want); e > math.Abs(want)*2.4e-7 {
					t.Fatalf("%s(%v) is %v, want %v", name, x, f.fast(x), want)
				}
			}
			if y := f.fast(float32(math.NaN())); y == y {
				t.Errorf("%s(NaN) is %v", name, y)
			}
			inf := float32(math.Inf(1))
			for _, x := range []float32{inf, -inf, 0, 1e-30, 100, -100} {
				if got, want := f.fast(x), float32(f.exact(float64(x))); math.Abs(float64(got-want)) > 1e-37 {
					t.Errorf("%s(%v) is %v, want %v", name, x, got, want)
				}
			}
		})
	}
}
