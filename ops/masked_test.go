package ops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

func TestRuleIdentityAtZero(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			for _, p := range []float64{0, 1e-9} {
				if p > 0 && v.noise {
					continue
				}
				x := odd(dt, v.shape...)
				if got := v.try(t, x, p).at(3, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
					t.Errorf("%v, p=%v: x must pass unchanged, got %v", dt, p, got)
				}
				v.gradient(t, testkit.Ramp(dt, v.shape...), p, []int64{0, 1}, func(_ int64, _, dx []float64) {
					if want := testkit.Floats(t, testkit.Ramp(dt, v.shape...)); !testkit.SameBits(dx, want) {
						t.Errorf("%v, p=%v: gradient must pass unchanged, got %v", dt, p, dx)
					}
				})
			}
		}
	})
}

func TestRuleZeroAtOne(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.finite }, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			for _, p := range []float64{1, 1 - 1e-9} {
				if v.average && p < 1 {
					continue // the corners of blocks are not everywhere
				}
				x := odd(dt, v.shape...)
				zeros := make([]float64, x.DataSize())
				if got := v.try(t, x, p).at(3, x); !testkit.SameBits(got, zeros) {
					t.Errorf("%v, p=%v: everything must be +0, got %v", dt, p, got)
				}
				v.gradient(t, testkit.Ramp(dt, v.shape...), p, []int64{0, 1}, func(_ int64, _, dx []float64) {
					if !testkit.SameBits(dx, zeros) {
						t.Errorf("%v, p=%v: gradient must be +0, got %v", dt, p, dx)
					}
				})
			}
		}
	})
}

// What is dropped is the dropped constant, whatever it was; what is kept stays
// what it was, scaled.
func TestRuleNonFinite(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			kept, lost := 0, 0
			for _, step := range []int64{0, 1, 2, 3, 4, 5} {
				constant := 0.0
				if v.dropped != nil {
					constant = v.dropped(0.4)
					if dt == tensor.Float32 {
						constant = float64(float32(constant))
					}
				}
				reference := v.try(t, testkit.Ramp(dt, v.shape...), 0.4).at(step, testkit.Ramp(dt, v.shape...))
				x := odd(dt, v.shape...)
				before := testkit.Floats(t, x)
				for i, y := range v.try(t, x, 0.4).at(step, x) {
					switch isDropped := math.Abs(reference[i]-constant) < 1e-6; {
					case isDropped && !v.noise:
						lost++
						if math.Abs(y-constant) > 1e-12 || constant == 0 && math.Float64bits(y) != 0 {
							t.Errorf("%v, element %d, %v: dropped must be %v, got %v", dt, i, before[i], constant, y)
						}
					case math.IsNaN(before[i]):
						kept++
						if !math.IsNaN(y) {
							t.Errorf("%v, element %d: kept NaN must stay, got %v", dt, i, y)
						}
					case math.IsInf(before[i], 0) && !(v.noise && reference[i] < 1e-3):
						kept++
						if y != before[i] {
							t.Errorf("%v, element %d: kept %v must stay, got %v", dt, i, before[i], y)
						}
					}
				}
			}
			if kept == 0 || lost == 0 && !v.noise {
				t.Errorf("%v: %d kept and %d lost elements tested, want both", dt, kept, lost)
			}
		}
	})
}

// The mask depends on neither the type nor the strides of x.
func TestRuleTypeAndStrides(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		x32, x64 := testkit.Ramp(tensor.Float32, v.shape...), testkit.Ramp(tensor.Float64, v.shape...)
		y64 := v.try(t, x64, 0.5).at(2, x64)
		for i, y := range v.try(t, x32, 0.5).at(2, x32) {
			if math.Abs(y-y64[i]) > 4e-7*max(1, math.Abs(y64[i])) {
				t.Errorf("element %d: float64 gives %v, float32 %v", i, y64[i], y)
			}
		}
		// The same logical tensor, laid out backwards.
		reversed, axes := slices.Clone(v.shape), make([]int, len(v.shape))
		slices.Reverse(reversed)
		for i := range axes {
			axes[i] = len(axes) - 1 - i
		}
		strided := testkit.Ramp(tensor.Float64, reversed...)
		if err := strided.T(axes...); err != nil {
			t.Fatal(err)
		}
		flat := tensor.New(tensor.WithShape(v.shape...), tensor.WithBacking(testkit.Floats(t, strided)))
		if got, want := v.try(t, x64, 0.5).at(2, strided), v.try(t, x64, 0.5).at(2, flat); !testkit.SameBits(got, want) {
			t.Errorf("strided: want %v, got %v", want, got)
		}
	})
}

