package product

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
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
	if i := kerneltest.Differs(got.Elements, want.Elements); i >= 0 {
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

// Products that are cut into several blocks of rows and of k.
func TestBlocks(t *testing.T) {
	forEachSet(t, testBlocks[float32], testBlocks[float64])
}

func testBlocks[F Float](t *testing.T, k *kernels[F]) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, s := range [][3]int{{700, 18, 600}, {9, 40, 1200}, {1300, 3, 300}, {30, 390, 50}} {
		m, n, d := s[0], s[1], s[2]
		for i, goroutines := range []int{1, 3} {
			a, b := view[F](rnd, m, d, "rows", false), view[F](rnd, d, n, "columns", false)
			c := view[F](rnd, m, n, "rows", false)
			if err := check(k, goroutines, 1, a, b, F(i), c); err != nil {
				t.Error(err)
			}
		}
		if p := k.planFor(700, 20, 600, 2); p.blocks() < 2 {
			t.Errorf("a product is one block, want several: %+v", p)
		}
	}
}

// A plan covers a product, and leaves room for each packed panel.
func TestPlan(t *testing.T) {
	forEachSet(t, testPlan[float32], testPlan[float64])
}

func testPlan[F Float](t *testing.T, k *kernels[F]) {
	size := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(1, 3000))
	rapid.Check(t, func(t *rapid.T) {
		m, n, d := size.Draw(t, "m"), size.Draw(t, "n"), size.Draw(t, "k")
		p := k.planFor(m, n, d, 2)
		elements := 0
		for i := range p.blocks() {
			rows, depth := p.block(i)
			elements += rows.n * depth.n
			pieces, panels := p.cutDepth(depth), k.panels(rows.n)
			if pieces.largest() > k.depth || pieces.part(pieces.count-1).n < 1 || panels.largest() > k.rows {
				t.Errorf("block %d: pieces %v, panels %v", i, pieces, panels)
			}
			if need := panels.largest()*pieces.largest() + 2*maxLanes; need > p.panelSize {
				t.Errorf("block %d needs %d elements a panel, has %d", i, need, p.panelSize)
			}
		}
		if elements != m*d {
			t.Errorf("the blocks have %d elements, want %d", elements, m*d)
		}
	})
}

// A row of a batch has the bits that it has alone.
func TestRowAlone(t *testing.T) {
	forEachSet(t, testRowAlone[float32], testRowAlone[float64])
}

func testRowAlone[F Float](t *testing.T, k *kernels[F]) {
	rnd := rand.New(rand.NewPCG(7, 8))
	const m, n, d = 37, 90, 301
	a, b, c := view[F](rnd, m, d, "rows", false), view[F](rnd, d, n, "rows", false), view[F](rnd, m, n, "rows", false)
	k.multiply(2, 1, a, b, 0, c)
	one := make([]F, n)
	for i := range m {
		row := a
		row.Elements, row.Rows = a.from(i, 0), 1
		k.multiply(1, 1, row, b, 0, Matrix[F]{one, 1, n, n, 1})
		if j := kerneltest.Differs(one, c.from(i, 0)[:n]); j >= 0 {
			t.Fatalf("row %d: element %d is %v alone, %v in the batch", i, j, one[j], c.from(i, j)[0])
		}
	}
}

