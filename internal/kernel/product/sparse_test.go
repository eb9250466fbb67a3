package product

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// thin sets elements to 0 or -0 until only so large a share is left.
func thin[F Float](rnd *rand.Rand, m Matrix[F], density float64) Matrix[F] {
	for i := range m.Elements {
		if rnd.Float64() >= density {
			m.Elements[i] = F(math.Copysign(0, rnd.NormFloat64()))
		}
	}
	return m
}

// forEachList runs a test with the loops for lists of each instruction set, then with those in
// Go beside the other loops of each set, whose vectors have other lengths.
func forEachList(t *testing.T, single func(t *testing.T, k *kernels[float32]), double func(t *testing.T, k *kernels[float64])) {
	forEachSet(t, func(t *testing.T, k *kernels[float32]) {
		if k.sparse != nil {
			single(t, k)
		}
	}, func(t *testing.T, k *kernels[float64]) {
		if k.sparse != nil {
			double(t, k)
		}
	})
	for _, k := range kernels32() {
		k.sparse = sparseGeneric(axpyGeneric32)
		t.Run("float32/"+k.set.String()+" with generic lists", func(t *testing.T) { single(t, k) })
	}
	for _, k := range kernels64() {
		k.sparse = sparseGeneric(axpyGeneric64)
		t.Run("float64/"+k.set.String()+" with generic lists", func(t *testing.T) { double(t, k) })
	}
}

// Products from lists have the bits of the others, and are refused only where zeros matter.
func TestSparse(t *testing.T) {
	forEachList(t, testSparse[float32], testSparse[float64])
}

func testSparse[F Float](t *testing.T, k *kernels[F]) {
	largest := rapid.SampledFrom([]int{230, 40, 5})
	form := rapid.SampledFrom(forms)
	factor := rapid.SampledFrom([]F{1, 1, -1, 0.3, F(math.Inf(1)), F(math.NaN())})
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		awkward := rapid.Bool().Draw(t, "awkward")
		// Rapid would draw small ones most of the time.
		m, n, d := 1+rnd.IntN(largest.Draw(t, "m")), 1+rnd.IntN(largest.Draw(t, "n")), 1+rnd.IntN(largest.Draw(t, "k"))
		a := thin(rnd, view[F](rnd, m, d, form.Draw(t, "a"), awkward), rapid.SampledFrom([]float64{0, 0.05, 0.3, 1}).Draw(t, "density"))
		b := view[F](rnd, d, n, form.Draw(t, "b"), awkward && rapid.Bool().Draw(t, "awkward b"))
		c := view[F](rnd, m, n, form.Draw(t, "c"), false)
		want, got := c, c
		want.Elements, got.Elements = append([]F(nil), c.Elements...), append([]F(nil), c.Elements...)
		alpha, goroutines := factor.Draw(t, "alpha"), rapid.IntRange(1, 3).Draw(t, "goroutines")
		if err := check(k, goroutines, alpha, a, b, rapid.SampledFrom([]F{0, 1, 0.3}).Draw(t, "beta"), c); err != nil {
			t.Fatal(err)
		}
		if !k.runSparse(goroutines, alpha, a, b, got) {
			if !awkward && alpha-alpha == 0 {
				t.Fatal("the product was refused")
			}
			return
		}
		reference(alpha, a, b, 0, want)
		if i := kerneltest.Differs(got.Elements, want.Elements); i >= 0 {
			t.Fatalf("element %d is %v, want %v", i, got.Elements[i], want.Elements[i])
		}
	})
}

// least is the smallest number above 0.
func least[F Float]() F {
	if x := F(math.SmallestNonzeroFloat32); x/2 == 0 {
		return x
	}
	return F(any(math.SmallestNonzeroFloat64).(float64))
}

// A zero makes NaN of what is not finite, and +0 of -0, wherever it stands.
func TestZerosThatMatter(t *testing.T) {
	forEachList(t, testZerosThatMatter[float32], testZerosThatMatter[float64])
}

