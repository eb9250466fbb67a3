package nn_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// lossAt runs a loss of inputs of float64 and returns it with its gradients.
func lossAt(t testing.TB, f gradcheck.Graph, in ...*tensor.Dense) (y []float64, grads [][]float64, err error) {
	t.Helper()
	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	for i, v := range in {
		nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(string(rune('a'+i)))))
	}
	loss, err := f(nodes)
	if err != nil {
		t.Fatal(err)
	}
	cost := loss
	if !loss.IsScalar() {
		cost = gorgonia.Must(gorgonia.Sum(loss))
	}
	dx, err := gorgonia.Grad(cost, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	var value gorgonia.Value
	gorgonia.Read(loss, &value)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		return nil, nil, err
	}
	for _, d := range dx {
		grads = append(grads, testkit.Floats(t, d.Value()))
	}
	return testkit.Floats(t, value), grads, nil
}

// fixedTo is a loss of one input with targets that have no gradient, and options.
func fixedTo[O any](f func(x, target *gorgonia.Node, opts ...O) (*gorgonia.Node, error), target *tensor.Dense, opts ...O) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return f(in[0], gorgonia.NodeFromAny(in[0].Graph(), target, gorgonia.WithName("target")), opts...)
	}
}

func focal(gamma float64) func(x, target *gorgonia.Node, opts ...nn.FocalOption) (*gorgonia.Node, error) {
	return func(x, target *gorgonia.Node, opts ...nn.FocalOption) (*gorgonia.Node, error) {
		return nn.Focal(x, target, gamma, opts...)
	}
}

// Logits and errors of any size give what mathematics says, where a chain of
// exponential and logarithm would not.
func TestLossExtremes(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	at := func(x ...float64) *tensor.Dense { return dense([]int{len(x)}, x...) }
	q, tiny := 1/(1+math.Exp(20)), math.Log1p(math.Exp(-20)) // 1-p and -log(p) of a logit of 20
	for name, c := range map[string]struct {
		f     gradcheck.Graph
		x     *tensor.Dense
		loss  float64
		slope float64 // of the first element
	}{
		"BCE of a right large logit":      {fixedTo(nn.BCEWithLogits, at(1)), at(1e4), 0, 0},
		"BCE of a wrong large logit":      {fixedTo(nn.BCEWithLogits, at(0)), at(1e4), 1e4, 1},
		"BCE of a small loss":             {fixedTo(nn.BCEWithLogits, at(1)), at(50), math.Exp(-50), -math.Exp(-50)},
		"BCE of a small loss of 0":        {fixedTo(nn.BCEWithLogits, at(0)), at(-50), math.Exp(-50), math.Exp(-50)},
		"BCE of a right infinity":         {fixedTo(nn.BCEWithLogits, at(1)), at(inf), 0, 0},
		"BCE of a wrong infinity":         {fixedTo(nn.BCEWithLogits, at(1)), at(-inf), inf, -1},
		"BCE of NaN":                      {fixedTo(nn.BCEWithLogits, at(1)), at(nan), nan, nan},
		"focal of a right large logit":    {fixedTo(focal(2), at(0)), at(-1e4), 0, 0},
		"focal of a wrong large logit":    {fixedTo(focal(2), at(1)), at(-1e4), 1e4, -1},
		"focal of a small loss":           {fixedTo(focal(2), at(1)), at(20), q * q * tiny, -q * q * (2*(1-q)*tiny + q)},
		"focal of a right infinity":       {fixedTo(focal(2), at(1)), at(inf), 0, 0},
		"focal of NaN":                    {fixedTo(focal(2), at(1)), at(nan), nan, nan},
		"focal without a weight":          {fixedTo(focal(2), at(1), nn.WithAlpha(0)), at(-inf), 0, 0},
		"MSE of a large error":            {fixedTo(nn.MSE, at(-1e100)), at(1e100), 4e200, 4e100},
		"MAE at the target":               {fixedTo(nn.MAE, at(2)), at(2), 0, 0},
		"MAE of NaN":                      {fixedTo(nn.MAE, at(nan)), at(2), nan, nan},
		"CE of large logits":              {fixedTo(nn.SoftmaxCrossEntropy, dense([]int{1, 2}, 1, 0)), dense([]int{1, 2}, 1e4, -1e4), 0, 0},
		"CE of a class that is excluded":  {fixedTo(nn.SoftmaxCrossEntropy, dense([]int{1, 3}, 0.5, 0.5, 0)), dense([]int{1, 3}, 0, 0, -inf), math.Ln2, 0},
		"KL of a class that is excluded":  {fixedTo(nn.KLDiv, dense([]int{1, 3}, 0.5, 0.5, 0)), dense([]int{1, 3}, 0, 0, -inf), 0, 0},
		"KL of what is excluded wrongly":  {fixedTo(nn.KLDiv, dense([]int{1, 2}, 0.5, 0.5)), dense([]int{1, 2}, 0, -inf), inf, 0.5},
		"KL of equals":                    {fixedTo(nn.KLDiv, dense([]int{1, 2}, 0.5, 0.5)), dense([]int{1, 2}, 0, 0), 0, 0},
		"CE of one class":                 {fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{2}, 0, 0)), dense([]int{2, 1}, 7, -7), 0, 0},
		"CE of a class without weight":    {fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{1}, 1), nn.WithClassWeights(1, 0)), dense([]int{1, 2}, 3, 0), 0, 0},
		"CE of ignored labels alone":      {fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{2}, -1, -1), nn.WithIgnoreIndex(-1)), dense([]int{2, 2}, nan, 0, 1, inf), 0, 0},
		"CE of no probability of a class": {fixedTo(nn.SoftmaxCrossEntropy, dense([]int{1, 2}, 0, 0)), dense([]int{1, 2}, 3, 4), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			y, grads, err := lossAt(t, c.f, c.x)
			if err != nil {
				t.Fatal(err)
			}
			close := func(what string, got, want float64) {
				if math.IsNaN(got) && math.IsNaN(want) || got == want {
					return
				}
				if !(math.Abs(got-want) <= 1e-12*math.Abs(want)) {
					t.Errorf("%s must be %v, got %v", what, want, got)
				}
			}
			close("loss", y[0], c.loss)
			close("gradient", grads[0][0], c.slope)
		})
	}
}

