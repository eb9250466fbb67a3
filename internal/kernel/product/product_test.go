package product

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// forEachSet runs a test with the kernels of each instruction set of this machine, for
// both types.
func forEachSet(t *testing.T, single func(t *testing.T, k *kernels[float32]), double func(t *testing.T, k *kernels[float64])) {
	for _, k := range sets32 {
		t.Run("float32/"+k.set.String(), func(t *testing.T) { single(t, k) })
	}
	for _, k := range sets64 {
		t.Run("float64/"+k.set.String(), func(t *testing.T) { double(t, k) })
	}
}

// exact returns a*b+c rounded once, by fma32Exact or math.FMA.
func exact[F Float](a, b, c F) F {
	switch any(a).(type) {
	case float32:
		return F(fma32Exact(float32(a), float32(b), float32(c)))
	default:
		return F(math.FMA(float64(a), float64(b), float64(c)))
	}
}

// reference is Multiply, one element after the other.
func reference[F Float](alpha F, a, b Matrix[F], beta F, c Matrix[F]) {
	for i := range c.Rows {
		for j := range c.Cols {
			to := &c.from(i, j)[0]
			var sum F
			if beta != 0 {
				sum = beta * *to
			}
			if alpha != 0 {
				for k := range a.Cols {
					sum = exact(alpha*a.from(i, k)[0], b.from(k, j)[0], sum)
				}
			}
			*to = sum
		}
	}
}

// same tells whether x and y are equal to the bit, any NaN being as good as another.
func same[F Float](x, y F) bool {
	return x != x && y != y || x == y && math.Signbit(float64(x)) == math.Signbit(float64(y))
}

// differ returns the first place where x and y differ, -1 if they do not.
func differ[F Float](x, y []F) int {
	for i := range x {
		if !same(x[i], y[i]) {
			return i
		}
	}
	return -1
}

// numbers returns n numbers: kind 0 are small and random, kind 1 of every kind.
func numbers[F Float](rnd *rand.Rand, n int, awkward bool) []F {
	x := make([]F, n)
	smallest, largest := F(math.SmallestNonzeroFloat32), F(math.MaxFloat32)
	if smallest/2 != 0 {
		smallest, largest = F(any(math.SmallestNonzeroFloat64).(float64)), F(any(math.MaxFloat64).(float64))
	}
	for i := range x {
		x[i] = F(rnd.NormFloat64())
		if !awkward {
			continue
		}
		switch rnd.IntN(40) {
		case 0:
			x[i] = F(math.NaN())
		case 1:
			x[i] = F(math.Inf(1 - 2*rnd.IntN(2)))
		case 2, 3, 4:
			x[i] = F(math.Copysign(0, x64(x[i])))
		case 5, 6:
			x[i] = smallest * F(rnd.IntN(100)-50)
		case 7:
			x[i] = largest
		case 8, 9:
			x[i] *= F(math.Sqrt(x64(smallest)))
		}
	}
	return x
}

func x64[F Float](x F) float64 { return float64(x) }

// view returns a matrix that lies somewhere in memory full of numbers.
func view[F Float](rnd *rand.Rand, rows, cols int, form string, awkward bool) Matrix[F] {
	m := Matrix[F]{Rows: rows, Cols: cols}
	pad := rnd.IntN(4)
	switch form {
	case "rows":
		m.RowStep, m.ColStep = cols+pad, 1
	case "columns":
		m.RowStep, m.ColStep = 1, rows+pad
	default: // neither
		m.RowStep, m.ColStep = 2*cols+pad, 2
	}
	first := rnd.IntN(20)
	m.Elements = numbers[F](rnd, first+rows*m.RowStep+cols*m.ColStep+40, awkward)[first:]
	return m
}

var forms = []string{"rows", "columns", "neither"}

// check compares a product with the reference, everything around c included.
func check[F Float](k *kernels[F], goroutines int, alpha F, a, b Matrix[F], beta F, c Matrix[F]) error {
	want := c
	want.Elements = append([]F(nil), c.Elements...)
	got := c
	got.Elements = append([]F(nil), c.Elements...)
	reference(alpha, a, b, beta, want)
	k.multiply(goroutines, alpha, a, b, beta, got)
	if i := differ(got.Elements, want.Elements); i >= 0 {
		return fmt.Errorf("%d×%d×%d, alpha %v, beta %v, %d goroutines: element %d (step %d, %d) is %v, want %v",
			c.Rows, c.Cols, a.Cols, alpha, beta, goroutines, i, c.RowStep, c.ColStep, got.Elements[i], want.Elements[i])
	}
	return nil
}

func TestMultiply(t *testing.T) {
	forEachSet(t, testMultiply[float32], testMultiply[float64])
}

func testMultiply[F Float](t *testing.T, k *kernels[F]) {
	size := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 40), rapid.IntRange(1, 130))
	form := rapid.SampledFrom(forms)
	factor := rapid.SampledFrom([]F{0, 1, 1, 1, -1, 0.3})
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		awkward := rapid.Bool().Draw(t, "awkward")
		m, n, d := size.Draw(t, "m"), size.Draw(t, "n"), size.Draw(t, "k")
		a := view[F](rnd, m, d, form.Draw(t, "a"), awkward)
		b := view[F](rnd, d, n, form.Draw(t, "b"), awkward)
		c := view[F](rnd, m, n, form.Draw(t, "c"), awkward)
		if err := check(k, rapid.IntRange(1, 3).Draw(t, "goroutines"),
			factor.Draw(t, "alpha"), a, b, factor.Draw(t, "beta"), c); err != nil {
			t.Fatal(err)
		}
	})
}
