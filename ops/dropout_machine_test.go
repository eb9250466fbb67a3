package ops_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// The two orders of execution, forward first and backward first, must agree:
// the gradient of a plain sum does not wait for the output.
func TestDropoutBackwardSharesTheMask(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, p := range []float64{0, 0.2, 0.5, 0.8, 1} {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Ramp(dt, 40, 30), gorgonia.WithName("x"))
			y := gorgonia.Must(ops.Dropout(x, p, ops.WithSeed(11)))
			cost := gorgonia.Must(gorgonia.Sum(y))
			grads, err := gorgonia.Grad(cost, x)
			if err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			var before []float64
			for step := range 5 {
				testkit.Run(t, m)
				out, grad := testkit.Floats(t, y.Value()), testkit.Floats(t, grads[0].Value())
				for i := range out {
					if want := out[i] / float64(i+1); math.Abs(grad[i]-want) > 1e-6*want {
						t.Fatalf("%v, p=%v, step %d, element %d: gradient must be %v, got %v", dt, p, step, i, want, grad[i])
					}
				}
				if p > 0 && p < 1 && slices.Equal(before, out) {
					t.Fatalf("%v, p=%v: steps %d and %d have one mask", dt, p, step-1, step)
				}
				before = out
			}
			m.Close()
		}
	}
}

func TestDropoutPrealloc(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	op := gorgonia.Must(ops.Dropout(x, 0.5)).Op().(gorgonia.UsePreallocDoer)
	step := gorgonia.I64(4)
	in := testkit.Ramp(tensor.Float64, 4, 5)
	want, err := op.(gorgonia.Op).Do(in, &step)
	if err != nil {
		t.Fatal(err)
	}
	fits := testkit.Ramp(tensor.Float64, 4, 5)
	for name, prealloc := range map[string]gorgonia.Value{
		"fits": fits, "nil": nil, "other shape": testkit.Ramp(tensor.Float64, 5, 4), "other type": testkit.Ramp(tensor.Float32, 4, 5),
		"scalar": gorgonia.NewF64(1),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := op.UsePreallocDo(prealloc, in, &step)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(testkit.Floats(t, got), testkit.Floats(t, want)) {
				t.Errorf("%s: want %v, got %v", name, want, got)
			}
			if (got == gorgonia.Value(fits)) != (name == "fits") {
				t.Errorf("%s: the memory used is not as expected", name)
			}
		})
	}
}

// The identity must copy: a later op may overwrite what it is given.
func TestDropoutIdentityCopies(t *testing.T) {
	for _, opts := range [][]ops.Option{{ops.WithMode(ops.Eval)}, nil} {
		x := testkit.Ramp(tensor.Float64, 10)
		y := apply(t, x, 0, opts...).(*tensor.Dense)
		y.Float64s()[0] = 99
		if got := x.Float64s()[0]; got != 1 {
			t.Errorf("writing to the output changed the input to %v", got)
		}
	}
}

func TestDropoutLispMachine(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ramp(dt, 5, 6), gorgonia.WithName("x"))
		a := gorgonia.Must(ops.Dropout(x, 0.5))
		b := gorgonia.Must(ops.Dropout(x, 0.2))
		gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Add(a, b))))
		m := gorgonia.NewLispMachine(g)
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		grad, err := x.Grad()
		if err != nil {
			t.Fatal(err)
		}
		av, bv, gv := testkit.Floats(t, a.Value()), testkit.Floats(t, b.Value()), testkit.Floats(t, grad)
		for i := range gv {
			if want := (av[i] + bv[i]) / float64(i+1); math.Abs(gv[i]-want) > 1e-6 {
				t.Errorf("%v, element %d: gradients must add up to %v, got %v", dt, i, want, gv[i])
			}
		}
		m.Close()
	}
}

// Machines over graphs of their own that share one parameter run side by side,
// each with the masks of its own steps.
func TestDropoutConcurrentMachines(t *testing.T) {
	weights := testkit.Ramp(tensor.Float64, 64, 32)
	type model struct {
		m    gorgonia.VM
		y    *gorgonia.Node
		step *ops.Step
	}
	build := func() model {
		g := gorgonia.NewGraph()
		w := gorgonia.NodeFromAny(g, weights, gorgonia.WithName("w"))
		y := gorgonia.Must(ops.Dropout(w, 0.5, ops.WithSeed(3)))
		if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), w); err != nil {
			t.Fatal(err)
		}
		return model{gorgonia.NewTapeMachine(g), y, ops.StepOf(g)}
	}
	const machines, steps = 4, 20
	want := make([][]float64, steps)
	alone := build()
	for i := range want {
		testkit.Run(t, alone.m)
		want[i] = testkit.Floats(t, alone.y.Value())
	}
	models := make([]model, machines)
	for i := range models {
		models[i] = build()
	}
	var wg sync.WaitGroup
	errs := make(chan error, machines)
	for _, mo := range models {
		wg.Go(func() {
			for i := range want {
				mo.m.Reset()
				if err := mo.m.RunAll(); err != nil {
					errs <- err
					return
				}
				if !slices.Equal(mo.y.Value().(*tensor.Dense).Float64s(), want[i]) {
					errs <- fmt.Errorf("step %d has another mask than alone", i)
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

// BenchmarkDropout times a forward and a backward pass over 1M float32, with
// results in memory that is allocated each time and in memory that is kept
// (ReuseMemory), against Gorgonia's. DROPOUT_KERNEL=generic makes it pure Go.
func BenchmarkDropout(b *testing.B) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float32, 1024, 1024), gorgonia.WithName("x"))
	dy := testkit.Ramp(tensor.Float32, 1024, 1024)
	bench := func(forward, backward func()) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				forward()
				backward()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<20), "ns/element")
		}
	}
	ours := gorgonia.Must(ops.Dropout(x, 0.5)).Op()
	step := gorgonia.I64(0)
	do := func(op gorgonia.Op, in ...gorgonia.Value) gorgonia.Value {
		v, err := op.Do(in...)
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	b.Run("ops.Dropout", bench(func() { do(ours, x.Value(), &step) }, func() { do(ours, dy, &step) }))
	kept := gorgonia.NewGraph()
	x2 := gorgonia.NewTensor(kept, tensor.Float32, 2, gorgonia.WithShape(1024, 1024), gorgonia.WithName("x"))
	forward, backward := gorgonia.Must(ops.Dropout(x2, 0.5)).Op(), gorgonia.Must(ops.Dropout(x2, 0.5)).Op()
	ops.ReuseMemory(kept)
	b.Run("ops.Dropout with ReuseMemory", bench(func() { do(forward, x.Value(), &step) }, func() { do(backward, dy, &step) }))
	y := gorgonia.Must(gorgonia.Dropout(x, 0.5))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	if err != nil {
		b.Fatal(err)
	}
	theirs := grads[0].Op()
	var out gorgonia.Value
	b.Run("gorgonia.Dropout", bench(
		func() { out = do(y.Op(), x.Value()) }, func() { do(theirs, x.Value(), out, dy) }))
}
