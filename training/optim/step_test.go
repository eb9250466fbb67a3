package optim_test

import (
	"math"
	"runtime"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A step allocates nothing after the first.
func TestNoAllocation(t *testing.T) {
	for _, c := range solverCases {
		for _, wide := range []bool{false, true} {
			model, solver := newModel(seeded(3), wide, shapes), c.solver(everything)
			train(t, solver, model, seeded(4), 1)
			allocs := testing.AllocsPerRun(10, func() {
				if err := solver.Step(model); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%s, float64 %t: %v allocations per step, want 0", c.name, wide, allocs)
			}
		}
	}
}

// Nor do steps on several goroutines, but for a goroutine that the runtime has
// none left to use again for.
func TestFewAllocationsInParallel(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	model, solver := newModel(seeded(3), false, large), &optim.SGD{LR: 1, Momentum: 0.5, Regularization: everything}
	train(t, solver, model, seeded(4), 3)
	var before, after runtime.MemStats
	const steps = 50
	runtime.ReadMemStats(&before)
	for range steps {
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	const goroutines = 3 * 3 // helpers in each of three passes
	if n := after.Mallocs - before.Mallocs; n > goroutines*steps {
		t.Errorf("%d allocations in %d steps, want at most %d in each", n, steps, goroutines)
	}
}

// The number of processors changes no bit of the result.
func TestProcessorsDoNotMatter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range solverCases {
		var want [][]float64
		for _, n := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(n)
			model := newModel(seeded(3), false, large)
			train(t, c.solver(everything), model, seeded(4), 2)
			if got := values(model); want == nil {
				want = got
			} else if !same(got, want) {
				t.Errorf("%s: %d processors give another result than one", c.name, n)
			}
		}
	}
}

// A transposed gradient does what its row-major copy does, and is left zero.
func TestTransposedGradient(t *testing.T) {
	for _, c := range solverCases {
		plain := []gorgonia.ValueGrad{&parameter{zeros[float64]([]int{3, 5}), zeros[float64]([]int{3, 5})}}
		strided := []gorgonia.ValueGrad{&parameter{zeros[float64]([]int{3, 5}), nil}}
		a, b := c.solver(everything), c.solver(everything)
		rng := seeded(9)
		for range 3 {
			setGradients(rng, plain)
			from := numbers(plain[0].(*parameter).grad)
			g := zeros[float64]([]int{5, 3})
			for i, x := range from {
				g.Float64s()[i%5*3+i/5] = x
			}
			if err := g.T(); err != nil {
				t.Fatal(err)
			}
			strided[0].(*parameter).grad = g
			if err := a.Step(plain); err != nil {
				t.Fatal(err)
			}
			if err := b.Step(strided); err != nil {
				t.Fatal(err)
			}
			for _, x := range g.Float64s() {
				if x != 0 {
					t.Fatalf("%s: gradient %v after the step, want 0", c.name, g.Float64s())
				}
			}
		}
		if !same(values(plain), values(strided)) {
			t.Errorf("%s: %v, want %v", c.name, values(strided), values(plain))
		}
	}
}

// Gradients that are columns of one matrix do not disturb each other, nor what
// lies between them.
func TestInterleavedGradients(t *testing.T) {
	matrix := dense([]int{3, 3}, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9})
	column := func(j int) *tensor.Dense {
		v, err := matrix.Slice(nil, tensor.S(j))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*tensor.Dense)
	}
	a, b := make([]float64, 3), make([]float64, 3)
	model := []gorgonia.ValueGrad{
		&parameter{dense([]int{3}, a), column(0)},
		&parameter{dense([]int{3}, b), column(2)},
	}
	if err := (&optim.SGD{LR: 1}).Step(model); err != nil {
		t.Fatal(err)
	}
	if want := [][]float64{{-1, -4, -7}, {-3, -6, -9}}; !same([][]float64{a, b}, want) {
		t.Errorf("%v and %v, want %v", a, b, want)
	}
	if want := []float64{0, 2, 0, 0, 5, 0, 0, 8, 0}; !same([][]float64{matrix.Float64s()}, [][]float64{want}) {
		t.Errorf("gradients %v after the step, want %v", matrix.Float64s(), want)
	}
}

// Each of the parameters that share a gradient gets all of it.
func TestSharedGradient(t *testing.T) {
	g := []float64{3, 4}
	a, b, c := []float64{0, 0}, []float64{10, 10}, []float64{20}
	model := []gorgonia.ValueGrad{
		&parameter{dense([]int{2}, a), dense([]int{2}, g)},
		&parameter{dense([]int{2}, b), dense([]int{2}, g)},
		&parameter{dense([]int{1}, c), dense([]int{1}, g[1:])},
	}
	solver := &optim.SGD{LR: 1}
	if err := solver.Step(model); err != nil {
		t.Fatal(err)
	}
	if want := [][]float64{{-3, -4}, {7, 6}, {16}, {0, 0}}; !same([][]float64{a, b, c, g}, want) {
		t.Errorf("%v, %v, %v and gradient %v, want %v", a, b, c, g, want)
	}

	// ClipNorm counts it once for each.
	copy(g, []float64{3, 4})
	solver.ClipNorm = math.Sqrt(25+25+16) / 2
	if err := solver.Step(model); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-4.5, -6} {
		if !near(a[i], want, 1e-14) {
			t.Errorf("clipped: %v, want -4.5 and -6", a)
		}
	}
}

