package blas

import (
	"os"
	"testing"

	"gonum.org/v1/gonum/blas"
	"pgregory.net/rapid"
)

// loaded returns the library that DROPOUT_BLAS names, or the first one found, which then
// gets all calls, however small, or skips the test.
func loaded(t testing.TB) *Implementation {
	t.Helper()
	name := os.Getenv(Variable)
	if name == "" {
		name = "library"
	}
	b, err := Open(name)
	if err != nil || b.Library() == "" {
		t.Skipf("no library to test: %v (Debian: libopenblas0)", err)
	}
	b.single.least, b.double.least = work{}, work{}
	return b
}

// forEach runs a test with the built-in products and with a library.
func forEach(t *testing.T, f func(t *testing.T, b *Implementation)) {
	t.Run("builtin", func(t *testing.T) { f(t, &Implementation{builtin: true}) })
	t.Run("library", func(t *testing.T) { f(t, loaded(t)) })
}

var transposes = []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}

// drawn returns n small integers.
func drawn[T float](t *rapid.T, n int) []T {
	x := make([]T, n)
	shift := rapid.IntRange(0, 12).Draw(t, "data")
	for i, v := range integers[T](n+shift, 6)[shift:] {
		x[i] = v
	}
	return x
}

func fill[T float](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

// differ returns the first place where x and y differ, NaN being equal to NaN,
// -1 if they do not.
func differ[T float](x, y []T) int {
	for i := range x {
		if x[i] != y[i] && (x[i] == x[i] || y[i] == y[i]) {
			return i
		}
	}
	return -1
}

// at1 is the place of element i of n elements every inc elements.
func at1(i, n, inc int) int {
	if inc < 0 {
		return (i - n + 1) * inc
	}
	return i * inc
}

func recovered(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}
