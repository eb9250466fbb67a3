package tensorfile

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Each number of 16 bits comes back, and what lies between two goes to the nearer, or to
// the even one of two that are equally near.
func TestToHalf(t *testing.T) {
	for name, tt := range map[string]struct {
		to   func(float32) uint16
		from func(uint16) float32
		top  uint16 // infinity
	}{
		"F16":  {ToF16, FromF16, 0x7c00},
		"BF16": {ToBF16, FromBF16, 0x7f80},
	} {
		for b := range tt.top {
			x, next := float64(tt.from(b)), float64(tt.from(b+1))
			if b+1 == tt.top { // the next one, if the exponent went on
				next = 2*x - float64(tt.from(b-1))
			}
			middle := float32((x + next) / 2)
			for _, c := range []struct {
				x    float32
				want uint16
			}{{float32(x), b}, {math.Nextafter32(middle, 0), b}, {middle, b + b&1}, {math.Nextafter32(middle, math.MaxFloat32), b + 1}} {
				if got := tt.to(c.x); got != c.want {
					t.Fatalf("%s: %v is %#04x, want %#04x", name, c.x, got, c.want)
				}
				if got := tt.to(-c.x); got != c.want|0x8000 {
					t.Fatalf("%s: %v is %#04x, want %#04x", name, -c.x, got, c.want|0x8000)
				}
			}
		}
		if got := tt.to(float32(math.Inf(-1))); got != tt.top|0x8000 {
			t.Errorf("%s: -Inf is %#04x", name, got)
		}
		if got := tt.from(tt.to(float32(math.NaN()))); got == got {
			t.Errorf("%s: NaN is %v", name, got)
		}
		rapid.Check(t, func(t *rapid.T) {
			x := math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
			if b := tt.to(x); (x != x) != (tt.from(b) != tt.from(b)) {
				t.Fatalf("%v is %#04x", x, b)
			}
		})
	}
}