// Gradients that come to overlap while they begin where they did are found.
func TestGradientsComeToOverlap(t *testing.T) {
	memory := make([]float64, 8)
	a, b := make([]float64, 4), make([]float64, 4)
	p := &parameter{dense([]int{4}, a), dense([]int{4}, memory[:4:4])}
	q := &parameter{dense([]int{4}, b), dense([]int{4}, memory[4:])}
	model := []gorgonia.ValueGrad{p, q}
	solver := &optim.SGD{LR: 1}
	if err := solver.Step(model); err != nil {
		t.Fatal(err)
	}
	v, err := dense([]int{4, 2}, memory).Slice(nil, tensor.S(0))
	if err != nil {
		t.Fatal(err)
	}
	p.grad = v
	copy(memory, []float64{1, 2, 3, 4, 5, 6, 7, 8})
	if err := solver.Step(model); err != nil {
		t.Fatal(err)
	}
	if want := [][]float64{{-1, -3, -5, -7}, {-5, -6, -7, -8}}; !same([][]float64{a, b}, want) {
		t.Errorf("%v and %v, want %v", a, b, want)
	}
}

// The gradient of a scalar tensor may be a scalar, as Gorgonia gives it.
func TestScalarGradient(t *testing.T) {
	w, g := tensor.New(tensor.FromScalar(float32(2))), gorgonia.NewF32(0.5)
	if err := (&optim.SGD{LR: 1}).Step([]gorgonia.ValueGrad{&parameter{w, g}}); err != nil {
		t.Fatal(err)
	}
	if got := numbers(w)[0]; got != 1.5 || *g != 0 {
		t.Errorf("value %v and gradient %v, want 1.5 and 0", got, *g)
	}
}

// NaN in a gradient is no error: it goes where the arithmetic takes it, even
// with clipping, and no further.
func TestNaNPasses(t *testing.T) {
	for _, c := range solverCases {
		w := []float64{1, 1}
		if err := c.solver(everything).Step(list(w, []float64{math.NaN(), 1})); err != nil {
			t.Fatal(err)
		}
		if !math.IsNaN(w[0]) || math.IsNaN(w[1]) {
			t.Errorf("%s: %v, want NaN in the first alone", c.name, w)
		}
	}
}

// A limit too small for float32 is a limit of 0.
func TestClipValueUnderflows(t *testing.T) {
	w := []float32{1}
	solver := &optim.SGD{LR: 1, Regularization: optim.Regularization{ClipValue: 1e-60}}
	if err := solver.Step(list(w, []float32{1})); err != nil {
		t.Fatal(err)
	}
	if w[0] != 1 {
		t.Errorf("%v, want 1", w[0])
	}
}

// Slots of momentum begin with momentum, and stay when it ends.
func TestMomentumComesAndGoes(t *testing.T) {
	w, g := []float64{0}, []float64{1}
	model := list(w, g)
	solver := &optim.SGD{LR: 1}
	for _, c := range []struct{ momentum, want float64 }{
		{0, -1},      // w - 1
		{0.5, -2},    // the velocity is 1
		{0, -3},      // the velocity is 1 again
		{0.5, -4.5},  // 0.5 + 1
		{0.5, -6.25}, // 0.75 + 1
	} {
		solver.Momentum = c.momentum
		g[0] = 1
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
		if w[0] != c.want {
			t.Fatalf("momentum %v: %v, want %v", c.momentum, w[0], c.want)
		}
	}
}

// SetLR takes effect at the next step, at 0 too.
func TestSetLR(t *testing.T) {
	for _, c := range solverCases {
		solver := c.solver(optim.Regularization{})
		solver.SetLR(0)
		if lr := solver.LearningRate(); lr != 0 {
			t.Errorf("%s: learning rate %v, want 0", c.name, lr)
		}
		w, g := []float64{1}, []float64{1}
		model := list(w, g)
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
		if w[0] != 1 {
			t.Errorf("%s: %v after a step at rate 0, want 1", c.name, w[0])
		}
		solver.SetLR(0.5)
		g[0] = 1
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
		if !(w[0] < 1) {
			t.Errorf("%s: %v after a step, want less than 1", c.name, w[0])
		}
	}
	for _, c := range []struct {
		solver optim.Solver
		want   float64
	}{{&optim.SGD{}, 0}, {&optim.Adam{}, 1e-3}, {&optim.AdamW{}, 1e-3}, {&optim.RMSProp{}, 1e-2}, {&optim.AdaGrad{}, 1e-2}} {
		if lr := c.solver.LearningRate(); lr != c.want {
			t.Errorf("%T: default rate %v, want %v", c.solver, lr, c.want)
		}
	}
}