// A variance of any size is no trouble, and an error of 0 is none at any precision.
func TestGaussianNLLExtremes(t *testing.T) {
	f := func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.GaussianNLL(in[0], in[1], in[2]) }
	half := math.Log(2*math.Pi) / 2
	for _, c := range []struct{ mean, logVariance, target, loss, dmean, dvariance float64 }{
		{1, 0, 1, half, 0, 0.5},
		{0, 0, 2, half + 2, -2, 0.5 - 2},
		{3, 2000, 1, half + 1000, 0, 0.5},
		{3, -2000, 3, half - 1000, 0, 0.5},
		{3, -2000, 1, math.Inf(1), math.Inf(1), math.Inf(-1)},
		{3, math.NaN(), 3, math.NaN(), math.NaN(), math.NaN()},
	} {
		y, grads, err := lossAt(t, f, dense([]int{1}, c.mean), dense([]int{1}, c.logVariance), dense([]int{1}, c.target))
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "loss", y, []float64{c.loss}, 1e-12)
		testkit.Near(t, "gradient of the mean", grads[0], []float64{c.dmean}, 1e-12)
		testkit.Near(t, "gradient of the log variance", grads[1], []float64{c.dvariance}, 1e-12)
		testkit.Near(t, "gradient of the target", grads[2], []float64{-c.dmean}, 1e-12)
	}
}

