package ops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// choices are the dropouts that are no identity at inference, each as a function
// of the tensors it chooses from.
var choices = []struct {
	name    string
	tensors int
	build   func(in []*gorgonia.Node, p float64, opts ...ops.MixOption) (*gorgonia.Node, error)
}{
	{"Zoneout", 2, func(in []*gorgonia.Node, p float64, opts ...ops.MixOption) (*gorgonia.Node, error) {
		return ops.Zoneout(in[0], in[1], p, opts...)
	}},
	{"WeightScalingDropout", 1, func(in []*gorgonia.Node, p float64, opts ...ops.MixOption) (*gorgonia.Node, error) {
		return ops.WeightScalingDropout(in[0], p, opts...)
	}},
}

// halves are the tensors of a choice: numbers that tell where they come from.
func halves(dt tensor.Dtype, n int, shape ...int) []*tensor.Dense {
	in := []*tensor.Dense{testkit.Ramp(dt, shape...), testkit.Ramp(dt, shape...)}[:n]
	for i := range in[0].DataSize() {
		if dt == tensor.Float32 {
			in[0].Float32s()[i] += 1000
		} else {
			in[0].Float64s()[i] += 1000
		}
	}
	return in
}

// chosen is what a choice must give for elements a and b of its tensors; of one
// tensor the first is zero.
func chosen(in []*tensor.Dense, i int, pick func(a, b float64) float64, t testing.TB) float64 {
	if len(in) == 1 {
		return pick(0, testkit.Floats(t, in[0])[i])
	}
	return pick(testkit.Floats(t, in[0])[i], testkit.Floats(t, in[1])[i])
}

func TestChoiceValuesAndGradients(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			for _, dt := range testkit.Dtypes {
				for _, p := range []float64{0, 0.25, 0.5, 1} {
					for _, broadcast := range [][]int{nil, {1}} {
						shape := []int{5, 7, 3}
						in := halves(dt, c.tensors, shape...)
						g := gorgonia.NewGraph()
						var nodes []*gorgonia.Node
						for i, x := range in {
							nodes = append(nodes, gorgonia.NodeFromAny(g, x, gorgonia.WithName(fmt.Sprint("x", i))))
						}
						y, err := c.build(nodes, p, ops.WithSeed(4), ops.WithLayer(9), ops.WithBroadcastAxes(broadcast...))
						if err != nil {
							t.Fatal(err)
						}
						grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), nodes...)
						if err != nil {
							t.Fatal(err)
						}
						for _, step := range []int64{0, 6, -1} {
							reduced := slices.Clone(shape)
							for _, axis := range broadcast {
								reduced[axis] = 1
							}
							kept, err := ops.MaskAt(4, 9, max(step, 0), reduced, p)
							if err != nil {
								t.Fatal(err)
							}
							ops.StepOf(g).Set(step)
							m := gorgonia.NewTapeMachine(g)
							testkit.Run(t, m)
							out := testkit.Floats(t, y.Value())
							for i := range out {
								weight := 1 - p // of the second tensor
								if at := i; step >= 0 {
									if broadcast != nil {
										at = i/21*3 + i%3
									}
									weight = 0
									if kept[at] {
										weight = 1
									}
								}
								if want := chosen(in, i, func(a, b float64) float64 { return (1-weight)*a + weight*b }, t); math.Abs(out[i]-want) > 1e-4 {
									t.Fatalf("%s, %v, p=%v, step %d, element %d: want %v, got %v", c.name, dt, p, step, i, want, out[i])
								}
								if got := testkit.Floats(t, grads[len(grads)-1].Value())[i]; got != weight {
									t.Fatalf("%s, %v, p=%v, step %d, element %d: gradient must be %v, got %v", c.name, dt, p, step, i, weight, got)
								}
								if c.tensors == 2 && testkit.Floats(t, grads[0].Value())[i] != 1-weight {
									t.Fatalf("%s, %v, p=%v, step %d, element %d: gradients must add up to 1", c.name, dt, p, step, i)
								}
							}
							m.Close()
						}
					}
				}
			}
		})
	}
}

