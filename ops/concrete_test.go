package ops_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

func logits(p float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{ops.Logit(p)}))
}

// atZero is the only element of a vector, as the scalar that the op wants.
func atZero(n *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Sum(n) }

func TestConcreteDropoutGradients(t *testing.T) {
	for _, p := range []float64{0.05, 0.3, 0.5, 0.9} {
		t.Run(fmt.Sprint("p=", p), func(t *testing.T) {
			for _, opts := range [][]ops.ConcreteOption{nil, {ops.WithTemperature(1)}, {ops.WithBroadcastAxes(0), ops.WithTemperature(0.5)}} {
				err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
					logit, err := atZero(in[1])
					if err != nil {
						return nil, err
					}
					y, err := ops.ConcreteDropout(in[0], logit, append(opts, ops.WithFixedStep(4))...)
					if err != nil {
						return nil, err
					}
					return gorgonia.Square(y)
				}, 1e-6, testkit.Sines(5, 4), logits(p))
				if err != nil {
					t.Errorf("p=%v: %v", p, err)
				}
			}
		})
	}
}

// The derivative of the gradients: SymDiff by SymDiff, since Gorgonia keeps one
// derivative for each node.
func TestConcreteDropoutSecondDerivative(t *testing.T) {
	for which, name := range []string{"x", "logit"} {
		t.Run(name, func(t *testing.T) {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				logit, err := atZero(in[1])
				if err != nil {
					return nil, err
				}
				y, err := ops.ConcreteDropout(in[0], logit, ops.WithFixedStep(4), ops.WithTemperature(0.7))
				if err != nil {
					return nil, err
				}
				dy, err := gorgonia.Square(in[0])
				if err != nil {
					return nil, err
				}
				grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], logit, y.Graph().ByName("step 4")[0]}, y, dy)
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(grads[which])
			}, 1e-6, testkit.Sines(4, 3), logits(0.4))
			if err != nil {
				t.Errorf("gradient of %s: %v", name, err)
			}
		})
	}
}

func TestConcreteRegularizer(t *testing.T) {
	for _, p := range []float64{0.01, 0.4, 0.97} {
		build := func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			logit, err := atZero(in[1])
			if err != nil {
				return nil, err
			}
			return ops.ConcreteRegularizer(in[0], logit, 4, 1e-2, 3e-2)
		}
		if err := gradcheck.Check(build, 1e-7, testkit.Sines(4, 3), logits(p)); err != nil {
			t.Errorf("p=%v: %v", p, err)
		}
		g := gorgonia.NewGraph()
		w := gorgonia.NodeFromAny(g, testkit.Sines(4, 3), gorgonia.WithName("w"))
		logit := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("logit"), gorgonia.WithValue(ops.Logit(p)))
		loss, err := ops.ConcreteRegularizer(w, logit, 4, 1e-2, 3e-2)
		if err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		testkit.Run(t, m)
		var squares float64
		for _, v := range testkit.Sines(4, 3).Float64s() {
			squares += v * v
		}
		want := 1e-2*squares/(1-p) + 3e-2*4*(p*math.Log(p)+(1-p)*math.Log(1-p))
		if got := testkit.Floats(t, loss.Value())[0]; math.Abs(got-want) > 1e-12*math.Abs(want) {
			t.Errorf("p=%v: regularizer is %v, want %v", p, got, want)
		}
		m.Close()
	}
}

// Descent lowers the rate of a unit that the loss needs, and the regularizer
// alone draws it to 1/2.
func TestConcreteDropoutLearnsItsRate(t *testing.T) {
	learned := func(needed bool) float64 {
		g := gorgonia.NewGraph()
		logit := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("logit"), gorgonia.WithValue(ops.Logit(0.3)))
		w := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(1, 1), tensor.WithBacking([]float64{1})), gorgonia.WithName("w"))
		loss := gorgonia.Must(ops.ConcreteRegularizer(w, logit, 1, 0, 0.1))
		if needed {
			x := gorgonia.NodeFromAny(g, testkit.Sines(64, 1), gorgonia.WithName("x"))
			y := gorgonia.Must(ops.ConcreteDropout(x, logit))
			miss := gorgonia.Must(gorgonia.Sub(gorgonia.Must(gorgonia.Mul(y, w)), x))
			loss = gorgonia.Must(gorgonia.Add(loss, gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(miss))))))
		}
		if _, err := gorgonia.Grad(loss, logit); err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(logit))
		defer m.Close()
		solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.5))
		for range 400 {
			testkit.Run(t, m)
			if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{logit})); err != nil {
				t.Fatal(err)
			}
		}
		return 1 / (1 + math.Exp(-testkit.Floats(t, logit.Value())[0]))
	}
	if p := learned(true); p > 0.2 {
		t.Errorf("p of a needed unit went from 0.3 to %v, want below 0.2", p)
	}
	if p := learned(false); math.Abs(p-0.5) > 0.01 {
		t.Errorf("p of the regularizer alone went from 0.3 to %v, want 0.5", p)
	}
}

func TestConcreteDropoutRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	logit := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("logit"))
	wide := gorgonia.NewScalar(g, tensor.Float32, gorgonia.WithName("logit32"))
	elsewhere := gorgonia.NewScalar(gorgonia.NewGraph(), tensor.Float64, gorgonia.WithName("logit"))
	for _, tt := range []struct {
		x, logit *gorgonia.Node
		opts     []ops.ConcreteOption
		want     string
	}{
		{nil, logit, nil, "x must be a node of a graph, got none"},
		{x, nil, nil, "logit must be a node of x's graph"},
		{x, elsewhere, nil, "logit must be a node of x's graph"},
		{x, x, nil, "logit must be a scalar of x's type float64"},
		{x, wide, nil, "logit must be a scalar of x's type float64, got float32"},
		{x, logit, []ops.ConcreteOption{ops.WithTemperature(0)}, "temperature must be positive, got 0"},
		{x, logit, []ops.ConcreteOption{ops.WithTemperature(math.NaN())}, "temperature must be positive, got NaN"},
		{x, logit, []ops.ConcreteOption{ops.WithBroadcastAxes(7)}, "broadcast axis must be in [0, 2)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := ops.ConcreteDropout(tt.x, tt.logit, tt.opts...); err == nil || !strings.HasPrefix(err.Error(), "ops: ConcreteDropout: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
	y, err := ops.ConcreteDropout(x, logit)
	if err != nil {
		t.Fatal(err)
	}
	step := gorgonia.I64(0)
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if _, err := y.Op().Do(testkit.Sines(2, 3), gorgonia.NewF64(bad), &step); err == nil || !strings.Contains(err.Error(), "logit must be a number below +Inf") {
			t.Errorf("logit %v: want an error, got %v", bad, err)
		}
	}
	for _, tt := range []struct {
		units       int
		weight, dro float64
		want        string
	}{{0, 1, 1, "units must be positive, got 0"}, {1, -1, 1, "must not be negative, got -1 and 1"}, {1, 1, math.NaN(), "must not be negative, got 1 and NaN"}} {
		if _, err := ops.ConcreteRegularizer(x, logit, tt.units, tt.weight, tt.dro); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
