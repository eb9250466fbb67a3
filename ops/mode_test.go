package ops_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func TestDropoutEvalMode(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 50), gorgonia.WithName("x"))
	auto := gorgonia.Must(ops.Dropout(x, 0.5))
	sampling := gorgonia.Must(ops.Dropout(x, 0.5, ops.WithMode(ops.Sample)))
	inference := gorgonia.Must(ops.Dropout(x, 0.5, ops.WithMode(ops.Eval)))
	identity := testkit.Floats(t, x.Value())
	check := func(name string, auto0, sampling0, inference0 bool) {
		t.Helper()
		for _, c := range []struct {
			n    *gorgonia.Node
			want bool
		}{{auto, auto0}, {sampling, sampling0}, {inference, inference0}} {
			if got := !slices.Equal(testkit.Floats(t, c.n.Value()), identity); got != c.want {
				t.Errorf("%s: %v drops: %v, want %v", name, c.n.Op(), got, c.want)
			}
		}
	}
	train := gorgonia.NewTapeMachine(g)
	testkit.Run(t, train)
	check("training", true, true, false)
	eval := gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
	testkit.Run(t, eval)
	check("eval", false, true, false)
	again := gorgonia.NewTapeMachine(g)
	testkit.Run(t, again)
	check("training again", true, true, false)
	ops.StepOf(g).Set(-1)
	testkit.Run(t, again)
	testkit.Run(t, again)
	check("negative step", false, true, false)
	ops.StepOf(g).Set(5)
	testkit.Run(t, again)
	check("step 5", true, true, false)
}

func TestRuleEvalIsIdentity(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		for _, dt := range testkit.Dtypes {
			x := odd(dt, v.shape...)
			if got := v.try(t, x, 0.5).at(-1, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
				t.Errorf("%v: a negative step must pass x unchanged, got %v", dt, got)
			}
			if got := v.try(t, x, 0.5, ops.WithMode(ops.Eval)).at(3, x); !testkit.SameBits(got, testkit.Floats(t, x)) {
				t.Errorf("%v: Eval must pass x unchanged, got %v", dt, got)
			}
			x = testkit.Ramp(dt, v.shape...)
			if v.try(t, x, 0.5, ops.WithMode(ops.Sample)).at(-1, x); testkit.SameBits(v.try(t, x, 0.5, ops.WithMode(ops.Sample)).at(-1, x), testkit.Floats(t, x)) {
				t.Errorf("%v: Sample must drop at any step", dt)
			}
			v.gradient(t, x, 0.5, []int64{-1, -7}, func(_ int64, _, dx []float64) {
				if !testkit.SameBits(dx, testkit.Floats(t, testkit.Ramp(dt, v.shape...))) {
					t.Errorf("%v: gradient must pass unchanged at a negative step, got %v", dt, dx)
				}
			})
		}
	})
}

// One graph under a machine that trains and one that evaluates, in turn: output
// and gradient switch together.
func TestRuleTrainEvalSwitch(t *testing.T) {
	eachVariant(t, nil, func(t *testing.T, v variant) {
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, v.shape...), gorgonia.WithName("x"))
		y := gorgonia.Must(v.build(x, 0.5))
		grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
		if err != nil {
			t.Fatal(err)
		}
		flat := testkit.Floats(t, testkit.Ones(tensor.Float64, v.shape...))
		for i := range 6 {
			eval := i%2 == 1
			var m gorgonia.VM
			if eval {
				m = gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
			} else {
				m = gorgonia.NewTapeMachine(g)
			}
			ops.StepOf(g).Set(int64(i))
			testkit.Run(t, m)
			if got := testkit.SameBits(testkit.Floats(t, y.Value()), testkit.Floats(t, x.Value())); got != eval {
				t.Errorf("machine %d: output is x: %v, want %v", i, got, eval)
			}
			if got := testkit.SameBits(testkit.Floats(t, grads[0].Value()), flat); got != eval {
				t.Errorf("machine %d: gradient passes unchanged: %v, want %v", i, got, eval)
			}
			m.Close()
		}
	})
}