// What a mask leaves out changes nothing, whatever it holds, and without it the loss
// and its gradient are those of the rest alone.
func TestLossesLeaveOutWeightZero(t *testing.T) {
	nan := math.NaN()
	full := dense([]int{2, 2}, 1, nan, -2, math.Inf(1))
	rest := dense([]int{2}, 1, -2)
	mask := dense([]int{2, 2}, 1, 0, 1, 0)
	masked := func(f func(x *gorgonia.Node, w nn.LossOption) (*gorgonia.Node, error)) gradcheck.Graph {
		return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return f(in[0], nn.WithWeights(gorgonia.NodeFromAny(in[0].Graph(), mask, gorgonia.WithName("mask"))))
		}
	}
	bad, good := dense([]int{2, 2}, 1, nan, 0, -7), dense([]int{2}, 1, 0)
	target := func(x *gorgonia.Node) *gorgonia.Node {
		return gorgonia.NodeFromAny(x.Graph(), bad, gorgonia.WithName("target"))
	}
	for name, c := range map[string]struct {
		of    func(x *gorgonia.Node, w nn.LossOption) (*gorgonia.Node, error)
		alone gradcheck.Graph
	}{
		"MSE": {func(x *gorgonia.Node, w nn.LossOption) (*gorgonia.Node, error) { return nn.MSE(x, target(x), w) }, fixedTo(nn.MSE, good)},
		"BCE": {func(x *gorgonia.Node, w nn.LossOption) (*gorgonia.Node, error) {
			return nn.BCEWithLogits(x, target(x), w)
		}, fixedTo(nn.BCEWithLogits, good)},
		"focal": {func(x *gorgonia.Node, w nn.LossOption) (*gorgonia.Node, error) { return nn.Focal(x, target(x), 2, w) }, fixedTo(focal(2), good)},
	} {
		t.Run(name, func(t *testing.T) {
			y, grads, err := lossAt(t, masked(c.of), full)
			if err != nil {
				t.Fatal(err)
			}
			want, slopes, err := lossAt(t, c.alone, rest)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Near(t, "loss", y, want, 0)
			testkit.Near(t, "gradient", grads[0], []float64{slopes[0][0], 0, slopes[0][1], 0}, 0)
		})
	}
	logits := dense([]int{3, 2}, 1, 2, nan, 0, 3, -1)
	labels := testkit.Labels([]int{3}, 0, 99, 1)
	y, grads, err := lossAt(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		w := gorgonia.NodeFromAny(in[0].Graph(), dense([]int{3}, 2, 0, 2), gorgonia.WithName("w"))
		return nn.SoftmaxCrossEntropy(in[0], classNode(in[0], labels), nn.WithWeights(w))
	}, logits)
	if err != nil {
		t.Fatal(err)
	}
	want, slopes, err := lossAt(t, fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{2}, 0, 1)), dense([]int{2, 2}, 1, 2, 3, -1))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "cross-entropy", y, want, 1e-15)
	testkit.Near(t, "its gradient", grads[0], []float64{slopes[0][0], slopes[0][1], 0, 0, slopes[0][2], slopes[0][3]}, 1e-15)
}

// The mean over no weight at all is 0, and so is its gradient.
func TestLossWithoutAnyWeight(t *testing.T) {
	for _, reduce := range []nn.LossOption{nn.WithWeights(nil), nn.WithSum(), nn.WithoutReduction()} {
		y, grads, err := lossAt(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			w := gorgonia.NodeFromAny(in[0].Graph(), dense([]int{2}, 0, 0), gorgonia.WithName("w"))
			return nn.MSE(in[0], in[1], reduce, nn.WithWeights(w))
		}, dense([]int{2}, 3, math.NaN()), dense([]int{2}, 1, 1))
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "loss", y, make([]float64, len(y)), 0)
		testkit.Near(t, "gradient", grads[0], []float64{0, 0}, 0)
		testkit.Near(t, "gradient of the target", grads[1], []float64{0, 0}, 0)
	}
}

