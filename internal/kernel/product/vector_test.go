package product

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// someVector returns a vector that lies somewhere in memory full of numbers.
func someVector[F Float](t *rapid.T, rnd *rand.Rand, n int, awkward bool, name string) Vector[F] {
	v := Vector[F]{N: n, Step: rapid.SampledFrom([]int{1, 1, 1, 2, 7, -1, -3}).Draw(t, name)}
	before := rnd.IntN(9)
	v.First = before
	if v.Step < 0 {
		v.First += max(0, n-1) * -v.Step
	}
	v.Elements = numbers[F](rnd, before+n*max(v.Step, -v.Step)+9, awkward)
	return v
}

func (v Vector[F]) at(i int) *F { return &v.Elements[v.First+i*v.Step] }

func (v Vector[F]) clone() Vector[F] {
	v.Elements = append([]F(nil), v.Elements...)
	return v
}

// chained is a sum of n terms as Dot's documentation has it.
func chained[F Float](k *kernels[F], n int, add func(sum F, i int) F) F {
	sums := make([]F, k.chains())
	for i := range (n + len(sums) - 1) / len(sums) * len(sums) {
		sums[i%len(sums)] = add(sums[i%len(sums)], i)
	}
	for len(sums) > 1 {
		for i := range len(sums) / 2 {
			sums[i] += sums[len(sums)/2+i]
		}
		sums = sums[:len(sums)/2]
	}
	return sums[0]
}

func TestVectors(t *testing.T) {
	forEachSet(t, testVectors[float32], testVectors[float64])
}

func testVectors[F Float](t *testing.T, k *kernels[F]) {
	size := rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 200), rapid.IntRange(0, 1500))
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n, awkward := size.Draw(t, "n"), rapid.Bool().Draw(t, "awkward")
		x, y := someVector[F](t, rnd, n, awkward, "x"), someVector[F](t, rnd, n, awkward, "y")
		alpha := numbers[F](rnd, 1, awkward)[0]
		want := chained(k, n, func(sum F, i int) F {
			if i >= n {
				return exact(0, 0, sum)
			}
			return exact(*x.at(i), *y.at(i), sum)
		})
		if got := k.inner(x, y); !kerneltest.Same(got, want) {
			t.Errorf("the inner product is %v, want %v", got, want)
		}
		want = chained(k, n, func(sum F, i int) F {
			if i >= n {
				return sum
			}
			return sum + F(math.Abs(float64(*x.at(i))))
		})
		if got := k.absoluteSum(x); !kerneltest.Same(got, want) {
			t.Errorf("the sum of absolute values is %v, want %v", got, want)
		}
		got, sum := y.clone(), y.clone()
		k.addScaled(alpha, x, got)
		for i := range n {
			*sum.at(i) = exact(alpha, *x.at(i), *sum.at(i))
		}
		if i := kerneltest.Differs(got.Elements, sum.Elements); i >= 0 {
			t.Errorf("sum: element %d is %v, want %v", i, got.Elements[i], sum.Elements[i])
		}
		got, sum = y.clone(), y.clone()
		k.scaleVector(alpha, got)
		for i := range n {
			*sum.at(i) *= alpha
		}
		if i := kerneltest.Differs(got.Elements, sum.Elements); i >= 0 {
			t.Errorf("product: element %d is %v, want %v", i, got.Elements[i], sum.Elements[i])
		}
	})
}

func TestNorm(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	forEachSet(t,
		func(t *testing.T, k *kernels[float32]) {
			testNorm(t, k, [][]float32{{3, 4, 5}, {}, {0}, {-2, 2}, {3e38, 4e38 / 1.25, 4.3863424e38 / 1.3}, {1e-45, 1e-45},
				{float32(nan), float32(inf)}, {1, -float32(inf)}})
		},
		func(t *testing.T, k *kernels[float64]) {
			testNorm(t, k, [][]float64{{3, 4, 5}, {}, {0}, {-2, 2}, {1.5e308, 1e307}, {3 * 5e-324, 4 * 5e-324},
				{1e-320, 1e300}, {1e-200, 1e-201}, {nan, inf}, {1, -inf}})
		})
}

func testNorm[F Float](t *testing.T, k *kernels[F], all [][]F) {
	for _, x := range all {
		var want float64
		for _, e := range x {
			want = math.Hypot(want, float64(e))
		}
		for _, e := range x {
			if e != e {
				want = math.NaN() // unlike Hypot
			}
		}
		got := float64(normOf(k, Vector[F]{Elements: x, Step: 1, N: len(x)}))
		tolerance := 2e-7
		if k.size() == 8 {
			tolerance = 1e-15
		}
		if !kerneltest.Same(got, want) && !kerneltest.Same(got, float64(F(want))) && !(math.Abs(got-want) <= tolerance*want) {
			t.Errorf("the norm of %v is %v, want %v", x, got, want)
		}
	}
}

// A matrix times a vector and an update have the bits of the products that they are.
func TestMatrixVector(t *testing.T) {
	forEachSet(t, testMatrixVector[float32], testMatrixVector[float64])
}

func testMatrixVector[F Float](t *testing.T, k *kernels[F]) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		size, awkward := rapid.IntRange(1, 70), rapid.Bool().Draw(t, "awkward")
		m, n := size.Draw(t, "m"), size.Draw(t, "n")
		a := view[F](rnd, m, n, rapid.SampledFrom(forms).Draw(t, "a"), awkward)
		x, y := someVector[F](t, rnd, n, awkward, "x"), someVector[F](t, rnd, m, awkward, "y")
		factor := rapid.SampledFrom([]F{0, 1, -0.3})
		alpha, beta := factor.Draw(t, "alpha"), factor.Draw(t, "beta")

		got, want := y.clone(), y.clone()
		k.apply(2, alpha, a, x, beta, got)
		for i := range m {
			var sum F
			if beta != 0 {
				sum = beta * *want.at(i)
			}
			for p := 0; p < n && alpha != 0; p++ {
				sum = exact(alpha**x.at(p), a.from(i, p)[0], sum)
			}
			*want.at(i) = sum
		}
		if i := kerneltest.Differs(got.Elements, want.Elements); i >= 0 {
			t.Errorf("apply: element %d is %v, want %v", i, got.Elements[i], want.Elements[i])
		}

		updated := a
		updated.Elements = append([]F(nil), a.Elements...)
		k.update(2, alpha, y, x, updated)
		for i := range m {
			for j := range n {
				if e := &a.from(i, j)[0]; alpha != 0 {
					*e = exact(alpha**y.at(i), *x.at(j), *e)
				}
			}
		}
		if i := kerneltest.Differs(updated.Elements, a.Elements); i >= 0 {
			t.Errorf("update: element %d is %v, want %v", i, updated.Elements[i], a.Elements[i])
		}
	})
}
