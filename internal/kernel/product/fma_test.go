package product

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// exactFMA is a*b+c in numbers of any precision, rounded to float32.
func exactFMA(a, b, c float32) float32 {
	const precision = 700
	x := new(big.Float).SetPrec(precision).SetFloat64(float64(a))
	y := new(big.Float).SetPrec(precision).SetFloat64(float64(b))
	z := new(big.Float).SetPrec(precision).SetFloat64(float64(c))
	sum, _ := x.Mul(x, y).Add(x, z).Float32()
	return sum
}

func TestFMA(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	check := func(a, b, c float32) {
		t.Helper()
		want := exactFMA(a, b, c)
		for name, got := range map[string]float32{"fma32": fma32(a, b, c), "fma32Exact": fma32Exact(a, b, c)} {
			// An exact zero of big.Float has no sign of its own.
			if got != want {
				t.Fatalf("%s(%x, %x, %x) is %x, want %x", name, a, b, c, got, want)
			}
		}
	}
	t.Run("any bits", func(t *testing.T) {
		for range 40000 {
			a, b, c := math.Float32frombits(rnd.Uint32()), math.Float32frombits(rnd.Uint32()), math.Float32frombits(rnd.Uint32())
			if a-a == 0 && b-b == 0 && c-c == 0 {
				check(a, b, c)
			}
		}
	})
	t.Run("halfway and next to it", func(t *testing.T) {
		for range 40000 {
			// c has 24 bits, the product ends in a bit or two far below half of its last.
			c := float32(1<<23+rnd.IntN(1<<23)) * float32(math.Ldexp(1, rnd.IntN(200)-170))
			_, e := math.Frexp(float64(c))
			half := math.Ldexp(1, e-25)
			a := float32(half * (1 + math.Ldexp(float64(rnd.IntN(3)-1), -rnd.IntN(24))))
			b := float32(1 + math.Ldexp(float64(rnd.IntN(3)-1), -rnd.IntN(24)))
			if a != 0 {
				check(a, b, c)
				check(-a, b, c)
				check(a, b, -c)
				check(-a, b, -c)
			}
		}
	})
	t.Run("subnormal", func(t *testing.T) {
		for range 40000 {
			a := float32(math.Ldexp(rnd.NormFloat64(), -70-rnd.IntN(10)))
			b := float32(math.Ldexp(rnd.NormFloat64(), -70-rnd.IntN(10)))
			c := math.Float32frombits(rnd.Uint32N(1 << 24))
			check(a, b, c)
			check(a, b, -c)
			// The product is next to half of the last bit, by less than a float64 can tell.
			check(0x1p-75*(1+0x1p-23), 0x1p-75*(1-0x1p-23), c)
			check(0x1p-75*(1+0x1p-23), 0x1p-75*(1-0x1p-23), -c)
		}
	})
	t.Run("not finite and zeros", func(t *testing.T) {
		inf, zero := float32(math.Inf(1)), float32(0)
		negative := float32(math.Copysign(0, -1))
		for _, tt := range []struct{ a, b, c, want float32 }{
			{inf, 1, 1, inf}, {inf, -1, 1, -inf}, {inf, 0, 1, float32(math.NaN())}, {inf, 1, -inf, float32(math.NaN())},
			{1, 1, inf, inf}, {math.MaxFloat32, math.MaxFloat32, -inf, -inf}, {math.MaxFloat32, 2, 0, inf},
			{math.MaxFloat32, 2, -math.MaxFloat32, math.MaxFloat32},
			{zero, negative, negative, negative}, {zero, zero, negative, zero}, {1, 1, -1, zero},
			{float32(math.NaN()), 0, 0, float32(math.NaN())},
		} {
			for name, got := range map[string]float32{"fma32": fma32(tt.a, tt.b, tt.c), "fma32Exact": fma32Exact(tt.a, tt.b, tt.c)} {
				if !kerneltest.Same(got, tt.want) {
					t.Errorf("%s(%v, %v, %v) is %v, want %v", name, tt.a, tt.b, tt.c, got, tt.want)
				}
			}
		}
	})
}