// Losses say when they are built what does not fit.
func TestLossesReject(t *testing.T) {
	g := gorgonia.NewGraph()
	node := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	x, short := node("x", tensor.Float64, 2, 3), node("short", tensor.Float64, 2, 1)
	empty, scalar := node("empty", tensor.Float64, 0, 3), gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("scalar"))
	labels, w := node("labels", tensor.Int, 2), node("w", tensor.Float64, 3)
	nan := math.NaN()
	for want, build := range map[string]func() (*gorgonia.Node, error){
		"nn: MSE: target must have the shape (2, 3) of x, got (2, 1)":                                   func() (*gorgonia.Node, error) { return nn.MSE(x, short) },
		"nn: MSE: x must be a node of a graph, got none":                                                func() (*gorgonia.Node, error) { return nn.MSE(nil, x) },
		"nn: MSE: target must be a node of a graph, got none":                                           func() (*gorgonia.Node, error) { return nn.MSE(x, nil) },
		"nn: MSE: x must have rank 1 or more, got shape ()":                                             func() (*gorgonia.Node, error) { return nn.MSE(scalar, scalar) },
		"nn: MAE: x must have elements, got shape (0, 3)":                                               func() (*gorgonia.Node, error) { return nn.MAE(empty, empty) },
		"nn: MAE: target must be of float64 as the inputs before it, got float32":                       func() (*gorgonia.Node, error) { return nn.MAE(x, node("f", tensor.Float32, 2, 3)) },
		"nn: MAE: target must be of float32 or float64, got int":                                        func() (*gorgonia.Node, error) { return nn.MAE(x, node("i", tensor.Int, 2, 3)) },
		"nn: MSE: weights must have the shape (2, 3) of the examples or of their leading axes, got (3)": func() (*gorgonia.Node, error) { return nn.MSE(x, x, nn.WithWeights(w)) },
		"nn: MSE: weights must be a node of a graph, got none":                                          func() (*gorgonia.Node, error) { return nn.MSE(x, x, nn.WithWeights(nil)) },
		"nn: MSE: weights must have rank 1, got shape ()":                                               func() (*gorgonia.Node, error) { return nn.MSE(x, x, nn.WithWeights(scalar)) },
		"nn: Huber: delta must be positive and finite, got 0":                                           func() (*gorgonia.Node, error) { return nn.Huber(x, x, 0) },
		"nn: Huber: delta must be positive and finite, got NaN":                                         func() (*gorgonia.Node, error) { return nn.Huber(x, x, nan) },
		"nn: Huber: delta must be positive and finite, got +Inf":                                        func() (*gorgonia.Node, error) { return nn.Huber(x, x, math.Inf(1)) },
		"nn: GaussianNLL: log variance must have the shape (2, 3) of mean, got (2, 1)":                  func() (*gorgonia.Node, error) { return nn.GaussianNLL(x, short, x) },
		"nn: BCEWithLogits: there must be one weight of positives or one for each of 3 classes, got 2":  func() (*gorgonia.Node, error) { return nn.BCEWithLogits(x, x, nn.WithPosWeight(1, 2)) },
		"nn: BCEWithLogits: there must be a weight of positives, got none":                              func() (*gorgonia.Node, error) { return nn.BCEWithLogits(x, x, nn.WithPosWeight()) },
		"nn: BCEWithLogits: weight of positives must be finite and not negative, got -1":                func() (*gorgonia.Node, error) { return nn.BCEWithLogits(x, x, nn.WithPosWeight(-1)) },
		"nn: BCEWithLogits: targets must have the shape (2, 3) of logits, got (2, 1)":                   func() (*gorgonia.Node, error) { return nn.BCEWithLogits(x, short) },
		"nn: Focal: gamma must be finite and not negative, got -1":                                      func() (*gorgonia.Node, error) { return nn.Focal(x, x, -1) },
		"nn: Focal: alpha must be in [0, 1], got NaN":                                                   func() (*gorgonia.Node, error) { return nn.Focal(x, x, 2, nn.WithAlpha(nan)) },
		"nn: KLDiv: target must be probabilities, got labels of Vector int":                             func() (*gorgonia.Node, error) { return nn.KLDiv(x, labels) },
		"nn: KLDiv: logits and labels must be nodes, got none":                                          func() (*gorgonia.Node, error) { return nn.KLDiv(x, nil) },
		"nn: SoftmaxCrossEntropy: there must be a weight for each of 3 classes, got 0":                  func() (*gorgonia.Node, error) { return nn.SoftmaxCrossEntropy(x, labels, nn.WithClassWeights()) },
		"nn: SoftmaxCrossEntropy: weight of a class must be finite and not negative, got NaN": func() (*gorgonia.Node, error) {
			return nn.SoftmaxCrossEntropy(x, labels, nn.WithClassWeights(1, nan, 1))
		},
		"nn: SoftmaxCrossEntropy: labels must be of int where one is ignored, got probabilities to":       func() (*gorgonia.Node, error) { return nn.SoftmaxCrossEntropy(x, x, nn.WithIgnoreIndex(3)) },
		"nn: SoftmaxCrossEntropy: weights must have the shape (2) of the examples or of their leading ax": func() (*gorgonia.Node, error) { return nn.SoftmaxCrossEntropy(x, labels, nn.WithWeights(w)) },
		"nn: SoftmaxCrossEntropy: logits must have elements, got shape (0, 3)":                            func() (*gorgonia.Node, error) { return nn.SoftmaxCrossEntropy(empty, node("none", tensor.Int, 0)) },
	} {
		y, err := build()
		testkit.Rejects(t, err, want)
		if y != nil {
			t.Errorf("%s: got a node beside the error", want)
		}
	}
}

