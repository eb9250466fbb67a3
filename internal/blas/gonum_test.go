package blas

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/blas/testblas"
	"pgregory.net/rapid"
)

// The numbers are small integers, or NaN where they must not be read, so that
// the answers have to be equal, and the elements between rows and increments
// must not change.
func TestGonumsAnswers(t *testing.T) {
	forEach(t, func(t *testing.T, b *Implementation) {
		t.Run("float32", func(t *testing.T) {
			testAnswers(t, float32Routines(b), float32Routines(gonum.Implementation{}))
		})
		t.Run("float64", func(t *testing.T) {
			testAnswers(t, float64Routines(b), float64Routines(gonum.Implementation{}))
		})
	})
}

func testAnswers[T float](t *testing.T, got, want level[T]) {
	dim := rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 70))
	pad := rapid.IntRange(0, 5)
	trans := rapid.SampledFrom(transposes)
	factor := rapid.SampledFrom([]T{0, 1, -1, 2, 0.5})
	increment := rapid.SampledFrom([]int{1, 2, 5, -1, -3})
	same := func(t *rapid.T, c []T, f func(l level[T], c []T)) {
		x, y := slices.Clone(c), slices.Clone(c)
		f(got, x)
		f(want, y)
		if i := differ(x, y); i >= 0 {
			t.Fatalf("element %d is %v, gonum's %v", i, x[i], y[i])
		}
	}
	t.Run("gemm", rapid.MakeCheck(func(t *rapid.T) {
		m, n, k := dim.Draw(t, "m"), dim.Draw(t, "n"), dim.Draw(t, "k")
		tA, tB := trans.Draw(t, "tA"), trans.Draw(t, "tB")
		lda, ldb, ldc := pad.Draw(t, "lda")+max(1, k), pad.Draw(t, "ldb")+max(1, n), pad.Draw(t, "ldc")+max(1, n)
		if tA != blas.NoTrans {
			lda += m
		}
		if tB != blas.NoTrans {
			ldb += k
		}
		alpha, beta := factor.Draw(t, "alpha"), factor.Draw(t, "beta")
		a, b := drawn[T](t, max(m, k)*lda), drawn[T](t, max(n, k)*ldb)
		c := drawn[T](t, m*ldc)
		if beta == 0 {
			fill(c, T(math.NaN()))
		}
		same(t, c, func(l level[T], c []T) { l.gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) })
	}))
	t.Run("gemv", rapid.MakeCheck(func(t *rapid.T) {
		m, n, tA := dim.Draw(t, "m"), dim.Draw(t, "n"), trans.Draw(t, "tA")
		lda := pad.Draw(t, "lda") + max(1, n)
		incX, incY := increment.Draw(t, "incX"), increment.Draw(t, "incY")
		alpha, beta := factor.Draw(t, "alpha"), factor.Draw(t, "beta")
		lenY := m
		if tA != blas.NoTrans {
			lenY = n
		}
		// gonum clears y to its end, even beyond its last element.
		a, x, y := drawn[T](t, m*lda), drawn[T](t, max(m, n)*5), drawn[T](t, lenY*max(incY, -incY))
		if beta == 0 && alpha != 0 {
			fill(y, T(math.NaN()))
		}
		same(t, y, func(l level[T], y []T) { l.gemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY) })
	}))
	t.Run("ger", rapid.MakeCheck(func(t *rapid.T) {
		m, n := dim.Draw(t, "m"), dim.Draw(t, "n")
		lda := pad.Draw(t, "lda") + max(1, n)
		incX, incY, alpha := increment.Draw(t, "incX"), increment.Draw(t, "incY"), factor.Draw(t, "alpha")
		x, y, a := drawn[T](t, m*5), drawn[T](t, n*5), drawn[T](t, m*lda)
		right := got
		right.ger = want.ger
		if incX < 0 || incY < 0 {
			// gonum's is wrong here; a product with a column does the same.
			right.ger = func(m, n int, alpha T, x []T, incX int, y []T, incY int, a []T, lda int) {
				for i := range m {
					want.axpy(n, alpha*x[at1(i, m, incX)], y, incY, a[i*lda:], 1)
				}
			}
		}
		f := func(l level[T], a []T) { l.ger(m, n, alpha, x, incX, y, incY, a, lda) }
		one, two := slices.Clone(a), slices.Clone(a)
		f(got, one)
		f(right, two)
		if i := differ(one, two); i >= 0 {
			t.Fatalf("element %d is %v, want %v", i, one[i], two[i])
		}
	}))
	t.Run("dot", rapid.MakeCheck(func(t *rapid.T) {
		n, incX, incY := dim.Draw(t, "n"), increment.Draw(t, "incX"), increment.Draw(t, "incY")
		x, y := drawn[T](t, n*5), drawn[T](t, n*5)
		same(t, make([]T, 1), func(l level[T], sum []T) { sum[0] = l.dot(n, x, incX, y, incY) })
	}))
	t.Run("axpy", rapid.MakeCheck(func(t *rapid.T) {
		n, incX, incY := dim.Draw(t, "n"), increment.Draw(t, "incX"), increment.Draw(t, "incY")
		alpha, x := factor.Draw(t, "alpha"), drawn[T](t, n*5)
		same(t, drawn[T](t, n*5), func(l level[T], y []T) { l.axpy(n, alpha, x, incX, y, incY) })
	}))
	t.Run("scal", rapid.MakeCheck(func(t *rapid.T) {
		n, incX, alpha := dim.Draw(t, "n"), increment.Draw(t, "incX"), factor.Draw(t, "alpha")
		x := drawn[T](t, n*5)
		if alpha == 0 && n > 0 {
			fill(x, T(math.NaN()))
		}
		same(t, x, func(l level[T], x []T) { l.scal(n, alpha, x, incX) })
	}))
}

