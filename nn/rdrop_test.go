package nn_test

import (
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func rdrop(alpha float64, y *tensor.Dense, opts ...nn.RDropOption) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return nn.RDrop(in[0], in[1], gorgonia.NodeFromAny(in[0].Graph(), y, gorgonia.WithName("y")), alpha, opts...)
	}
}

func TestRDropGradients(t *testing.T) {
	for _, alpha := range []float64{0, 0.3, 5} {
		for _, opts := range [][]nn.RDropOption{nil, {nn.WithSum()}, {nn.WithLabelSmoothing(0.1)}} {
			err := gradcheck.Check(rdrop(alpha, testkit.Labels([]int{4}, 0, 2, 1, 2), opts...), 1e-7,
				testkit.ScaledWaves(1, 0, 4, 3), testkit.ScaledWaves(2, 1, 4, 3))
			if err != nil {
				t.Errorf("alpha=%v, %d options: %v", alpha, len(opts), err)
			}
		}
	}
	err := gradcheck.Check(rdrop(1, testkit.Labels([]int{2, 3}, 0, 1, 2, 3, 0, 1)), 1e-7, testkit.ScaledWaves(1, 0, 2, 3, 4), testkit.ScaledWaves(3, 2, 2, 3, 4))
	if err != nil {
		t.Error(err)
	}
	for _, shape := range [][]int{{5, 4}, {2, 150}} { // also more classes than are computed at a time
		err = gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.SymmetricKL(in[0], in[1])
		}, 1e-8, testkit.ScaledWaves(2, 0, shape...), testkit.ScaledWaves(2, 3, shape...))
		if err != nil {
			t.Errorf("shape %v: %v", shape, err)
		}
	}
}

// lossOf runs the loss of two logits once and returns it with both gradients.
func lossOf(t testing.TB, loss func(a, b *gorgonia.Node) (*gorgonia.Node, error), a, b *tensor.Dense) (float64, [2][]float64) {
	t.Helper()
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, a, gorgonia.WithName("a"))
	y := gorgonia.NodeFromAny(g, b, gorgonia.WithName("b"))
	cost, err := loss(x, y)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := gorgonia.Grad(cost, x, y)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	return testkit.Floats(t, cost.Value())[0], [2][]float64{testkit.Floats(t, grads[0].Value()), testkit.Floats(t, grads[1].Value())}
}

// triples is a tensor of a type with the given rows of three classes.
func triples(dt tensor.Dtype, x ...float64) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(len(x)/3, 3), tensor.WithBacking(slices.Clone(x)))
	}
	narrow := make([]float32, len(x))
	for i, v := range x {
		narrow[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(len(x)/3, 3), tensor.WithBacking(narrow))
}

// The value is that of the paper's equations, term by term, whatever constant is
// added to the logits.
func TestRDropValues(t *testing.T) {
	a, b, y := []float64{1, 2, 3, -1, 0, 1}, []float64{0, 2, 1, 2, 0, 0.5}, []int{2, 0}
	softmax := func(x []float64) []float64 {
		p, sum := make([]float64, 3), 0.0
		for k := range p {
			p[k] = math.Exp(x[k])
			sum += p[k]
		}
		for k := range p {
			p[k] /= sum
		}
		return p
	}
	const alpha = 0.7
	var want float64
	for n, label := range y {
		p, q := softmax(a[3*n:3*n+3]), softmax(b[3*n:3*n+3])
		var pq, qp float64
		for k := range p {
			pq += p[k] * math.Log(p[k]/q[k])
			qp += q[k] * math.Log(q[k]/p[k])
		}
		want += (-math.Log(p[label]) - math.Log(q[label]) + alpha*(pq+qp)/2) / 2
	}
	for _, dt := range testkit.Dtypes {
		for _, shift := range []float64{0, 1e4, -1e4} {
			x, z := triples(dt, a...), triples(dt, b...)
			for _, d := range []*tensor.Dense{x, z} {
				for i := range d.DataSize() {
					if dt == tensor.Float32 {
						d.Float32s()[i] += float32(shift)
					} else {
						d.Float64s()[i] += shift
					}
				}
			}
			got, grads := lossOf(t, func(a, b *gorgonia.Node) (*gorgonia.Node, error) {
				return rdrop(alpha, testkit.Labels([]int{2}, y...))([]*gorgonia.Node{a, b})
			}, x, z)
			if math.Abs(got-want) > 1e-6 {
				t.Errorf("%v, shift %v: loss must be %v, got %v", dt, shift, want, got)
			}
			for i, grad := range grads {
				for n := range y {
					if sum := grad[3*n] + grad[3*n+1] + grad[3*n+2]; math.Abs(sum) > 1e-6 {
						t.Errorf("%v, shift %v: gradient %d of example %d must add up to 0, got %v", dt, shift, i, n, sum)
					}
				}
			}
		}
	}
}

