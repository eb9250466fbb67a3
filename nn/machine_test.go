package nn_test

import (
	"fmt"
	"io"
	"log"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A workbench is an op in a graph with a cost, for a machine to run.
type workbench struct {
	g     *gorgonia.ExprGraph
	in    gorgonia.Nodes
	value gorgonia.Value // of the op's output
}

// bench builds o in float64; lisp leaves the gradients to the machine.
func (o anyOp) bench(t testing.TB, lisp bool) *workbench {
	t.Helper()
	b, y := o.alone(t)
	cost, err := gorgonia.Square(y)
	if err == nil && !y.IsScalar() {
		cost, err = gorgonia.Sum(cost)
	}
	if err != nil {
		t.Fatal(err)
	}
	gorgonia.Read(y, &b.value)
	if !lisp {
		if _, err := gorgonia.Grad(cost, b.in...); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// alone builds o without a cost and returns its output.
func (o anyOp) alone(t testing.TB) (*workbench, *gorgonia.Node) {
	t.Helper()
	b := &workbench{g: gorgonia.NewGraph()}
	for i, shape := range o.shapes {
		name := gorgonia.WithName(fmt.Sprintf("input %d", i))
		if len(shape) == 0 {
			b.in = append(b.in, gorgonia.NewScalar(b.g, tensor.Float64, name, gorgonia.WithValue(0.3)))
			continue
		}
		b.in = append(b.in, gorgonia.NodeFromAny(b.g, testkit.Wave(tensor.Float64, float64(7*i), shape...), name))
	}
	y, err := o.build(b.in)
	if err != nil {
		t.Fatal(err)
	}
	return b, y
}

// outcome returns the output and the gradients of the inputs, as far as there are.
func (b *workbench) outcome(t testing.TB, lisp bool) testkit.Outcome {
	t.Helper()
	out := testkit.Outcome{Y: testkit.Floats(t, b.value)}
	for _, n := range b.in {
		if d, err := n.Grad(); err == nil && lisp {
			out.Grads = append(out.Grads, testkit.Floats(t, d))
		} else if d := n.Deriv(); d != nil && d.Value() != nil {
			out.Grads = append(out.Grads, testkit.Floats(t, d.Value()))
		}
	}
	return out
}

// runOnce runs o in a machine with options.
func (o anyOp) runOnce(t testing.TB, lisp bool, opts func(b *workbench) []gorgonia.VMOpt) testkit.Outcome {
	t.Helper()
	b := o.bench(t, lisp)
	var m gorgonia.VM
	if lisp {
		m = gorgonia.NewLispMachine(b.g, opts(b)...)
	} else {
		m = gorgonia.NewTapeMachine(b.g, opts(b)...)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	return b.outcome(t, lisp)
}

func same(o testkit.Outcome, t testing.TB, want testkit.Outcome) {
	t.Helper()
	if !testkit.SameBits(o.Y, want.Y) {
		t.Errorf("output is %v, want %v", o.Y, want.Y)
	}
	if len(o.Grads) != len(want.Grads) {
		t.Fatalf("got %d gradients, want %d", len(o.Grads), len(want.Grads))
	}
	for i := range want.Grads {
		if !testkit.SameBits(o.Grads[i], want.Grads[i]) {
			t.Errorf("gradient of input %d is %v, want %v", i, o.Grads[i], want.Grads[i])
		}
	}
}

// options makes a workbench's options for a machine of a list.
func options(opts ...gorgonia.VMOpt) func(*workbench) []gorgonia.VMOpt {
	return func(*workbench) []gorgonia.VMOpt { return opts }
}

var silent = log.New(io.Discard, "", 0)

// Every op gives the same numbers whatever the options of the machine.
func TestEveryOpInEveryTapeMachine(t *testing.T) {
	machines := map[string]func(*workbench) []gorgonia.VMOpt{
		"NaN watch":   options(gorgonia.WithNaNWatch()),
		"Inf watch":   options(gorgonia.WithInfWatch()),
		"logger":      options(gorgonia.WithLogger(silent), gorgonia.WithWatchlist(), gorgonia.WithValueFmt("%+1.1v")),
		"values as s": options(gorgonia.WithLogger(silent), gorgonia.WithWatchlist(), gorgonia.WithValueFmt("%-s")),
		"trace":       options(gorgonia.TraceExec()),
		"dual values": func(b *workbench) []gorgonia.VMOpt {
			return []gorgonia.VMOpt{gorgonia.BindDualValues(b.in...)}
		},
		"manual gradient": options(gorgonia.WithManualGradient()),
		"engine":          options(gorgonia.WithEngine(tensor.StdEng{})),
		"all watches": options(gorgonia.WithNaNWatch(), gorgonia.WithInfWatch(), gorgonia.TraceExec(),
			gorgonia.WithLogger(silent), gorgonia.WithWatchlist()),
	}
	for _, o := range everyOp(t) {
		t.Run(o.name, func(t *testing.T) {
			want := o.runOnce(t, false, options())
			for name, opts := range machines {
				t.Run(name, func(t *testing.T) { same(o.runOnce(t, false, opts), t, want) })
			}
			t.Run("precompiled", func(t *testing.T) {
				b := o.bench(t, false)
				prog, locations, err := gorgonia.Compile(b.g)
				if err != nil {
					t.Fatal(err)
				}
				m := gorgonia.NewTapeMachine(b.g, gorgonia.WithPrecompiled(prog, locations))
				defer m.Close()
				testkit.Run(t, m)
				same(b.outcome(t, false), t, want)
			})
			t.Run("pointer watch", func(t *testing.T) {
				// Gorgonia's own ops write into their inputs, which this watch forbids.
				if slices.Contains([]string{"ConcreteRegularizer", "RDrop"}, o.name) {
					t.SkipNow()
				}
				b, _ := o.alone(t)
				m := gorgonia.NewTapeMachine(b.g, gorgonia.WithPointerWatch())
				defer m.Close()
				testkit.Run(t, m)
				testkit.Run(t, m)
			})
			t.Run("evaluation", func(t *testing.T) {
				if o.tapeOnly {
					t.SkipNow() // nodes have the shapes of the thinned network
				}
				eval := o.runOnce(t, false, options(gorgonia.EvalMode()))
				same(o.runOnce(t, false, options(gorgonia.EvalMode(), gorgonia.WithNaNWatch(), gorgonia.WithInfWatch())), t, eval)
			})
		})
	}
}

// A LispMachine takes fewer options.
func TestEveryOpInEveryLispMachine(t *testing.T) {
	machines := map[string]func(*workbench) []gorgonia.VMOpt{
		"NaN watch":       options(gorgonia.WithNaNWatch()),
		"Inf watch":       options(gorgonia.WithInfWatch()),
		"logger":          options(gorgonia.WithLogger(silent), gorgonia.WithWatchlist(), gorgonia.LogBothDir()),
		"manual gradient": options(gorgonia.WithManualGradient()),
		"engine":          options(gorgonia.WithEngine(tensor.StdEng{})),
	}
	for _, o := range everyOp(t) {
		if o.tapeOnly {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			want := o.runOnce(t, true, options())
			for name, opts := range machines {
				t.Run(name, func(t *testing.T) { same(o.runOnce(t, true, opts), t, want) })
			}
			t.Run("forward only", func(t *testing.T) {
				if y := o.runOnce(t, true, options(gorgonia.ExecuteFwdOnly(), gorgonia.WithNaNWatch())).Y; !testkit.SameBits(y, want.Y) {
					t.Errorf("output is %v, want %v", y, want.Y)
				}
			})
		})
	}
}

// A step that is fixed passes the watches of both machines too.
func TestFixedStepUnderWatch(t *testing.T) {
	o := anyOp{name: "Dropout", shapes: [][]int{{4, 6}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return ops.Dropout(in[0], 0.5, ops.WithFixedStep(3))
	}}
	for _, lisp := range []bool{false, true} {
		want := o.runOnce(t, lisp, options())
		same(o.runOnce(t, lisp, options(gorgonia.WithNaNWatch(), gorgonia.WithInfWatch())), t, want)
	}
}

// Scalars may be fed as scalars or as tensors, which the watches know.
func TestScalarsFedAsTensors(t *testing.T) {
	type feed struct{ step, rate, logit gorgonia.Value }
	scalars := feed{gorgonia.NewI64(3), gorgonia.NewF64(0.25), gorgonia.NewF64(-0.5)}
	tensors := feed{scalarTensor(int64(3)), scalarTensor(0.25), scalarTensor(-0.5)}
	for _, lisp := range []bool{false, true} {
		for _, op := range []string{"Dropout", "Zoneout", "ConcreteDropout", "SelfAttention", "KeepColumns", "BatchNorm"} {
			if lisp && op == "KeepColumns" {
				continue
			}
			t.Run(fmt.Sprintf("%s lisp=%v", op, lisp), func(t *testing.T) {
				outcomeOf := func(f feed, opts ...gorgonia.VMOpt) testkit.Outcome {
					o := anyOp{name: op, shapes: [][]int{{2, 2, 6}}, build: func(in []*gorgonia.Node) (*gorgonia.Node, error) {
						return fedOp(op, in[0], f.step, f.rate, f.logit)
					}}
					if op == "KeepColumns" || op == "BatchNorm" {
						o.shapes = [][]int{{4, 6}}
					}
					return o.runOnce(t, lisp, options(opts...))
				}
				want := outcomeOf(scalars)
				same(outcomeOf(tensors), t, want)
				if lisp && slices.Contains([]string{"Dropout", "Zoneout", "ConcreteDropout"}, op) {
					return // its watch panics at inputs that are tensors of floats without axes
				}
				same(outcomeOf(tensors, gorgonia.WithNaNWatch(), gorgonia.WithInfWatch()), t, want)
			})
		}
	}
}

// A scalar x may be fed as a tensor too.
func TestScalarFedAsTensor(t *testing.T) {
	for _, dt := range testkit.Dtypes {
		g := gorgonia.NewGraph()
		x := gorgonia.NewScalar(g, dt, gorgonia.WithName("x"))
		y, err := ops.GaussianNoise(x, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gorgonia.Grad(y, x); err != nil {
			t.Fatal(err)
		}
		var outputs [2]float64
		for i, v := range []gorgonia.Value{gorgonia.NewF64(3), scalarTensor(3.0)} {
			if dt == tensor.Float32 {
				v = []gorgonia.Value{gorgonia.NewF32(3), scalarTensor(float32(3))}[i]
			}
			if err := gorgonia.Let(x, v); err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g, gorgonia.WithNaNWatch(), gorgonia.WithInfWatch())
			ops.StepOf(g).Set(5)
			testkit.Run(t, m)
			outputs[i] = testkit.Floats(t, y.Value())[0]
			m.Close()
		}
		if outputs[0] != outputs[1] || outputs[0] == 3 {
			t.Errorf("%v: noise made %v of a scalar and %v of a tensor", dt, outputs[0], outputs[1])
		}
	}
}

// fedOp is an op whose step, rate and logit are inputs of the graph.
func fedOp(name string, x *gorgonia.Node, step, rate, logit gorgonia.Value) (*gorgonia.Node, error) {
	fed := func(name string, v gorgonia.Value) *gorgonia.Node {
		n := gorgonia.NewScalar(x.Graph(), v.Dtype(), gorgonia.WithName(name))
		if err := gorgonia.Let(n, v); err != nil {
			panic(err)
		}
		return n
	}
	at := ops.WithStep(fed("the step", step))
	switch name {
	case "Dropout":
		return ops.Dropout(x, 0.5, at, ops.WithRateNode(fed("the rate", rate)))
	case "Zoneout":
		return ops.Zoneout(x, gorgonia.Must(gorgonia.Square(x)), 0.5, at, ops.WithRateNode(fed("the rate", rate)))
	case "ConcreteDropout":
		return ops.ConcreteDropout(x, fed("the logit", logit), at)
	case "SelfAttention":
		return nn.SelfAttention(x, 1, 0.5, at)
	case "BatchNorm":
		r, err := nn.NewRunningStats(tensor.Float64, 6)
		if err != nil {
			return nil, err
		}
		affine := gorgonia.NodeFromAny(x.Graph(), testkit.Wave(tensor.Float64, 1, 6), gorgonia.WithName("affine"))
		return nn.BatchNorm(x, affine, affine, r, nn.WithBatchNormStep(fed("the step", step)))
	}
	k, err := ops.KeepColumns(x, 0.5, at)
	if err != nil {
		return nil, err
	}
	return k.Select(x)
}

func scalarTensor(x any) gorgonia.Value { return tensor.New(tensor.FromScalar(x)) }

// What is no scalar of the type is refused by name.
func TestStepAndRateReject(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	rate := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("rate"))
	y, err := ops.Dropout(x, 0.5, ops.WithRateNode(rate))
	if err != nil {
		t.Fatal(err)
	}
	in, step, p := testkit.Ramp(tensor.Float64, 2, 3), scalarTensor(int64(3)), scalarTensor(0.5)
	for _, tt := range []struct {
		step, rate gorgonia.Value
		want       string
	}{
		{scalarTensor(int32(3)), p, "step must be an int64 scalar"},
		{tensor.New(tensor.WithBacking([]int64{1, 2})), p, "step must be an int64 scalar"},
		{tensor.New(tensor.WithShape(0), tensor.Of(tensor.Int64)), p, "step must be an int64 scalar"},
		{nil, p, "step must be a value, got none"},
		{step, testkit.Ramp(tensor.Float64, 2), "rate must be a float32 or float64 scalar"},
		{step, scalarTensor(int64(0)), "rate must be a float32 or float64 scalar"},
		{step, scalarTensor(1.5), "rate at step 3: p must be in [0, 1], got 1.5"},
		{step, scalarTensor(math.NaN()), "rate at step 3: p must be in [0, 1], got NaN"},
		{step, nil, "rate must be a value, got none"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			_, err := y.Op().Do(in, tt.step, tt.rate)
			testkit.Rejects(t, err, tt.want)
		})
	}
}

// With ReuseMemory a step costs no memory.
func TestStepReusesMemory(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	if _, err := ops.Dropout(x, 0.5); err != nil {
		t.Fatal(err)
	}
	op := ops.StepOf(g).Node().Op()
	if n := testing.AllocsPerRun(20, func() { stepOnce(t, op) }); n > 3 {
		t.Errorf("a step allocates %v times, want 3 at most", n)
	}
	ops.ReuseMemory(g)
	stepOnce(t, op)
	if n := testing.AllocsPerRun(20, func() { stepOnce(t, op) }); n != 0 {
		t.Errorf("a step allocates %v times in memory that is kept", n)
	}
}

func stepOnce(t testing.TB, op gorgonia.Op) {
	if _, err := op.Do(); err != nil {
		t.Fatal(err)
	}
}