func testZerosThatMatter[F Float](t *testing.T, k *kernels[F]) {
	rnd := rand.New(rand.NewPCG(3, 4))
	const m, n, d = 40, 110, 130
	a := thin(rnd, view[F](rnd, m, d, "rows", false), 0.2)
	b, c := view[F](rnd, d, n, "rows", false), view[F](rnd, m, n, "rows", false)
	if !k.pays(a, b) {
		t.Error("lists do not pay for a product with many zeros")
	}
	for _, at := range [][2]int{{0, 0}, {64, 95}, {65, 96}, {d - 1, n - 1}} {
		x := &b.from(at[0], at[1])[0]
		was := *x
		for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
			*x = F(bad)
			if k.runSparse(1, 1, a, b, c) {
				t.Errorf("b has %v in row %d, column %d, and zeros were left out", bad, at[0], at[1])
			}
		}
		if err := check(k, 2, 1, a, b, 0, c); err != nil {
			t.Error(err)
		}
		*x = was
	}
	// One row of a has one element, whose product underflows.
	tiny := least[F]()
	for _, at := range [][2]int{{0, 0}, {19, 95}, {20, 96}, {m - 1, n - 1}} {
		clear(a.from(at[0], 0)[:d])
		a.from(at[0], 17)[0] = -tiny
		x := &b.from(17, at[1])[0]
		was := *x
		*x = 0.1
		for j := range n {
			if j != at[1] {
				b.from(17, j)[0] = -0.1
			}
		}
		if k.runSparse(1, 1, a, b, c) {
			t.Errorf("element %d, %d underflows to -0, and zeros were left out", at[0], at[1])
		}
		if err := check(k, 2, 1, a, b, 0, c); err != nil {
			t.Error(err)
		}
		*x = was
		a.from(at[0], 17)[0] = 1
	}
}

// A sum counts when it is whole: -0 on the way to another number is no reason to refuse.
func TestLastZeroMatters(t *testing.T) {
	forEachList(t, testLastZeroMatters[float32], testLastZeroMatters[float64])
}

func testLastZeroMatters[F Float](t *testing.T, k *kernels[F]) {
	const m, n, d = 33, 96, 150 // several pieces of k
	a := Matrix[F]{make([]F, m*d), m, d, d, 1}
	b, c := Matrix[F]{make([]F, d*n), d, n, n, 1}, Matrix[F]{make([]F, m*n), m, n, n, 1}
	for i := range b.Elements {
		b.Elements[i] = 0.1
	}
	a.from(m-1, 140)[0] = -least[F]()
	if k.runSparse(1, 1, a, b, c) {
		t.Error("a sum underflows to -0 in the last piece of k, and zeros were left out")
	}
	a.from(m-1, 3)[0], a.from(m-1, 140)[0] = -least[F](), 1
	if !k.runSparse(1, 1, a, b, c) {
		t.Error("a sum that is not 0 was refused")
	}
	if err := check(k, 2, 1, a, b, 0, c); err != nil {
		t.Error(err)
	}
}

// Rows are listed in blocks, and nothing is kept of the operands.
func TestListedBlocks(t *testing.T) {
	forEachList(t, testListedBlocks[float32], testListedBlocks[float64])
}

func testListedBlocks[F Float](t *testing.T, k *kernels[F]) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, s := range [][2]int{{2*blockRows + 7, 3}, {70, blockElements / 40}} {
		m, d := s[0], s[1]
		a := thin(rnd, view[F](rnd, m, d, "rows", false), 0.02)
		b, c := view[F](rnd, d, 5, "rows", false), view[F](rnd, m, 5, "rows", false)
		want := c
		want.Elements = append([]F(nil), c.Elements...)
		if !k.runSparse(2, 1, a, b, c) {
			t.Fatalf("%d×%d times %d×5 was refused", m, d, d)
		}
		k.run(1, 1, a, 1, b, false, want)
		if i := kerneltest.Differs(c.Elements, want.Elements); i >= 0 {
			t.Errorf("%d×%d times %d×5: element %d is %v, want %v", m, d, d, i, c.Elements[i], want.Elements[i])
		}
		if j, ok := k.sparse.jobs.Get().(*sparseJob[F]); ok {
			if len(j.values) > blockElements+m+4096 {
				t.Errorf("%d×%d: there is memory for %d elements", m, d, len(j.values))
			}
			if j.a.Elements != nil || j.b.Elements != nil || j.c.Elements != nil {
				t.Error("the operands are kept")
			}
		}
	}
}

