package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Arguments that are right but for one, or that leave nothing to compute.
func TestEdges(t *testing.T) {
	forEach(t, func(t *testing.T, b *Implementation) {
		t.Run("float32", func(t *testing.T) {
			testEdges(t, float32Routines(b), float32Routines(gonum.Implementation{}))
		})
		t.Run("float64", func(t *testing.T) {
			testEdges(t, float64Routines(b), float64Routines(gonum.Implementation{}))
		})
	})
}

func testEdges[T float](t *testing.T, got, want level[T]) {
	const no, tr, bad = blas.NoTrans, blas.Trans, blas.Transpose('x')
	wide := math.MaxInt32
	wide = 2*wide + 2 // 2^32, where int is wide enough for a library to be loaded
	a, nan := integers[T](12, 6), make([]T, 12)
	fill(nan, T(math.NaN()))
	for name, f := range map[string]func(l level[T], c []T){
		"gemm, k = 0, nothing to read":    func(l level[T], c []T) { l.gemm(no, tr, 3, 4, 0, 1, nil, 1, nil, 1, 2, c, 4) },
		"gemm, k = 0, beta = 0":           func(l level[T], c []T) { l.gemm(tr, no, 3, 4, 0, 1, nil, 3, nil, 4, 0, c, 4) },
		"gemm, k < 0":                     func(l level[T], c []T) { l.gemm(no, no, 2, 2, -1, 1, a, 2, a, 2, 1, c, 2) },
		"gemm, m = 0":                     func(l level[T], c []T) { l.gemm(no, no, 0, 2, 2, 1, a, 2, a, 2, 1, c, 2) },
		"gemm, n < 0":                     func(l level[T], c []T) { l.gemm(no, no, 2, -1, 2, 1, a, 2, a, 2, 1, c, 2) },
		"gemm, first transpose":           func(l level[T], c []T) { l.gemm(bad, no, 2, 2, 2, 1, a, 2, a, 2, 1, c, 2) },
		"gemm, second transpose":          func(l level[T], c []T) { l.gemm(no, bad, 2, 2, 2, 1, a, 2, a, 2, 1, c, 2) },
		"gemm, lda":                       func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 1, a, 1, a, 2, 1, c, 2) },
		"gemm, ldb":                       func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 1, a, 2, a, 1, 1, c, 2) },
		"gemm, ldc":                       func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 1, a, 2, a, 2, 1, c, 1) },
		"gemm, short a":                   func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 1, a[:3], 2, a, 2, 1, c, 2) },
		"gemm, short b":                   func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 1, a, 2, a[:3], 2, 1, c, 2) },
		"gemm, short c":                   func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 1, a, 2, a, 2, 1, c[:3], 2) },
		"gemm, just enough":               func(l level[T], c []T) { l.gemm(no, tr, 2, 2, 2, 1, a[:5], 3, a[:6], 4, 1, c[:7], 5) },
		"gemm, alpha = 0, NaN":            func(l level[T], c []T) { l.gemm(no, no, 2, 2, 2, 0, nan, 2, nan, 2, 2, c, 2) },
		"gemm, a step beyond 32 bits":     func(l level[T], c []T) { l.gemm(no, no, 1, 2, 2, 1, a, wide+2, a, 2, 1, c, 2) },
		"gemm, a step that looks like -1": func(l level[T], c []T) { l.gemm(no, no, 1, 2, 2, 1, a, 2, a, 2, 1, c, wide-1) },
		"gemv, transpose":                 func(l level[T], c []T) { l.gemv(bad, 2, 2, 1, a, 2, a, 1, 1, c, 1) },
		"gemv, alpha = 0, NaN":            func(l level[T], c []T) { l.gemv(tr, 2, 2, 0, nan, 2, nan, 1, 2, c, 1) },
		"gemv, n = 0":                     func(l level[T], c []T) { l.gemv(no, 2, 0, 1, a, 2, nil, 1, 0, c, 1) },
		"gemv, just enough":               func(l level[T], c []T) { l.gemv(no, 2, 3, 1, a[:7], 4, a[:5], 2, 1, c[:4], -3) },
		"gemv, short a":                   func(l level[T], c []T) { l.gemv(no, 2, 3, 1, a[:6], 4, a[:5], 2, 1, c[:4], 3) },
		"gemv, short x":                   func(l level[T], c []T) { l.gemv(no, 2, 3, 1, a[:7], 4, a[:4], -2, 1, c[:4], 3) },
		"gemv, short y":                   func(l level[T], c []T) { l.gemv(no, 2, 3, 1, a[:7], 4, a[:5], 2, 1, c[:3], -3) },
		"ger, alpha = 0, NaN":             func(l level[T], c []T) { l.ger(2, 2, 0, nan, 1, nan, 1, c, 2) },
		"ger, short x":                    func(l level[T], c []T) { l.ger(2, 2, 1, a[:1], 1, a, 1, c, 2) },
		"ger, m < 0":                      func(l level[T], c []T) { l.ger(-1, 2, 1, a, 1, a, 1, c, 2) },
		"axpy, alpha = 0, NaN":            func(l level[T], c []T) { l.axpy(4, 0, nan, 1, c, 1) },
		"axpy, n = 0":                     func(l level[T], c []T) { l.axpy(0, 1, nil, 1, nil, 1) },
		"dot, n = 0":                      func(l level[T], c []T) { c[0] = l.dot(0, nil, 1, nil, 1) },
		"dot, NaN":                        func(l level[T], c []T) { c[0] = l.dot(4, nan, 1, a, 1) },
		"scal, inc < 0":                   func(l level[T], c []T) { l.scal(4, 2, c, -1) },
		"scal, inc = 0":                   func(l level[T], c []T) { l.scal(4, 2, c, 0) },
	} {
		one, two := integers[T](12, 3), integers[T](12, 3)
		p, q := recovered(func() { f(got, one) }), recovered(func() { f(want, two) })
		if fmt.Sprint(p) != fmt.Sprint(q) {
			t.Errorf("%s: panics with %v, gonum's with %v", name, p, q)
		}
		if i := differ(one, two); i >= 0 {
			t.Errorf("%s: element %d is %v, gonum's %v", name, i, one[i], two[i])
		}
	}
}

