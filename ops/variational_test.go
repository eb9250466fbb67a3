package ops_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// The output of a layer whose weights, 1 and -1, have a variance of 0.01 each.
func ExampleVariationalDropout() {
	g := gorgonia.NewGraph()
	matrix := func(name string, rows, cols int, values ...float64) *gorgonia.Node {
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(values)), gorgonia.WithName(name))
	}
	x, w := matrix("x", 2, 2, 5, 3, 2, 2), matrix("w", 2, 1, 1, -1)
	logVariance := matrix("logVariance", 2, 1, math.Log(0.01), math.Log(0.01))
	mean := gorgonia.Must(gorgonia.Mul(x, w))
	variance := gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Square(x)), gorgonia.Must(gorgonia.Exp(logVariance))))
	y := gorgonia.Must(ops.VariationalDropout(mean, variance))
	kl := gorgonia.Must(ops.VariationalRegularizer(w, logVariance, 0.001))
	for _, options := range [][]gorgonia.VMOpt{nil, {gorgonia.EvalMode()}} {
		machine := gorgonia.NewTapeMachine(g, options...)
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.3f, regularizer %.4f\n", y.Value().Data(), kl.Value().Data())
		machine.Close()
	}
	// Output:
	// [1.878 -0.051], regularizer 0.0059
	// [2.000 0.000], regularizer 0.0059
}

// vary applies the op to values apart from any machine.
func vary(t testing.TB, mean, variance *tensor.Dense, step int64, opts ...ops.StreamOption) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	node := func(v *tensor.Dense, name string) *gorgonia.Node {
		return gorgonia.NewTensor(g, v.Dtype(), v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name))
	}
	y, err := ops.VariationalDropout(node(mean, "mean"), node(variance, "variance"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := gorgonia.I64(step)
	v, err := y.Op().Do(mean, variance, &s)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Floats(t, v)
}

// z is the noise of GaussianNoise.
func TestVariationalFormula(t *testing.T) {
	at := ops.WithStream(ops.WithSeed(5), ops.WithLayer(3))
	for _, dt := range testkit.Dtypes {
		mean, variance := testkit.Ramp(dt, 40, 30), testkit.Ramp(dt, 40, 30)
		g := gorgonia.NewGraph()
		zeros := gorgonia.NodeFromAny(g, tensor.New(tensor.Of(dt), tensor.WithShape(40, 30)), gorgonia.WithName("zeros"))
		z := gorgonia.Must(ops.GaussianNoise(zeros, 1, at, ops.WithFixedStep(7)))
		m := gorgonia.NewTapeMachine(g)
		testkit.Run(t, m)
		for i, y := range vary(t, mean, variance, 7, at) {
			v := testkit.Floats(t, variance)[i]
			if want := v + math.Sqrt(v)*testkit.Floats(t, z.Value())[i]; math.Abs(y-want) > 1e-6*v+1e-12 {
				t.Fatalf("%v, element %d: want %v, got %v", dt, i, want, y)
			}
		}
		m.Close()
		for _, got := range [][]float64{vary(t, mean, variance, -1, at), vary(t, mean, variance, 7, at, ops.WithMode(ops.Eval))} {
			if !testkit.SameBits(got, testkit.Floats(t, mean)) {
				t.Errorf("%v: inference must give the mean, got %v", dt, got)
			}
		}
	}
}

// The outputs have the distribution of x·W for random weights W: its mean and
// its variance, independent between outputs.
func TestVariationalMoments(t *testing.T) {
	const steps = 4000
	mean, variance := testkit.Sines(3, 4), testkit.Ramp(tensor.Float64, 3, 4)
	element, square := make([]moments, 12), make([]moments, 12)
	var both moments
	for step := range int64(steps) {
		y := vary(t, mean, variance, step)
		for i := range y {
			d := y[i] - mean.Float64s()[i]
			element[i].add(y[i])
			square[i].add(d * d)
		}
		both.add((y[4] - mean.Float64s()[4]) * (y[5] - mean.Float64s()[5]))
	}
	for i := range element {
		element[i].check(t, fmt.Sprint("mean of element ", i), mean.Float64s()[i], 5.5, 0)
		square[i].check(t, fmt.Sprint("variance of element ", i), variance.Float64s()[i], 5.5, 0)
	}
	both.check(t, "covariance of two elements", 0, 5.5, 0)
}

func positive(v ...int) *tensor.Dense {
	x := testkit.Sines(v...)
	for i := range x.Float64s() {
		x.Float64s()[i] = 0.3 + x.Float64s()[i]*x.Float64s()[i]
	}
	return x
}

func TestVariationalGradients(t *testing.T) {
	for _, mode := range []ops.Mode{ops.Train, ops.Eval} {
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := ops.VariationalDropout(in[0], in[1], ops.WithFixedStep(4), ops.WithMode(mode))
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(y)
		}, 1e-6, testkit.Waves(4, 5), positive(4, 5))
		if err != nil {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

// The derivatives of the gradients, by SymDiff.
func TestVariationalSecondDerivative(t *testing.T) {
	for which, name := range []string{"mean", "variance"} {
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := ops.VariationalDropout(in[0], in[1], ops.WithFixedStep(4))
			if err != nil {
				return nil, err
			}
			dy, err := gorgonia.HadamardProd(in[0], in[1])
			if err != nil {
				return nil, err
			}
			grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], in[1], y.Graph().ByName("step 4")[0]}, y, dy)
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(grads[which])
		}, 1e-6, testkit.Waves(4, 3), positive(4, 3))
		if err != nil {
			t.Errorf("gradient of %s: %v", name, err)
		}
	}
}

