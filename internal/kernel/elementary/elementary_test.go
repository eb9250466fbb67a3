package elementary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// arguments are numbers of all kinds: where functions bend, awkward ones, and any bits.
func arguments[F Float](n int) []F {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]F, n)
	for i := range x {
		switch i % 4 {
		case 0, 1:
			x[i] = F(r.NormFloat64())
		case 2:
			x[i] = F(20 * r.NormFloat64())
		default:
			x[i] = F(100 * r.NormFloat64())
		}
	}
	return x
}

// samples are many arguments: some of the usual ones only, some with exceptions.
func samples[F Float]() [][]F {
	bits := make([]F, 1<<14)
	r := rand.New(rand.NewPCG(2, 3))
	for i := range bits {
		if _, ok := any(bits).([]float32); ok {
			bits[i] = F(math.Float32frombits(r.Uint32()))
		} else {
			bits[i] = F(math.Float64frombits(r.Uint64()))
		}
	}
	edges := []F{0, F(math.Copysign(0, -1)), 0.625, -0.625, 1, -1, math.Sqrt2, -math.Sqrt2, 8, -8, 10, -10, 11, -11, 8 * math.Sqrt2, -8 * math.Sqrt2, 43, -43, 87, -87, 88.722839, -87.33654, 708, -708, 1. / 2, math.Sqrt2 / 2, math.SmallestNonzeroFloat32}
	for _, e := range edges {
		for _, towards := range []float64{-1, 1} {
			if _, ok := any(edges).([]float32); ok {
				edges = append(edges, F(math.Nextafter32(float32(e), float32(1000*towards))))
			} else {
				edges = append(edges, F(math.Nextafter(float64(e), 1000*towards)))
			}
		}
	}
	var near []F
	for range 1 << 15 {
		near = append(near, F(3*r.NormFloat64()))
	}
	all := [][]F{bits, edges, near, kerneltest.Awkward[F](1000), arguments[F](1 << 14)}
	for n := range 70 {
		all = append(all, arguments[F](n))
	}
	return all
}

// All sets give the bits of the function in Go, and write nothing else.
func TestFunctions(t *testing.T) {
	t.Run("float32", func(t *testing.T) {
		compare(t, "Exp", exp[float32], exp32)
		compare(t, "Sigmoid", sigmoid[float32], func(x float32) float32 { return 1 / (1 + exp32(-x)) })
		compare(t, "Tanh", tanh[float32], tanh32)
		compareGELU[float32](t)
	})
	t.Run("float64", func(t *testing.T) {
		compare(t, "Exp", exp[float64], portable.Exp)
		compare(t, "Sigmoid", sigmoid[float64], func(x float64) float64 { return 1 / (1 + portable.Exp(-x)) })
		compare(t, "Log", func(set isa.Set, x []float64) { replace64(set, x, log64) }, portable.Log)
		compare(t, "Expm1", expm1, portable.Expm1)
		compare(t, "Log1p", log1p, portable.Log1p)
		compare(t, "Tanh", tanh[float64], portable.Tanh)
		compareGELU[float64](t)
	})
}

func compare[F Float](t *testing.T, name string, f func(isa.Set, []F), one func(F) F) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, x := range samples[F]() {
			got, intact := kerneltest.Guarded[F](len(x), len(x)%16)
			copy(got, x)
			f(set, got)
			want := slices.Clone(x)
			for i, v := range x {
				want[i] = one(v)
			}
			if err := verify(name, x, got, want, intact); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func verify[F Float](name string, x, got, want []F, intact func() bool) error {
	if i := kerneltest.Differs(got, want); i >= 0 {
		return fmt.Errorf("%s(%v): got %v, want %v", name, x[i], got[i], want[i])
	}
	return kerneltest.Verify(name, got, want, intact)
}

func compareGELU[F Float](t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for _, x := range samples[F]() {
			dy := slices.Clone(x)
			slices.Reverse(dy)
			got, intact := kerneltest.Guarded[F](len(x), len(x)%16)
			want := make([]F, len(x))
			gelu(set, got, x)
			for i, v := range x {
				want[i] = F(geluOf(float64(v)))
			}
			if err := verify("GELU", x, got, want, intact); err != nil {
				t.Fatal(err)
			}
			geluBack(set, got, x, dy)
			for i, v := range x {
				if want[i] = F(geluSlope(float64(v)) * float64(dy[i])); geluSlope(float64(v)) == 0 || dy[i] == 0 {
					want[i] = 0
				}
			}
			if err := verify("GELUBack", x, got, want, intact); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The functions in float32 are exact to two units in the last place or so.
func TestSingle(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got       func(float32) float32
		want      func(float64) float64
		low, high float64
	}{{"exp", exp32, math.Exp, -87, 88}, {"tanh", tanh32, math.Tanh, -12, 12}} {
		for i := range 100_000 {
			x := float32(tt.low + (tt.high-tt.low)*float64(i)/100_000)
			got, want := float64(tt.got(x)), tt.want(float64(x))
			if math.Abs(got-want) > 3e-7*math.Abs(want) {
				t.Fatalf("%s(%v) = %v, want %v", tt.name, x, got, want)
			}
		}
	}
}

func BenchmarkFunctions(b *testing.B) {
	for _, set := range isa.Supported() {
		for _, n := range []int{20, 1 << 12} {
			x, y, dx := arguments[float32](n), make([]float32, n), make([]float32, n)
			z := make([]float64, n)
			for i := range x {
				x[i] = min(max(x[i], -3), 3)
			}
			kerneltest.Bench(b, "exp32/"+set.String(), n, func() { copy(y, x); exp(set, y) })
			kerneltest.Bench(b, "tanh32/"+set.String(), n, func() { copy(y, x); tanh(set, y) })
			kerneltest.Bench(b, "exp64/"+set.String(), n, func() { clear(z); exp(set, z) })
			kerneltest.Bench(b, "gelu/"+set.String(), n, func() { gelu(set, y, x) })
			kerneltest.Bench(b, "geluBack/"+set.String(), n, func() { geluBack(set, dx, x, y) })
		}
	}
}