// Random numbers agree to the rounding of a sum of k products.
func TestRounding(t *testing.T) {
	b := loaded(t)
	const m, n, k = 65, 130, 257
	rnd := rand.New(rand.NewPCG(1, 2))
	a, x := make([]float64, m*k), make([]float64, k*n)
	a32, x32 := make([]float32, m*k), make([]float32, k*n)
	for i := range a {
		a32[i] = float32(rnd.NormFloat64())
		a[i] = float64(a32[i])
	}
	for i := range x {
		x32[i] = float32(rnd.NormFloat64())
		x[i] = float64(x32[i])
	}
	want, got, got32 := make([]float64, m*n), make([]float64, m*n), make([]float32, m*n)
	gonum.Implementation{}.Dgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, x, n, 0, want, n)
	b.Dgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, x, n, 0, got, n)
	b.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a32, k, x32, n, 0, got32, n)
	for i := range m {
		for j := range n {
			size := 0.0 // of the sum without cancellation
			for l := range k {
				size += math.Abs(a[i*k+l] * x[l*n+j])
			}
			at := i*n + j
			if e := math.Abs(got[at] - want[at]); e > k*0x1p-53*size {
				t.Fatalf("Dgemm: element %d is %v, gonum's %v", at, got[at], want[at])
			}
			if e := math.Abs(float64(got32[at]) - want[at]); e > k*0x1p-24*size {
				t.Fatalf("Sgemm: element %d is %v, in float64 %v", at, got32[at], want[at])
			}
		}
	}
}

// Calls that gonum keeps for their size answer as those that the library gets.
func TestBothSidesOfTheThresholds(t *testing.T) {
	all := loaded(t)
	b, err := Open(all.Library())
	if err != nil {
		t.Fatal(err)
	}
	if b.single.least != worthwhile || b.double.least != worthwhile {
		t.Errorf("the least work is %v and %v, want %v", b.single.least, b.double.least, worthwhile)
	}
	for _, n := range []int{1, 5, 6, 7, 200, 300} {
		a, x := integers[float32](n*n, 7), integers[float32](n*n, 5)
		got, want := make([]float32, n*n), make([]float32, n*n)
		b.Sgemm(blas.Trans, blas.NoTrans, n, n, n, 1, a, n, x, n, 0, got, n)
		all.Sgemm(blas.Trans, blas.NoTrans, n, n, n, 1, a, n, x, n, 0, want, n)
		b.Sgemv(blas.Trans, n, n, 1, a, n, x, 1, 1, got, 1)
		all.Sgemv(blas.Trans, n, n, 1, a, n, x, 1, 1, want, 1)
		if i := differ(got, want); i >= 0 {
			t.Errorf("n = %d: element %d is %v, want %v", n, i, got[i], want[i])
		}
	}
}