// Everything that distinguishes two dropouts is in their hash.
func TestRuleHashes(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		g := gorgonia.NewGraph()
		x := gorgonia.NewTensor(g, tensor.Float64, len(v.shape), gorgonia.WithShape(v.shape...), gorgonia.WithName("x"))
		seen := make(map[uint32]string)
		count := 0
		add := func(p float64, opts ...ops.Option) {
			n := gorgonia.Must(v.build(x, p, opts...))
			if before, ok := seen[n.Hashcode()]; ok {
				t.Errorf("%s and %s have one hash", before, n.Op())
			}
			seen[n.Hashcode()] = n.Op().String()
			count++
		}
		for _, p := range []float64{0.2, 0.5} {
			add(p)
			add(p)
			add(p, ops.WithLayer(70))
			add(p, ops.WithLayer(70), ops.WithSeed(1))
			add(p, ops.WithLayer(70), ops.WithMode(ops.Sample))
			add(p, ops.WithLayer(70), ops.WithMode(ops.Eval))
		}
		if !v.logit {
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Early{P: 0.2, Cutoff: 10}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Late{P: 0.2, Cutoff: 10}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Late{P: 0.2, Cutoff: 11}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Linear{From: 0.2, End: 10}))
			add(0, ops.WithLayer(70), ops.WithRate(schedule.Curriculum{P: 0.2, Gamma: 10}))
			rate := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("rate"))
			add(0, ops.WithLayer(70), ops.WithRateNode(rate))
		}
		if len(seen) != count {
			t.Errorf("%d dropouts became %d", count, len(seen))
		}
	})
	// And one variant is never another.
	seen := make(map[string]string)
	for _, v := range variants {
		g := gorgonia.NewGraph()
		x := gorgonia.NewTensor(g, tensor.Float64, len(v.shape), gorgonia.WithShape(v.shape...), gorgonia.WithName("x"))
		op := gorgonia.Must(v.build(x, 0.5)).Op().String()
		if before, ok := seen[op]; ok && !strings.HasPrefix(v.name, strings.Fields(before)[0]) {
			t.Errorf("%s and %s are both %s", before, v.name, op)
		}
		seen[op] = v.name
	}
}

// Machines over graphs of their own run side by side, and the same graph built
// again draws the same masks.
func TestRuleConcurrentMachines(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		x := testkit.Ramp(tensor.Float64, v.shape...)
		type model struct {
			m       gorgonia.VM
			y, grad *gorgonia.Node
		}
		build := func() model {
			g := gorgonia.NewGraph()
			in := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
			y := gorgonia.Must(v.build(in, 0.5, ops.WithSeed(3)))
			grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), in)
			if err != nil {
				t.Fatal(err)
			}
			return model{gorgonia.NewTapeMachine(g), y, grads[0]}
		}
		const machines, steps = 3, 6
		var want [steps][2][]float64
		alone := build()
		for i := range want {
			testkit.Run(t, alone.m)
			want[i] = [2][]float64{testkit.Floats(t, alone.y.Value()), testkit.Floats(t, alone.grad.Value())}
		}
		var wg sync.WaitGroup
		errs := make(chan error, machines)
		for range machines {
			mo := build()
			wg.Go(func() {
				for i := range want {
					mo.m.Reset()
					if err := mo.m.RunAll(); err != nil {
						errs <- err
						return
					}
					if !testkit.SameBits(mo.y.Value().(*tensor.Dense).Float64s(), want[i][0]) ||
						!testkit.SameBits(mo.grad.Value().(*tensor.Dense).Float64s(), want[i][1]) {
						errs <- fmt.Errorf("step %d differs from the machine alone", i)
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
	})
}

// The identity must copy: a later op may overwrite what it is given. Memory that
// fits is used, whatever it held.
func TestRuleMemory(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, opts := range [][]ops.Option{nil, {ops.WithMode(ops.Eval)}} {
			x := testkit.Ramp(tensor.Float64, v.shape...)
			tr := v.try(t, x, 0.5, opts...)
			want := tr.at(0, x)
			step := gorgonia.I64(0)
			in := []gorgonia.Value{x, &step}
			if v.logit {
				in = []gorgonia.Value{x, gorgonia.NewF64(ops.Logit(0.5)), &step}
			}
			fits := odd(tensor.Float64, v.shape...)
			got, err := tr.y.Op().(gorgonia.UsePreallocDoer).UsePreallocDo(fits, in...)
			if err != nil {
				t.Fatal(err)
			}
			if got != gorgonia.Value(fits) || !testkit.SameBits(testkit.Floats(t, got), want) {
				t.Errorf("want %v in the memory given, got %v", want, got)
			}
			y, err := tr.y.Op().Do(in...)
			if err != nil {
				t.Fatal(err)
			}
			y.(*tensor.Dense).Float64s()[0] = 99
			if x.Float64s()[0] != 1 {
				t.Error("writing to the output changed the input")
			}
			for _, bad := range [][]gorgonia.Value{
				nil, {x}, {nil, in[1]}, append(slices.Clone(in), &step), {gorgonia.NewI(1), in[1]},
				append(slices.Clone(in[:len(in)-1]), gorgonia.NewF64(1)),
			} {
				if _, err := tr.y.Op().Do(bad...); err == nil || !strings.HasPrefix(err.Error(), "ops: ") {
					t.Errorf("Do(%v): want an error, got %v", bad, err)
				}
			}
		}
	})
}