// Without variance there is no noise and no gradient of it, and NaN stays.
func TestVariationalEdges(t *testing.T) {
	nan := math.NaN()
	values := func(x ...float64) *tensor.Dense { return tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(x)) }
	got := vary(t, values(1, 2, nan, 4), values(0, -1, 1, nan), 3)
	if got[0] != 1 || !math.IsNaN(got[1]) || !math.IsNaN(got[2]) || !math.IsNaN(got[3]) {
		t.Errorf("want 1 and three NaN, got %v", got)
	}
	g := gorgonia.NewGraph()
	mean := gorgonia.NodeFromAny(g, values(1, 2, 3, 4), gorgonia.WithName("mean"))
	variance := gorgonia.NodeFromAny(g, values(0, 0, 0, 0), gorgonia.WithName("variance"))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(ops.VariationalDropout(mean, variance)))), mean, variance)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	if d := testkit.Floats(t, grads[0].Value()); !testkit.SameBits(d, []float64{1, 1, 1, 1}) {
		t.Errorf("the gradient of the mean must be 1, got %v", d)
	}
	for _, d := range testkit.Floats(t, grads[1].Value()) {
		if d != 0 {
			t.Errorf("the gradient of a variance of 0 must be 0, got %v", d)
		}
	}
}

// The divergence is the paper's equation 14, which approximates the divergence
// of N(w, alpha w²) from a log-uniform prior: E log|1 + sqrt(alpha) z| less
// log(alpha)/2, up to what makes it 0 for an infinite alpha.
func TestVariationalRegularizer(t *testing.T) {
	for _, logAlpha := range []float64{-8, -3, -1, 0, 0.5, 2, 4, 9} {
		const points, euler = 40000, 0.57721566490153286
		exact := -logAlpha/2 + (euler+math.Ln2)/2
		for i := range points {
			z := -9 + 18*(float64(i)+0.5)/points
			exact += math.Log(math.Abs(1+math.Exp(logAlpha/2)*z)) * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * 18 / points
		}
		for _, w := range []float64{0.7, -2} {
			value := func(x float64, name string, g *gorgonia.ExprGraph) *gorgonia.Node {
				return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{x})), gorgonia.WithName(name))
			}
			g := gorgonia.NewGraph()
			term := gorgonia.Must(ops.VariationalRegularizer(value(w, "w", g), value(logAlpha+2*math.Log(math.Abs(w)), "s", g), 3))
			m := gorgonia.NewTapeMachine(g)
			testkit.Run(t, m)
			got := testkit.Floats(t, term.Value())[0] / 3
			m.Close()
			sigmoid := func(a float64) float64 { return 1 / (1 + math.Exp(-a)) }
			paper := -(0.63576*sigmoid(1.87320+1.48695*logAlpha) - 0.5*math.Log(1+math.Exp(-logAlpha)) - 0.63576)
			if math.Abs(got-paper) > 1e-12 {
				t.Errorf("log alpha %v, w %v: want %v, got %v", logAlpha, w, paper, got)
			}
			if math.Abs(got-exact) > 0.01 {
				t.Errorf("log alpha %v: want about %v, got %v", logAlpha, exact, got)
			}
		}
	}
}