// Products of several goroutines at a time do not disturb each other.
func TestConcurrentProducts(t *testing.T) {
	var group sync.WaitGroup
	for g := range 6 {
		group.Go(func() {
			rnd := rand.New(rand.NewPCG(9, uint64(g)))
			for range 10 {
				m, n, d := 1+rnd.IntN(90), 1+rnd.IntN(90), 1+rnd.IntN(90)
				a, b := view[float32](rnd, m, d, "rows", false), view[float32](rnd, d, n, "columns", false)
				if err := check(active32(), 2, 1, a, b, 0, view[float32](rnd, m, n, "rows", false)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// Nothing is allocated once the pools are filled.
func TestNoAllocation(t *testing.T) {
	forEachSet(t, testNoAllocation[float32], testNoAllocation[float64])
}

func testNoAllocation[F Float](t *testing.T, k *kernels[F]) {
	if kerneltest.Race {
		t.Skip("the race detector empties pools")
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	a, b, c := view[F](rnd, 60, 60, "rows", false), view[F](rnd, 60, 60, "columns", false), view[F](rnd, 60, 60, "rows", false)
	x, y := Vector[F]{Elements: a.Elements, Step: 1, N: 77}, Vector[F]{Elements: c.Elements, Step: 2, N: 77}
	zeros := thin(rnd, view[F](rnd, 60, 60, "columns", false), 0.1)
	for name, f := range map[string]func(){
		"product with zeros":               func() { k.multiply(1, 1, zeros, b, 0, c) },
		"product with zeros, 2 goroutines": func() { k.multiply(2, 1, zeros, b, 0, c) },
		"product":                          func() { k.multiply(1, 1, a, b, 1, c) },
		"product, 2 goroutines":            func() { k.multiply(2, 1, a, b, 1, c) },
		"inner product":                    func() { k.inner(x, y) },
		"sum":                              func() { k.addScaled(2, x, y) },
		"norm":                             func() { normOf(k, x) },
	} {
		// A garbage collection may empty the pools, in one run of many.
		if n := testing.AllocsPerRun(200, f); n >= 1 {
			t.Errorf("%s: %v allocations a run, want none", name, n)
		}
	}
}

func TestErrors(t *testing.T) {
	e := make([]float64, 100)
	matrix := func(rows, cols, rowStep, colStep int) Matrix[float64] {
		return Matrix[float64]{e, rows, cols, rowStep, colStep}
	}
	vector := func(first, step, n int) Vector[float64] { return Vector[float64]{e, first, step, n} }
	ok := matrix(3, 3, 3, 1)
	for _, tt := range []struct {
		err  error
		want string
	}{
		{Multiply(1, ok, matrix(2, 3, 3, 1), 0, ok), "product: Multiply: sizes must fit, got 3×3 times 2×3 for 3×3"},
		{Multiply(1, matrix(3, 3, 49, 2), ok, 0, ok), "product: Multiply: a must have 103 elements, got 100"},
		{Multiply(1, ok, matrix(3, 3, -1, 2), 0, ok), "product: Multiply: b must have no negative size or step, got 3×3 with steps -1, 2"},
		{Multiply(1, ok, ok, 0, matrix(3, 3, 50, 1)), "product: Multiply: c must have 103 elements, got 100"},
		{Apply(1, ok, vector(0, 1, 4), 0, vector(0, 1, 3)), "product: Apply: sizes must fit, got 3×3 times 4 for 3"},
		{Apply(1, ok, vector(1, -1, 3), 0, vector(0, 1, 3)), "product: Apply: x must lie within its elements, got 3 from 1 on, -1 apart, of 100"},
		{Apply(1, ok, vector(0, 1, 3), 0, vector(99, 1, 3)), "product: Apply: y must lie within its elements, got 3 from 99 on, 1 apart, of 100"},
		{Apply(1, matrix(3, 3, 60, 1), vector(0, 1, 3), 0, vector(0, 1, 3)), "product: Apply: a must have 123 elements, got 100"},
		{Update(1, vector(0, 1, 3), vector(0, 1, 2), ok), "product: Update: sizes must fit, got 3 times 2 for 3×3"},
		{Update(1, vector(-1, 1, 3), vector(0, 1, 3), ok), "product: Update: x must lie within its elements, got 3 from -1 on, 1 apart, of 100"},
		{Update(1, vector(0, 1, 3), vector(0, 70, 3), ok), "product: Update: y must lie within its elements, got 3 from 0 on, 70 apart, of 100"},
		{Update(1, vector(0, 1, 3), vector(0, 1, 3), matrix(3, 3, 90, 1)), "product: Update: a must have 183 elements, got 100"},
		{AddScaled(1, vector(0, 1, 3), vector(0, 1, 4)), "product: AddScaled: vectors must have one length, got 3 and 4"},
		{AddScaled(1, vector(0, 1, 101), vector(0, 1, 101)), "product: AddScaled: x must lie within its elements, got 101 from 0 on, 1 apart, of 100"},
		{AddScaled(1, vector(0, 1, 3), vector(98, 1, 3)), "product: AddScaled: y must lie within its elements, got 3 from 98 on, 1 apart, of 100"},
		{Scale(1, vector(0, 1, -1)), "product: Scale: x must lie within its elements, got -1 from 0 on, 1 apart, of 100"},
		{second(Dot(vector(0, 1, 3), vector(0, 1, 4))), "product: Dot: vectors must have one length, got 3 and 4"},
		{second(Dot(vector(98, 1, 3), vector(0, 1, 3))), "product: Dot: x must lie within its elements, got 3 from 98 on, 1 apart, of 100"},
		{second(Dot(vector(0, 1, 3), vector(98, 1, 3))), "product: Dot: y must lie within its elements, got 3 from 98 on, 1 apart, of 100"},
		{second(AbsoluteSum(vector(98, 1, 3))), "product: AbsoluteSum: x must lie within its elements, got 3 from 98 on, 1 apart, of 100"},
		{second(Norm(vector(98, 1, 3))), "product: Norm: x must lie within its elements, got 3 from 98 on, 1 apart, of 100"},
	} {
		if tt.err == nil || tt.err.Error() != tt.want {
			t.Errorf("got error %v, want %s", tt.err, tt.want)
		}
	}
}

func second(_ float64, err error) error { return err }

// The exported functions compute with the kernels in use, nothing where there is nothing.
func TestExported(t *testing.T) {
	x := []float32{1, 2, 3, 4}
	v, w := Vector[float32]{x, 0, 1, 4}, Vector[float32]{x, 3, -1, 4}
	sum, err := Dot(v, w)
	if err != nil || sum != 20 {
		t.Errorf("the inner product is %v, %v, want 20", sum, err)
	}
	if sum, err = AbsoluteSum(v); err != nil || sum != 10 {
		t.Errorf("the sum is %v, %v, want 10", sum, err)
	}
	if sum, err = Norm(v); err != nil || sum != float32(math.Sqrt(30)) {
		t.Errorf("the norm is %v, %v, want the root of 30", sum, err)
	}
	c := Matrix[float32]{append([]float32(nil), x...), 2, 2, 2, 1}
	row := Matrix[float32]{x, 2, 2, 2, 1}
	for _, err := range []error{
		Multiply(1, row, row, 0, c), // 7 10 15 22
		Apply(1, row, Vector[float32]{x, 0, 1, 2}, 1, Vector[float32]{c.Elements, 0, 1, 2}), // 12 21
		Update(1, Vector[float32]{x, 0, 1, 2}, Vector[float32]{x, 0, 1, 2}, c),              // 13 23 17 26
		AddScaled(1, v, Vector[float32]{c.Elements, 0, 1, 4}),                               // 14 25 20 30
		Scale(2, Vector[float32]{c.Elements, 0, 1, 4}),
		Multiply(1, Matrix[float32]{Cols: 3}, Matrix[float32]{Rows: 3}, 1, Matrix[float32]{}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if i := kerneltest.Differs(c.Elements, []float32{28, 50, 40, 60}); i >= 0 {
		t.Errorf("the elements are %v, want 28 50 40 60", c.Elements)
	}
	if Name() != active32().set.String() || active64().set != active32().set {
		t.Errorf("Name() = %q, want that of both kernels: %v and %v", Name(), active32().set, active64().set)
	}
}

// FuzzMultiply compares every instruction set with the reference for operands of any
// bits.
func FuzzMultiply(f *testing.F) {
	f.Add(uint8(3), uint8(4), uint8(5), uint8(0), uint8(1), []byte("\x00\x00\x80\x7f\x01\x00\x00\x00\x00\x00\x80\x3f"))
	f.Add(uint8(20), uint8(1), uint8(40), uint8(37), uint8(2), []byte("\xff\xff\x7f\x7f\x00\x00\xc0\x7f\x00\x00\x00\x80"))
	f.Fuzz(func(t *testing.T, m, n, d, how, goroutines uint8, bits []byte) {
		fuzzMultiply(t, sets32, int(m%48), int(n%48), int(d), how, int(goroutines%4)+1, func(i int) float32 {
			return math.Float32frombits(uint32(word(bits, i)))
		})
		fuzzMultiply(t, sets64, int(m%48), int(n%48), int(d), how, int(goroutines%4)+1, func(i int) float64 {
			return math.Float64frombits(word(bits, i))
		})
	})
}

// word returns a number of bits in which all of bits take part.
func word(bits []byte, i int) uint64 {
	var w [8]byte
	for j := range w {
		if len(bits) > 0 {
			w[j] = bits[(4*i+j)%len(bits)]
		}
	}
	return binary.LittleEndian.Uint64(w[:])
}

func fuzzMultiply[F Float](t *testing.T, sets []*kernels[F], m, n, d int, how uint8, goroutines int, element func(i int) F) {
	operand := func(rows, cols int, form uint8, shift int) Matrix[F] {
		v := Matrix[F]{Rows: rows, Cols: cols, RowStep: cols, ColStep: 1}
		if form == 1 {
			v.RowStep, v.ColStep = 1, rows
		}
		v.Elements = make([]F, rows*cols)
		for i := range v.Elements {
			v.Elements[i] = element(i + shift)
		}
		return v
	}
	a, b := operand(m, d, how&1, 0), operand(d, n, how>>1&1, 3)
	c := operand(m, n, how>>2&1, 5)
	factors := [...]F{1, 0, -1, element(1)}
	for _, k := range sets {
		if err := check(k, goroutines, factors[how>>3&3], a, b, factors[how>>5&3], c); err != nil {
			t.Fatalf("%v: %v", k.set, err)
		}
		alpha := factors[how>>3&3]
		if k.sparse == nil || m*n*d == 0 || alpha == 0 {
			continue
		}
		want, got := c, c
		want.Elements, got.Elements = append([]F(nil), c.Elements...), append([]F(nil), c.Elements...)
		if !k.runSparse(goroutines, alpha, a, b, got) {
			continue
		}
		reference(alpha, a, b, 0, want)
		if i := kerneltest.Differs(got.Elements, want.Elements); i >= 0 {
			t.Fatalf("%v, from lists: element %d is %v, want %v", k.set, i, got.Elements[i], want.Elements[i])
		}
	}
}