// What is wrong in a batch names its example when the graph runs.
func TestLossesRejectBatches(t *testing.T) {
	weighted := func(w ...float64) gradcheck.Graph {
		return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			return nn.MSE(in[0], in[0], nn.WithWeights(gorgonia.NodeFromAny(in[0].Graph(), dense([]int{2, 2}, w...), gorgonia.WithName("w"))))
		}
	}
	for want, f := range map[string]gradcheck.Graph{
		"nn: BCEWithLogits: example 1: target 0 must be in [0, 1], got 2":                                                        fixedTo(nn.BCEWithLogits, dense([]int{2, 2}, 0, 1, 2, 0)),
		"nn: BCEWithLogits: example 0: target 1 must be in [0, 1], got NaN":                                                      fixedTo(nn.BCEWithLogits, dense([]int{2, 2}, 0, math.NaN(), 2, 0)),
		"nn: Focal: example 1: target 1 must be 0 or 1, got 0.5":                                                                 fixedTo(focal(2), dense([]int{2, 2}, 0, 1, 1, 0.5)),
		"nn: KLDiv: example 1: label must have a probability of class 0 that is finite and not negative, got -0.5":               fixedTo(nn.KLDiv, dense([]int{2, 2}, 0, 1, -0.5, 1.5)),
		"nn: SoftmaxCrossEntropy: example 0: label must have a probability of class 1 that is finite and not negative, got +Inf": fixedTo(nn.SoftmaxCrossEntropy, dense([]int{2, 2}, 0, math.Inf(1), 0, 1)),
		"nn: SoftmaxCrossEntropy: example 1: label must be in [0, 2), got -100":                                                  fixedTo(nn.SoftmaxCrossEntropy, testkit.Labels([]int{2}, -7, -100), nn.WithIgnoreIndex(-7)),
		"nn: MSE: example 1: weight 0 must be finite and not negative, got -1":                                                   weighted(1, 1, -1, 1),
		"nn: MSE: example 0: weight 1 must be finite and not negative, got NaN":                                                  weighted(1, math.NaN(), -1, 1),
		"nn: MSE: example 1: weight 1 must be finite and not negative, got +Inf":                                                 weighted(1, 1, 1, math.Inf(1)),
	} {
		_, _, err := lossAt(t, f, dense([]int{2, 2}, 1, 2, 3, 4))
		testkit.Rejects(t, err, want)
	}
}

// Two losses whose settings differ are two, in one graph.
func TestLossesAreToldApart(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, dense([]int{1, 2}, 3, 1), gorgonia.WithName("x"))
	zero := gorgonia.NodeFromAny(g, dense([]int{1, 2}, 0, 1), gorgonia.WithName("zero"))
	w := gorgonia.NodeFromAny(g, dense([]int{1}, 2), gorgonia.WithName("w"))
	labels := gorgonia.NodeFromAny(g, testkit.Labels([]int{1}, 1), gorgonia.WithName("labels"))
	must := func(n *gorgonia.Node, err error) *gorgonia.Node {
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	seen := make(map[string]bool)
	for i, n := range []*gorgonia.Node{
		must(nn.MSE(x, zero)), must(nn.MSE(x, zero, nn.WithSum())), must(nn.MSE(x, zero, nn.WithoutReduction())), must(nn.MSE(x, zero, nn.WithWeights(w))),
		must(nn.MAE(x, zero)), must(nn.Huber(x, zero, 1)), must(nn.Huber(x, zero, 2)), must(nn.BCEWithLogits(x, zero)), must(nn.BCEWithLogits(x, zero, nn.WithPosWeight(2))),
		must(nn.Focal(x, zero, 2)), must(nn.Focal(x, zero, 1)), must(nn.Focal(x, zero, 2, nn.WithAlpha(0.5))), must(nn.KLDiv(x, zero)), must(nn.KLDiv(x, zero, nn.WithSum())),
		must(nn.SoftmaxCrossEntropy(x, zero)), must(nn.SoftmaxCrossEntropy(x, labels)), must(nn.SoftmaxCrossEntropy(x, labels, nn.WithClassWeights(1, 2))),
		must(nn.SoftmaxCrossEntropy(x, labels, nn.WithIgnoreIndex(1))), must(nn.SoftmaxCrossEntropy(x, labels, nn.WithIgnoreIndex(2))), must(nn.SoftmaxCrossEntropy(x, labels, nn.WithoutReduction())),
		must(nn.SymmetricKL(x, zero)), must(nn.SymmetricKL(x, zero, nn.WithoutReduction())),
	} {
		if s := n.Op().String(); seen[s] {
			t.Errorf("node %d: %s is there twice", i, s)
		} else {
			seen[s] = true
		}
	}
}