// Equal logits diverge by exactly nothing; certain ones that differ stay finite
// in the logits; a class that both exclude does no harm.
func TestSymmetricKLExtremes(t *testing.T) {
	for _, dt := range testkit.Dtypes {
		kl := func(a, b []float64) (float64, [2][]float64) {
			return lossOf(t, func(a, b *gorgonia.Node) (*gorgonia.Node, error) { return nn.SymmetricKL(a, b) }, triples(dt, a...), triples(dt, b...))
		}
		zero := []float64{0, 0, 0}
		for _, row := range [][]float64{{1, 2, 3}, {1e4, -1e4, 0}, {0, math.Inf(-1), 2}} {
			if got, grads := kl(row, row); got != 0 || !slices.Equal(grads[0], zero) || !slices.Equal(grads[1], zero) {
				t.Errorf("%v: equal logits %v diverge by %v with gradients %v", dt, row, got, grads)
			}
		}
		if got, grads := kl([]float64{500, 0, 0}, []float64{0, 500, 0}); math.Abs(got-500) > 1e-3 || slices.ContainsFunc(append(grads[0], grads[1]...), math.IsNaN) {
			t.Errorf("%v: certain logits must diverge by 500, got %v with gradients %v", dt, got, grads)
		}
		if got, _ := kl([]float64{0, 1, math.Inf(-1)}, []float64{0, 1, 2}); !math.IsInf(got, 1) {
			t.Errorf("%v: a class that one excludes must give +Inf, got %v", dt, got)
		}
		if got, _ := kl([]float64{0, math.NaN(), 0}, []float64{0, 1, 2}); !math.IsNaN(got) {
			t.Errorf("%v: NaN must give NaN, got %v", dt, got)
		}
	}
}

// Two passes in one: the batch repeated, each half with masks of its own.
func TestRDropRepeatedBatch(t *testing.T) {
	const batch = 3
	w := testkit.ScaledWaves(1, 0.5, 4, 3)
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		x, err := gorgonia.Concat(0, in[0], in[0])
		if err != nil {
			return nil, err
		}
		if x, err = ops.Dropout(x, 0.5, ops.WithFixedStep(1)); err != nil {
			return nil, err
		}
		out := gorgonia.Must(gorgonia.Mul(x, in[1]))
		first := gorgonia.Must(gorgonia.Slice(out, gorgonia.S(0, batch)))
		second := gorgonia.Must(gorgonia.Slice(out, gorgonia.S(batch, 2*batch)))
		return rdrop(1, testkit.Labels([]int{batch}, 0, 1, 2))([]*gorgonia.Node{first, second})
	}, 1e-6, testkit.ScaledWaves(1, 0, batch, 4), w)
	if err != nil {
		t.Error(err)
	}
}

func TestRDropLispMachine(t *testing.T) {
	a, b := testkit.ScaledWaves(1, 0, 4, 3), testkit.ScaledWaves(2, 1, 4, 3)
	loss := func(a, b *gorgonia.Node) (*gorgonia.Node, error) { return nn.SymmetricKL(a, b, nn.WithSum()) }
	_, want := lossOf(t, loss, a, b)
	g := gorgonia.NewGraph()
	nodes := []*gorgonia.Node{gorgonia.NodeFromAny(g, a, gorgonia.WithName("a")), gorgonia.NodeFromAny(g, b, gorgonia.WithName("b"))}
	gorgonia.Must(loss(nodes[0], nodes[1]))
	m := gorgonia.NewLispMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	for i, n := range nodes {
		grad, err := n.Grad()
		if err != nil {
			t.Fatal(err)
		}
		if got := testkit.Floats(t, grad); !slices.EqualFunc(got, want[i], func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("gradient %d must be %v, got %v", i, want[i], got)
		}
	}
}

func TestRDropRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(fmt.Sprint(dt, shape)))
	}
	x, y := node(tensor.Float64, 2, 3), node(tensor.Int, 2)
	for _, tt := range []struct {
		a, b, y *gorgonia.Node
		alpha   float64
		want    string
	}{
		{x, x, y, -1, "nn: RDrop: alpha must be a number and not negative, got -1"},
		{x, x, y, math.NaN(), "nn: RDrop: alpha must be a number and not negative, got NaN"},
		{x, x, y, math.Inf(1), "nn: RDrop: alpha must be a number and not negative, got +Inf"},
		{nil, x, y, 1, "nn: RDrop: logits must be nodes, got none"},
		{x, nil, y, 1, "nn: RDrop: logits must be nodes, got none"},
		{x, x, nil, 1, "nn: RDrop: nn: SoftmaxCrossEntropy: logits and labels must be nodes, got none"},
		{node(tensor.Float64, 3), x, y, 1, "nn: RDrop: logits must be of float32 or float64 and rank 2 or more, got Vector float64"},
		{x, node(tensor.Float64, 3, 2), y, 1, "nn: RDrop: logits must be of one type and shape, got Matrix float64 (2, 3) and Matrix float64 (3, 2)"},
		{x, node(tensor.Float32, 2, 3), y, 1, "nn: RDrop: logits must be of one type and shape, got Matrix float64 (2, 3) and Matrix float32 (2, 3)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := nn.RDrop(tt.a, tt.b, tt.y, tt.alpha); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
	if _, err := nn.SymmetricKL(x, nil); err == nil || !strings.HasPrefix(err.Error(), "nn: SymmetricKL: logits must be nodes, got none") {
		t.Errorf("want an error about the logits, got %v", err)
	}
	n := gorgonia.Must(nn.SymmetricKL(x, node(tensor.Float64, 2, 3)))
	grad := gorgonia.NewF64(1)
	grads, err := n.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{x, x}, n, gorgonia.NewConstant(1.0))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]gorgonia.Value{
		nil, {nil, nil}, {testkit.Ramp(tensor.Float64, 2, 3), nil}, {testkit.Ramp(tensor.Float64, 2, 3), testkit.Ramp(tensor.Float64, 3, 2)},
		{testkit.Ramp(tensor.Float64, 6), testkit.Ramp(tensor.Float64, 6)}, {testkit.Ramp(tensor.Float64, 2, 3), testkit.Ramp(tensor.Float32, 2, 3)},
	} {
		if _, err := n.Op().Do(bad...); err == nil || !strings.HasPrefix(err.Error(), "nn: SymmetricKL: ") {
			t.Errorf("Do(%v): want an error, got %v", bad, err)
		}
		if _, err := grads[0].Op().Do(append(bad, grad)...); err == nil || !strings.HasPrefix(err.Error(), "nn: SymmetricKL: ") {
			t.Errorf("gradient of %v: want an error, got %v", bad, err)
		}
	}
}

// The divergence is symmetric, not negative, the same in both types within
// rounding, and its gradients add up to nothing over the classes.
func TestSymmetricKLProperties(t *testing.T) {
	kl := func(a, b *gorgonia.Node) (*gorgonia.Node, error) { return nn.SymmetricKL(a, b) }
	rapid.Check(t, func(rt *rapid.T) {
		n := 3 * rapid.IntRange(1, 4).Draw(rt, "rows")
		logit := rapid.Float64Range(-20, 20)
		a, b := rapid.SliceOfN(logit, n, n).Draw(rt, "a"), rapid.SliceOfN(logit, n, n).Draw(rt, "b")
		there, grads := lossOf(t, kl, triples(tensor.Float64, a...), triples(tensor.Float64, b...))
		back, swapped := lossOf(t, kl, triples(tensor.Float64, b...), triples(tensor.Float64, a...))
		narrow, narrowGrads := lossOf(t, kl, triples(tensor.Float32, a...), triples(tensor.Float32, b...))
		if there < 0 || math.Abs(there-back) > 1e-12*max(1, there) || math.Abs(there-narrow) > 1e-4 {
			rt.Fatalf("divergences are %v, %v and, in float32, %v", there, back, narrow)
		}
		for i, grad := range grads {
			var sum float64
			for k, v := range grad {
				if sum += v; math.Abs(v-swapped[1-i][k]) > 1e-12 || math.Abs(v-narrowGrads[i][k]) > 1e-4 {
					rt.Fatalf("gradient %d, element %d: %v, %v and, in float32, %v", i, k, v, swapped[1-i][k], narrowGrads[i][k])
				}
			}
			if math.Abs(sum) > 1e-10 {
				rt.Fatalf("gradient %d adds up to %v", i, sum)
			}
		}
	})
}

// Two passes of a batch in one: the batch is repeated, and the rows of the second
// half have masks of their own.
func ExampleRDrop() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 2, 3, 3, 2, 1})), gorgonia.WithName("x"))
	w := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 0, 0, 1, -1, 1})), gorgonia.WithName("w"))
	labels := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]int{1, 0})), gorgonia.WithName("labels"))

	twice := gorgonia.Must(gorgonia.Concat(0, x, x))
	logits := gorgonia.Must(gorgonia.Mul(gorgonia.Must(ops.Dropout(twice, 0.5, ops.WithSeed(1))), w))
	first := gorgonia.Must(gorgonia.Slice(logits, gorgonia.S(0, 2)))
	second := gorgonia.Must(gorgonia.Slice(logits, gorgonia.S(2, 4)))
	loss, err := nn.RDrop(first, second, labels, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := gorgonia.Grad(loss, w); err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", loss.Value().Data())
	// Output:
	// 4.1126
}
