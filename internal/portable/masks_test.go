package portable

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestSeriesLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Ldexp(rapid.Float64Range(0.5, 1).Draw(t, "mantissa"), rapid.IntRange(-1000, 1000).Draw(t, "exponent"))
		got, want := SeriesLog(x), math.Log(x)
		if math.Abs(got-want) > 1e-12*max(1, math.Abs(want)) {
			t.Fatalf("SeriesLog(%v) = %v, want %v", x, got, want)
		}
	})
}

// Normal is the inverse of the distribution function, and odd.
func TestNormal(t *testing.T) {
	check := func(u uint32) {
		z := Normal(u)
		v := (float64(u) + 0.5) / (1 << 32)
		density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		if back := math.Erfc(-z/math.Sqrt2) / 2; math.Abs(back-v) > 4e-7*max(math.Abs(z), 0.1)*density {
			t.Errorf("Normal(%d) = %v, whose distribution function is %v, want %v", u, z, back, v)
		}
		if math.Float64bits(Normal(^u)) != math.Float64bits(-z) {
			t.Errorf("Normal(%d) = %v, want %v", ^u, Normal(^u), -z)
		}
	}
	for _, u := range []uint32{0, 1, 2, 1 << 20, 1<<31 - 1, 1 << 31, math.MaxUint32} {
		check(u)
	}
	rapid.Check(t, func(t *rapid.T) { check(rapid.Uint32().Draw(t, "u")) })
}

// The bits are the same on every machine: these are what the same operations
// give in Python.
func TestBits(t *testing.T) {
	for _, tt := range []struct {
		name string
		got  float64
		want uint64
	}{
		{"SeriesLog(0.1)", SeriesLog(0.1), 0xc0026bb1bbb55515},
		{"Normal(1)", Normal(1), 0xc018aa6c57d4a047},
		{"Normal(1<<30)", Normal(1 << 30), 0xbfe5956b9408a78f},
	} {
		if got := math.Float64bits(tt.got); got != tt.want {
			t.Errorf("%s = %v (%#x), want %v (%#x)", tt.name, tt.got, got, math.Float64frombits(tt.want), tt.want)
		}
	}
}