// Gonum's own tests of a BLAS.
func TestGonumsTests(t *testing.T) {
	forEach(t, func(t *testing.T, b *Implementation) {
		for name, f := range map[string]func(t *testing.T, b *Implementation){
			"gemm": func(t *testing.T, b *Implementation) { testblas.TestDgemm(t, b) },
			"gemv": func(t *testing.T, b *Implementation) { testblas.DgemvTest(t, b) },
			"ger":  func(t *testing.T, b *Implementation) { testblas.DgerTest(t, b) },
			"dot":  func(t *testing.T, b *Implementation) { testblas.DdotTest(t, b) },
			"axpy": func(t *testing.T, b *Implementation) { testblas.DaxpyTest(t, b) },
			"scal": func(t *testing.T, b *Implementation) { testblas.DscalTest(t, b) },
			"asum": func(t *testing.T, b *Implementation) { testblas.DasumTest(t, b) },
			"nrm2": func(t *testing.T, b *Implementation) { testblas.Dnrm2Test(t, b) },
		} {
			t.Run(name, func(t *testing.T) { f(t, b) })
		}
	})
}

// Whatever gonum refuses, in whatever words, is refused in the same.
func TestGonumsPanics(t *testing.T) {
	forEach(t, func(t *testing.T, b *Implementation) {
		t.Run("float32", func(t *testing.T) {
			testPanics(t, float32Routines(b), float32Routines(gonum.Implementation{}))
		})
		t.Run("float64", func(t *testing.T) {
			testPanics(t, float64Routines(b), float64Routines(gonum.Implementation{}))
		})
	})
}

func testPanics[T float](t *testing.T, got, want level[T]) {
	refused := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		dim, inc := rapid.IntRange(-1, 3), rapid.IntRange(-2, 2)
		trans := rapid.SampledFrom(append([]blas.Transpose{'x', 0}, transposes...))
		m, n, k := dim.Draw(t, "m"), dim.Draw(t, "n"), dim.Draw(t, "k")
		lda, ldb, ldc := dim.Draw(t, "lda"), dim.Draw(t, "ldb"), dim.Draw(t, "ldc")
		incX, incY := inc.Draw(t, "incX"), inc.Draw(t, "incY")
		tA, tB := trans.Draw(t, "tA"), trans.Draw(t, "tB")
		alpha := rapid.SampledFrom([]T{0, 1}).Draw(t, "alpha")
		length := rapid.IntRange(0, 10)
		a, x, y := drawn[T](t, length.Draw(t, "a")), drawn[T](t, length.Draw(t, "x")), drawn[T](t, length.Draw(t, "y"))
		for name, f := range map[string]func(l level[T], c []T){
			"gemm": func(l level[T], c []T) { l.gemm(tA, tB, m, n, k, alpha, a, lda, x, ldb, 1, c, ldc) },
			"gemv": func(l level[T], c []T) { l.gemv(tA, m, n, alpha, a, lda, x, incX, 1, c, incY) },
			"ger":  func(l level[T], c []T) { l.ger(m, n, alpha, a, max(0, incX), x, max(0, incY), c, lda) },
			"dot":  func(l level[T], c []T) { l.dot(n, x, incX, c, incY) },
			"axpy": func(l level[T], c []T) { l.axpy(n, alpha, x, incX, c, incY) },
			"scal": func(l level[T], c []T) { l.scal(n, alpha, c, incX) },
		} {
			one, two := slices.Clone(y), slices.Clone(y)
			p, q := recovered(func() { f(got, one) }), recovered(func() { f(want, two) })
			if fmt.Sprint(p) != fmt.Sprint(q) {
				t.Fatalf("%s panics with %v, gonum's with %v", name, p, q)
			}
			if i := differ(one, two); i >= 0 {
				t.Fatalf("%s: element %d is %v, gonum's %v", name, i, one[i], two[i])
			}
			if q != nil {
				refused[name]++
			}
		}
	})
	// Of a fifth of the examples, which a short test has, chance may refuse none of scal's.
	if len(refused) != 6 && !testing.Short() {
		t.Errorf("only these were refused: %v", refused)
	}
}
