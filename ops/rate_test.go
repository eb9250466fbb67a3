package ops_test

import (
	"fmt"
	"log"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// A rate that changes with the step needs no other graph.
func ExampleWithRate() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, 1000), gorgonia.WithName("x"))
	y := gorgonia.Must(ops.Dropout(x, 0, ops.WithRate(schedule.Linear{From: 0, To: 0.5, End: 2})))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for step := range 4 {
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		zeros := 0
		for _, v := range y.Value().Data().([]float64) {
			if v == 0 {
				zeros++
			}
		}
		fmt.Printf("step %d: %d of 1000 dropped\n", step, zeros)
		machine.Reset()
	}
	// Output:
	// step 0: 0 of 1000 dropped
	// step 1: 237 of 1000 dropped
	// step 2: 492 of 1000 dropped
	// step 3: 508 of 1000 dropped
}

func TestRatesReject(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		rate schedule.Schedule
		want string
	}{
		{schedule.Constant(nan), "schedule: Constant: value must be finite, got NaN"},
		{schedule.Linear{From: 0.1, To: 1.5, End: 9}, "p must be in [0, 1], got 1.5"},
		{schedule.Linear{From: -1, To: 0.5, End: 9}, "p must be in [0, 1], got -1"},
		{schedule.Linear{Start: 5, End: 4}, "schedule: Linear: End must not be before Start 5, got 4"},
		{schedule.Early{P: 2, Cutoff: 1}, "p must be in [0, 1], got 2"},
		{schedule.Early{P: 0.5, Cutoff: -1}, "schedule: Early: Cutoff must not be negative, got -1"},
		{schedule.Late{P: 0.5, Cutoff: -1}, "schedule: Late: Cutoff must not be negative, got -1"},
		{schedule.Late{P: nan}, "schedule: Late: P must be finite, got NaN"},
		{schedule.Curriculum{P: 0.5, Gamma: nan}, "schedule: Curriculum: Gamma must be finite and not negative, got NaN"},
		{schedule.Curriculum{P: 7, Gamma: 1}, "p must be in [0, 1], got 7"},
	} {
		t.Run(fmt.Sprintf("%T: %s", tt.rate, tt.want), func(t *testing.T) {
			g := gorgonia.NewGraph()
			x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
			if _, err := ops.Dropout(x, 0.5, ops.WithRate(tt.rate)); err == nil || err.Error() != "ops: Dropout: "+tt.want {
				t.Errorf("%T %v: want error %q, got %v", tt.rate, tt.rate, tt.want, err)
			}
		})
	}
}

func TestRateNodeRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("x"))
	elsewhere := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("rate"))
	scalar := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("rate"))
	for _, tt := range []struct {
		opts []ops.Option
		want string
	}{
		{[]ops.Option{ops.WithRateNode(nil)}, "rate must be a node, got none"},
		{[]ops.Option{ops.WithRateNode(x)}, "float32 or float64 scalar"},
		{[]ops.Option{ops.WithRateNode(elsewhere)}, "rate must be a node of x's graph"},
		{[]ops.Option{ops.WithRateNode(scalar), ops.WithRate(schedule.Constant(0))}, "rate must be given once"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := ops.Dropout(x, 0.5, tt.opts...); err == nil || !strings.HasPrefix(err.Error(), "ops: Dropout: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
}

func TestRuleInvalidRate(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.logit }, func(t *testing.T, v variant) {
		invalid := []float64{1.5, -0.1, math.NaN(), math.Inf(1), math.Inf(-1)}
		if v.finite {
			invalid = append(invalid, 1)
		}
		name, _, _ := strings.Cut(v.name, " ")
		for _, p := range invalid {
			g := gorgonia.NewGraph()
			x := gorgonia.NewTensor(g, tensor.Float64, len(v.shape), gorgonia.WithShape(v.shape...), gorgonia.WithName("x"))
			want := fmt.Sprintf("ops: %s: p must be in [0, 1", name)
			for _, opts := range [][]ops.Option{nil, {ops.WithMode(ops.Eval)}} {
				if _, err := v.build(x, p, opts...); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), fmt.Sprint("got ", p)) {
					t.Errorf("p=%v: want error %q, got %v", p, want, err)
				}
			}
			if _, err := v.build(x, 0, ops.WithRate(schedule.Constant(p))); err == nil || !strings.HasPrefix(err.Error(), "ops: "+name+": ") {
				t.Errorf("constant rate %v: want an error at construction, got %v", p, err)
			}
			// A rate that goes wrong later is an error of the run.
			late := v.try(t, testkit.Ones(tensor.Float64, v.shape...), 0.5, ops.WithRate(later(p)))
			x64, step := testkit.Ones(tensor.Float64, v.shape...), gorgonia.I64(5)
			if _, err := late.y.Op().Do(x64, &step); err == nil || !strings.HasPrefix(err.Error(), "ops: "+name+": rate at step 5: p must be in [0, 1") {
				t.Errorf("rate %v at step 5: want an error of the run, got %v", p, err)
			}
			if step = -1; true {
				if _, err := late.y.Op().Do(x64, &step); err != nil {
					t.Errorf("the rate must not matter at inference, got %v", err)
				}
			}
		}
	})
}