func TestConcurrentCalls(t *testing.T) {
	b := loaded(t)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			n := 3 + 13*g
			a, x := integers[float32](n*n, 7+g), integers[float32](n*n, 5)
			want, sum := make([]float32, n*n), gonum.Implementation{}.Sdot(n, a, 1, x, 1)
			gonum.Implementation{}.Sgemm(blas.NoTrans, blas.Trans, n, n, n, 1, a, n, x, n, 0, want, n)
			got := make([]float32, n*n)
			for range 50 {
				b.Sgemm(blas.NoTrans, blas.Trans, n, n, n, 1, a, n, x, n, 0, got, n)
				if i := differ(got, want); i >= 0 {
					t.Errorf("n = %d: element %d is %v, want %v", n, i, got[i], want[i])
					return
				}
				if s := b.Sdot(n, a, 1, x, 1); s != sum {
					t.Errorf("n = %d: the inner product is %v, want %v", n, s, sum)
					return
				}
			}
		})
	}
	group.Wait()
}

// A library that needs its calls one at a time gets them so.
func TestSerialLibrary(t *testing.T) {
	b := loaded(t)
	b.lib.serial = true
	b.lib.enter()
	done := make(chan float32)
	go func() { done <- b.Sdot(2, []float32{1, 2}, 1, []float32{3, 4}, 1) }()
	select {
	case <-done:
		t.Error("a call overlapped another")
	default:
	}
	b.lib.leave()
	if got := <-done; got != 11 {
		t.Errorf("the inner product is %v, want 11", got)
	}
}

func TestCallsDoNotAllocate(t *testing.T) {
	b := loaded(t)
	const n = 16
	x, y, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
	u, v, w := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	for name, f := range map[string]func(){
		"Sgemm": func() { b.Sgemm(blas.NoTrans, blas.Trans, n, n, n, 1, x, n, y, n, 0, c, n) },
		"Dgemm": func() { b.Dgemm(blas.NoTrans, blas.Trans, n, n, n, 1, u, n, v, n, 0, w, n) },
		"Sgemv": func() { b.Sgemv(blas.NoTrans, n, n, 1, x, n, y, 1, 0, c, 1) },
		"Dgemv": func() { b.Dgemv(blas.NoTrans, n, n, 1, u, n, v, 1, 0, w, 1) },
		"Sger":  func() { b.Sger(n, n, 1, x, 1, y, 1, c, n) },
		"Dger":  func() { b.Dger(n, n, 1, u, 1, v, 1, w, n) },
		"Sdot":  func() { b.Sdot(n, x, 1, y, 1) },
		"Ddot":  func() { b.Ddot(n, u, 1, v, 1) },
		"Saxpy": func() { b.Saxpy(n, 1, x, 1, y, 1) },
		"Daxpy": func() { b.Daxpy(n, 1, u, 1, v, 1) },
		"Sscal": func() { b.Sscal(n, 1, x, 1) },
		"Dscal": func() { b.Dscal(n, 1, u, 1) },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s allocates %v times per call, want 0", name, got)
		}
	}
}

func BenchmarkSgemm(b *testing.B) {
	const m, n, k = 128, 1024, 1024
	rnd := rand.New(rand.NewPCG(1, 2))
	x, y, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
	for _, x := range [][]float32{x, y} {
		for i := range x {
			x[i] = float32(rnd.NormFloat64())
		}
	}
	for _, impl := range []*Implementation{loaded(b), {builtin: true}, {}} {
		b.Run(impl.Describe(), func(b *testing.B) {
			for b.Loop() {
				impl.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, y, n, 0, c, n)
			}
			b.ReportMetric(2*m*n*k*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkCall is the price of a call that does next to nothing.
func BenchmarkCall(b *testing.B) {
	impl := loaded(b)
	x, y := []float32{1}, []float32{2}
	b.ReportAllocs()
	for b.Loop() {
		impl.Saxpy(1, 1, x, 1, y, 1)
	}
}