func TestVariationalRegularizerGradients(t *testing.T) {
	// Logarithms of alpha from about -4 to 6, both signs of w.
	w, s := testkit.Waves(4, 5), testkit.Sines(4, 5)
	for i := range w.Float64s() {
		w.Float64s()[i] = math.Copysign(0.2+math.Abs(w.Float64s()[i]), w.Float64s()[i])
		s.Float64s()[i] *= 4
	}
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return ops.VariationalRegularizer(in[0], in[1], 0.3)
	}, 1e-6, w, s)
	if err != nil {
		t.Error(err)
	}
	// At a weight of 0 alpha is infinite: nothing to add, and no way to go.
	g := gorgonia.NewGraph()
	zero := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{0, 0})), gorgonia.WithName("w"))
	logs := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{-9, 2})), gorgonia.WithName("s"))
	term := gorgonia.Must(ops.VariationalRegularizer(zero, logs, 1))
	grads, err := gorgonia.Grad(term, zero, logs)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	if got := testkit.Floats(t, term.Value())[0]; got != 0 {
		t.Errorf("want 0, got %v", got)
	}
	for _, d := range grads {
		for _, v := range testkit.Floats(t, d.Value()) {
			if v != 0 {
				t.Errorf("want no gradient, got %v", v)
			}
		}
	}
}

// More weights than are computed at a time: the term is their sum, and each has its own
// gradients.
func TestVariationalRegularizerOfMany(t *testing.T) {
	const n, factor = 1300, 0.25
	r := rand.New(rand.NewPCG(1, 2))
	w, s := make([]float64, n), make([]float64, n)
	for i := range w {
		if w[i], s[i] = r.NormFloat64(), 4*r.NormFloat64(); i%100 == 50 {
			w[i] = 0
		}
	}
	g := gorgonia.NewGraph()
	weights := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking(w)), gorgonia.WithName("w"))
	logs := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking(s)), gorgonia.WithName("s"))
	term := gorgonia.Must(ops.VariationalRegularizer(weights, logs, factor))
	grads, err := gorgonia.Grad(term, weights, logs)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	sigmoid := func(a float64) float64 { return 1 / (1 + math.Exp(-a)) }
	ofWeights, ofLogs := testkit.Floats(t, grads[0].Value()), testkit.Floats(t, grads[1].Value())
	var sum float64
	for i := range w {
		var slope, perWeight float64 // 0 at a weight of 0
		if w[i] != 0 {
			a := s[i] - math.Log(w[i]*w[i])
			u := 1.87320 + 1.48695*a
			sum += 0.63576*sigmoid(-u) + math.Log1p(math.Exp(-a))/2
			slope = -0.63576*1.48695*sigmoid(u)*sigmoid(-u) - sigmoid(-a)/2
			perWeight = -2 * slope / w[i]
		}
		if math.Abs(ofLogs[i]-factor*slope) > 1e-13 || math.Abs(ofWeights[i]-factor*perWeight) > 1e-12*math.Abs(perWeight) {
			t.Fatalf("w %v, s %v: gradients must be %v and %v, got %v and %v", w[i], s[i], factor*perWeight, factor*slope, ofWeights[i], ofLogs[i])
		}
	}
	if got := testkit.Floats(t, term.Value())[0]; math.Abs(got-factor*sum) > 1e-10 {
		t.Errorf("want %v, got %v", factor*sum, got)
	}
}

// 95 % is the rate of the dropout with the variance at which weights are pruned.
func TestLogAlpha(t *testing.T) {
	if got := ops.LogAlpha(-0.5, 1); math.Abs(got-(1-2*math.Log(0.5))) > 1e-12 {
		t.Errorf("want %v, got %v", 1-2*math.Log(0.5), got)
	}
	if got := ops.LogAlpha(0, -3); !math.IsInf(got, 1) {
		t.Errorf("want +Inf, got %v", got)
	}
	if p := math.Exp(3) / (1 + math.Exp(3)); math.Abs(p-0.95) > 0.005 {
		t.Errorf("want 0.95, got %v", p)
	}
}

func TestVariationalRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	turned := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(3, 2), gorgonia.WithName("turned"))
	for _, tt := range []struct {
		a, b   *gorgonia.Node
		factor float64
		want   string
	}{
		{nil, x, 1, "x must be a node of a graph, got none"},
		{x, nil, 1, "must be a node of "},
		{x, turned, 1, "type and shape, float64 (2, 3), got float64 (3, 2)"},
		{x, x, math.NaN(), "ops: VariationalRegularizer: factor must be finite and not negative, got NaN"},
		{x, x, math.Inf(1), "factor must be finite and not negative, got +Inf"},
	} {
		if _, err := ops.VariationalRegularizer(tt.a, tt.b, tt.factor); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
		if tt.factor != 1 {
			continue
		}
		if _, err := ops.VariationalDropout(tt.a, tt.b); err == nil || !strings.HasPrefix(err.Error(), "ops: VariationalDropout: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
}