// later is a rate that is 0 at first.
type later float64

func (l later) At(step int64) float64 {
	if step == 0 {
		return 0
	}
	return float64(l)
}

func (l later) String() string { return fmt.Sprint(float64(l)) }

// A rate may change from step to step, by schedule or by a node, and nothing is
// rebuilt: each step is what a dropout of that constant rate does.
func TestRuleRates(t *testing.T) {
	eachVariant(t, func(v variant) bool { return v.logit }, func(t *testing.T, v variant) {
		line := schedule.Linear{From: 0, To: 0.75, Start: 1, End: 4}
		want := func(step int64) []float64 {
			x := testkit.Ramp(tensor.Float64, v.shape...)
			return v.try(t, x, line.At(step)).at(step, x)
		}
		steps := []int64{0, 1, 2, 3, 4, 5, 2, -1}
		v.gradient(t, testkit.Ramp(tensor.Float64, v.shape...), 0, steps, func(step int64, y, _ []float64) {
			if !testkit.SameBits(y, want(step)) {
				t.Errorf("schedule, step %d: want %v, got %v", step, want(step), y)
			}
		}, ops.WithRate(line))

		for _, dt := range testkit.Dtypes {
			g := gorgonia.NewGraph()
			x := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, v.shape...), gorgonia.WithName("x"))
			rate := gorgonia.NewScalar(g, dt, gorgonia.WithName("rate"))
			y := gorgonia.Must(v.build(x, 0, ops.WithRateNode(rate)))
			grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
			if err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			for _, step := range steps {
				if step == 0 {
					continue
				}
				// The rates of the schedule are exact in float32 too.
				if dt == tensor.Float32 {
					err = gorgonia.Let(rate, float32(line.At(step)))
				} else {
					err = gorgonia.Let(rate, line.At(step))
				}
				if err != nil {
					t.Fatal(err)
				}
				ops.StepOf(g).Set(step)
				testkit.Run(t, m)
				if got := testkit.Floats(t, y.Value()); !testkit.SameBits(got, want(step)) {
					t.Errorf("%v node, step %d: want %v, got %v", dt, step, want(step), got)
				}
				in := testkit.Ones(tensor.Float64, v.shape...)
				if got := testkit.Floats(t, grads[0].Value()); v.dropped == nil && !testkit.SameBits(got, v.try(t, in, line.At(step)).at(step, in)) {
					t.Errorf("%v node, step %d: gradient is %v", dt, step, got)
				}
			}
			name, _, _ := strings.Cut(v.name, " ")
			if dt == tensor.Float64 {
				if err := gorgonia.Let(rate, 1.5); err != nil {
					t.Fatal(err)
				}
				ops.StepOf(g).Set(9)
				m.Reset()
				if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "ops: "+name+": rate at step 9: p must be in [0, 1") {
					t.Errorf("rate 1.5: want an error of the run, got %v", err)
				}
			}
			m.Close()
		}
	})
}