// A machine for evaluation takes the mean, and the mean over many steps of
// training comes to the same.
func TestChoiceModes(t *testing.T) {
	const steps = 3000
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			var nodes []*gorgonia.Node
			for i := range c.tensors {
				nodes = append(nodes, gorgonia.NodeFromAny(g, testkit.Waves(4, 5), gorgonia.WithName(fmt.Sprint("x", i))))
			}
			if c.tensors == 2 {
				slices.Reverse(nodes[0].Value().(*tensor.Dense).Float64s())
			}
			build := func(m ops.Mode) *gorgonia.Node {
				n, err := c.build(nodes, 0.3, ops.WithMode(m))
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			auto, sampling, inference := build(ops.Train), build(ops.Sample), build(ops.Eval)
			train := gorgonia.NewTapeMachine(g)
			element := make([]moments, 20)
			for range steps {
				testkit.Run(t, train)
				for i, y := range testkit.Floats(t, auto.Value()) {
					element[i].add(y)
				}
			}
			want := testkit.Floats(t, inference.Value())
			for i := range element {
				element[i].check(t, fmt.Sprintf("%s: mean of element %d", c.name, i), want[i], 5, 1e-5)
			}
			is := func(what string, n *gorgonia.Node, expected bool) {
				t.Helper()
				if got := slices.Equal(testkit.Floats(t, n.Value()), want); got != expected {
					t.Errorf("%s, %s: gives the mean: %v, want %v", c.name, what, got, expected)
				}
			}
			is("training", auto, false)
			eval := gorgonia.NewTapeMachine(g, gorgonia.EvalMode())
			testkit.Run(t, eval)
			is("EvalMode", auto, true)
			is("EvalMode, Sample", sampling, false)
			again := gorgonia.NewTapeMachine(g)
			testkit.Run(t, again)
			is("training again", auto, false)
			ops.StepOf(g).Set(-1)
			testkit.Run(t, again)
			is("negative step", auto, true)
			is("negative step, Sample", sampling, false)
			train.Close()
			eval.Close()
			again.Close()
		})
	}
}

// do applies a choice apart from any machine.
func do(t testing.TB, build func([]*gorgonia.Node, float64, ...ops.MixOption) (*gorgonia.Node, error), in []*tensor.Dense, p float64, step int64) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	var nodes []*gorgonia.Node
	var values []gorgonia.Value
	for i, x := range in {
		nodes = append(nodes, gorgonia.NewTensor(g, x.Dtype(), x.Dims(), gorgonia.WithShape(x.Shape()...), gorgonia.WithName(fmt.Sprint("x", i))))
		values = append(values, x)
	}
	y, err := build(nodes, p)
	if err != nil {
		t.Fatal(err)
	}
	s := gorgonia.I64(step)
	v, err := y.Op().Do(append(values, &s)...)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Floats(t, v)
}

// At p = 0 and 1 an element passes as it is or not at all, whatever it is, in
// training and at inference.
func TestChoiceNonFinite(t *testing.T) {
	for _, dt := range testkit.Dtypes {
		x, y := odd(dt, 4, 8), testkit.Ramp(dt, 4, 8)
		for _, step := range []int64{2, -1} {
			for p, want := range map[float64][]float64{0: testkit.Floats(t, x), 1: testkit.Floats(t, y)} {
				if got := do(t, choices[0].build, []*tensor.Dense{y, x}, p, step); !testkit.SameBits(got, want) {
					t.Errorf("Zoneout, %v, p=%v, step %d: want %v, got %v", dt, p, step, want, got)
				}
			}
			if got := do(t, choices[1].build, []*tensor.Dense{x}, 0, step); !testkit.SameBits(got, testkit.Floats(t, x)) {
				t.Errorf("WeightScalingDropout, %v, p=0, step %d: x must pass unchanged, got %v", dt, step, got)
			}
			if got := do(t, choices[1].build, []*tensor.Dense{x}, 1, step); !testkit.SameBits(got, make([]float64, 32)) {
				t.Errorf("WeightScalingDropout, %v, p=1, step %d: everything must be +0, got %v", dt, step, got)
			}
		}
	}
	for i, y := range do(t, choices[1].build, []*tensor.Dense{odd(tensor.Float64, 64)}, 0.5, 1) {
		if x := testkit.Floats(t, odd(tensor.Float64, 64))[i]; math.Float64bits(y) != 0 && math.Float64bits(y) != math.Float64bits(x) {
			t.Errorf("element %d: want %v or +0, got %v", i, x, y)
		}
	}
}