// Lists are for products with zeros enough, and large enough.
func TestPays(t *testing.T) {
	forEachList(t, testPays[float32], testPays[float64])
}

func testPays[F Float](t *testing.T, k *kernels[F]) {
	rnd := rand.New(rand.NewPCG(5, 6))
	operand := func(rows, cols int, density float64) Matrix[F] {
		return thin(rnd, view[F](rnd, rows, cols, "rows", false), density)
	}
	for _, tt := range []struct {
		a, b Matrix[F]
		want bool
	}{
		{operand(100, 256, 0.1), operand(256, 256, 1), true},
		{operand(100, 256, 1), operand(256, 256, 0.1), false},
		{operand(4, 256, 0.1), operand(256, 256, 1), false},
		{operand(100, 4, 0.1), operand(4, 256, 1), false},
		{operand(100, 256, 0.1), operand(256, 20, 1), false},
	} {
		if got := k.pays(tt.a, tt.b); got != tt.want {
			t.Errorf("%d×%d times %d×%d: lists pay is %v, want %v", tt.a.Rows, tt.a.Cols, tt.b.Rows, tt.b.Cols, got, tt.want)
		}
	}
	// The places that are looked at are not all in one column.
	a := operand(1024, 100, 1)
	for i := range a.Rows {
		a.from(i, 0)[0] = 0
	}
	if k.pays(a, operand(100, 256, 1)) {
		t.Error("one column of zeros is taken for all")
	}
	a = operand(1024, 100, 1)
	clear(a.from(0, 0)[:a.Cols])
	if k.pays(a, operand(100, 256, 1)) {
		t.Error("one row of zeros is taken for all")
	}
}

// Lists may have shorter vectors than what packs for them, whose other lanes may hold anything.
func TestOtherLanes(t *testing.T) {
	for _, lanes := range []int{4, 8, 16} {
		for _, list := range kernels32() {
			if list.sparse != nil {
				k := &kernels[float32]{lanes: lanes, rows: 14, grain: 1 << 10, transpose: transposeGeneric[float32](lanes), copyRows: copyRowsAndNaN[float32](lanes), sparse: list.sparse}
				testOtherLanes(t, k)
			}
		}
		for _, list := range kernels64() {
			if list.sparse != nil {
				k := &kernels[float64]{lanes: lanes, rows: 14, grain: 1 << 10, transpose: transposeGeneric[float64](lanes), copyRows: copyRowsAndNaN[float64](lanes), sparse: list.sparse}
				testOtherLanes(t, k)
			}
		}
	}
}

func testOtherLanes[F Float](t *testing.T, k *kernels[F]) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for range 10 {
		m, n, d := 1+rnd.IntN(70), 1+rnd.IntN(210), 1+rnd.IntN(140)
		a := thin(rnd, view[F](rnd, m, d, forms[rnd.IntN(3)], false), 0.3)
		b, c := view[F](rnd, d, n, forms[rnd.IntN(3)], false), view[F](rnd, m, n, forms[rnd.IntN(3)], false)
		want := c
		want.Elements = append([]F(nil), c.Elements...)
		reference(1, a, b, 0, want)
		if !k.runSparse(1+rnd.IntN(3), 1, a, b, c) {
			t.Fatalf("%d lanes, %d for lists: %d×%d×%d was refused", k.lanes, k.sparse.lanes, m, n, d)
		}
		if i := kerneltest.Differs(c.Elements, want.Elements); i >= 0 {
			t.Fatalf("%d lanes, %d for lists: %d×%d×%d: element %d is %v, want %v", k.lanes, k.sparse.lanes, m, n, d, i, c.Elements[i], want.Elements[i])
		}
	}
}

// copyRowsAndNaN is a copyRowsFunc that fills its vectors up with NaN.
func copyRowsAndNaN[F Float](lanes int) copyRowsFunc[F] {
	return func(dst *F, step int, src *F, ld, k, cols int) {
		for p := range k {
			to := at(dst, p*step, ceil(cols, lanes)*lanes)
			for i := range to {
				to[i] = F(math.NaN())
			}
			copy(to, at(src, p*ld, cols))
		}
	}
}