// The result depends on neither the type nor the strides.
func TestChoiceStrides(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			for _, step := range []int64{5, -1} {
				strided, flat := make([]*tensor.Dense, c.tensors), make([]*tensor.Dense, c.tensors)
				for i := range strided {
					strided[i] = testkit.Ramp(tensor.Float64, 6, 4)
					if err := strided[i].T(); err != nil {
						t.Fatal(err)
					}
					flat[i] = tensor.New(tensor.WithShape(4, 6), tensor.WithBacking(testkit.Floats(t, strided[i])))
				}
				if got, want := do(t, c.build, strided, 0.5, step), do(t, c.build, flat, 0.5, step); !testkit.SameBits(got, want) {
					t.Errorf("%s, step %d: want %v, got %v", c.name, step, want, got)
				}
			}
		})
	}
}

func TestChoiceRates(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			var nodes []*gorgonia.Node
			for i := range c.tensors {
				nodes = append(nodes, gorgonia.NodeFromAny(g, halves(tensor.Float64, c.tensors, 40)[i], gorgonia.WithName(fmt.Sprint("x", i))))
			}
			rate := gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithName("rate"))
			y, err := c.build(nodes, 0, ops.WithRateNode(rate))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), nodes...); err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			for _, p := range []float32{0.25, 0.75, 1} {
				for _, step := range []int64{4, -1} {
					if err := gorgonia.Let(rate, p); err != nil {
						t.Fatal(err)
					}
					ops.StepOf(g).Set(step)
					testkit.Run(t, m)
					if got, want := testkit.Floats(t, y.Value()), do(t, c.build, halves(tensor.Float64, c.tensors, 40), float64(p), step); !testkit.SameBits(got, want) {
						t.Errorf("%s, rate %v, step %d: want %v, got %v", c.name, p, step, want, got)
					}
				}
			}
			if err := gorgonia.Let(rate, float32(1.5)); err != nil {
				t.Fatal(err)
			}
			m.Reset()
			if err, want := m.RunAll(), "ops: "+c.name+": rate at step -2: p must be in [0, 1], got 1.5"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want error %q, got %v", want, err)
			}
			m.Close()
		})
	}
}

func TestChoiceRejects(t *testing.T) {
	x := gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	for _, c := range choices {
		in := []*gorgonia.Node{x, x}
		for _, tt := range []struct {
			in   []*gorgonia.Node
			p    float64
			opts []ops.MixOption
			want string
		}{
			{in, 1.5, nil, "p must be in [0, 1], got 1.5"},
			{in, math.NaN(), []ops.MixOption{ops.WithMode(ops.Eval)}, "p must be in [0, 1], got NaN"},
			{in, 0, []ops.MixOption{ops.WithBroadcastAxes(2)}, "broadcast axis must be in [0, 2)"},
			{[]*gorgonia.Node{nil, nil}, 0.5, nil, "x must be a node of a graph, got none"},
		} {
			t.Run(c.name+": "+tt.want, func(t *testing.T) {
				want := "ops: " + c.name + ": " + tt.want
				if _, err := c.build(tt.in, tt.p, tt.opts...); err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("want error %q, got %v", want, err)
				}
			})
		}
	}
}
