package nn_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// Ops of any settings and any shapes are built, or say what is wrong; what is built
// runs forward and backward with an output of the shape that was inferred, or says so.
func TestOpsOfExtremes(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64(), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -1, math.SmallestNonzeroFloat64, math.Copysign(0, -1), 0, 1,
	}))
	whole := rapid.OneOf(rapid.IntRange(-1, 6), rapid.Int(), rapid.SampledFrom([]int{math.MaxInt, math.MinInt, 1 << 32, 1 << 62}))
	names := []string{"SelfAttention", "CausalSelfAttention", "LSTM", "GRU", "LayerNorm", "MatMul"}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "op")
		g := gorgonia.NewGraph()
		input := func(label string, usual ...int) *gorgonia.Node {
			shape := slices.Clone(usual)
			// One size in some is another, so that most shapes fit and each misfit is met.
			if rapid.IntRange(0, 7).Draw(t, label+" odd") == 0 {
				shape[rapid.IntRange(0, len(shape)-1).Draw(t, label+" axis")] = rapid.IntRange(1, 7).Draw(t, label+" size")
			}
			dt := tensor.Float64
			if rapid.IntRange(0, 15).Draw(t, label+" narrow") == 0 {
				dt = tensor.Float32
			}
			return gorgonia.NodeFromAny(g, testkit.Wave(dt, 1, shape...), gorgonia.WithName(label))
		}
		p, q := number.Draw(t, "p"), number.Draw(t, "q")
		stream := ops.WithStream(ops.WithMode(ops.Mode(rapid.IntRange(0, 4).Draw(t, "mode"))),
			ops.WithFixedStep(rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}).Draw(t, "step")))
		var inputs gorgonia.Nodes
		var y *gorgonia.Node
		var err error
		switch name {
		case "SelfAttention", "CausalSelfAttention":
			inputs = gorgonia.Nodes{input("qkv", 2, 3, 12)}
			f := nn.SelfAttention
			if name != "SelfAttention" {
				f = nn.CausalSelfAttention
			}
			y, err = f(inputs[0], whole.Draw(t, "heads"), p, stream)
		case "LSTM", "GRU":
			f, gates := nn.LSTM, 4
			if name == "GRU" {
				f, gates = nn.GRU, 3
			}
			inputs = gorgonia.Nodes{input("x", 2, 3, 4), input("wih", gates*2, 4), input("whh", gates*2, 2), input("bih", gates*2), input("bhh", gates*2)}
			noise := nn.RecurrentNoise{Dropout: p, ZoneoutHidden: q}
			if name == "LSTM" {
				noise.ZoneoutCell = number.Draw(t, "cell")
			}
			y, err = f(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], noise, stream)
		case "LayerNorm":
			inputs = gorgonia.Nodes{input("x", 2, 3, 4), input("gamma", 4), input("beta", 4)}
			y, err = nn.LayerNorm(inputs[0], inputs[1], inputs[2], p)
		case "MatMul":
			var opts []nn.MatMulOption
			a, b := []int{2, 3, 4}, []int{2, 4, 5}
			if rapid.Bool().Draw(t, "transposed a") {
				opts, a = append(opts, nn.WithTransposedA()), []int{2, 4, 3}
			}
			if rapid.Bool().Draw(t, "transposed b") {
				opts, b = append(opts, nn.WithTransposedB()), []int{2, 5, 4}
			}
			if rapid.Bool().Draw(t, "one matrix") {
				b = b[1:]
			}
			inputs = gorgonia.Nodes{input("a", a...), input("b", b...)}
			y, err = nn.MatMul(inputs[0], inputs[1], opts...)
		}
		if err != nil {
			if y != nil {
				t.Fatalf("%s is a node and the error %v", name, err)
			}
			return
		}
		run(t, g, y, inputs)
	})
}

// Ops on images, of any settings, are built and run, or say what is wrong.
func TestImagesOfExtremes(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64(), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1), 1,
	}))
	whole := rapid.OneOf(rapid.IntRange(-2, 9), rapid.Int(), rapid.SampledFrom([]int{
		math.MaxInt, math.MinInt, math.MaxInt32, math.MinInt32, 1 << 31, 1 << 32, 1 << 33, 1 << 62,
	}))
	rapid.Check(t, func(t *rapid.T) {
		p, q := number.Draw(t, "p"), number.Draw(t, "q")
		n, k := whole.Draw(t, "n"), whole.Draw(t, "k")
		window := []nn.WindowOption{nn.WithStride(n), nn.WithPadding(k), nn.WithDilation(1, max(1, n))}
		builds := map[string]func(x *gorgonia.Node) (*gorgonia.Node, error){
			"LeakyReLU":        func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.LeakyReLU(x, p) },
			"Unflatten":        func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Unflatten(x, n, k) },
			"MaxPool2d":        func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MaxPool2d(x, 2, nn.WithStride(n)) },
			"MaxPool2d kernel": func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MaxPool2d(x, n) },
			"window":           func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.MaxPool2d(x, 2, window...) },
			"Sequences":        func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Sequences(gorgonia.Must(nn.Flatten(x)), n) },
			"AvgPool2d": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return nn.AvgPool2d(x, min(n, 3), nn.WithStride(max(1, n)))
			},
			"SymmetricKL": func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.SymmetricKL(x, x) },
			"SoftmaxCrossEntropy": func(x *gorgonia.Node) (*gorgonia.Node, error) {
				return nn.SoftmaxCrossEntropy(x, x, nn.WithLabelSmoothing(p), nn.WithClassWeights(q))
			},
			"Huber":         func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Huber(x, x, p) },
			"BCEWithLogits": func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.BCEWithLogits(x, x, nn.WithPosWeight(p, q)) },
			"Focal":         func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Focal(x, x, p, nn.WithAlpha(q)) },
		}
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(builds))).Draw(t, "op")
		g := gorgonia.NewGraph()
		x := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float32, 1, 2, 2, 3, 3), gorgonia.WithName("x"))
		y, err := builds[name](x)
		if err != nil {
			return
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		if err := m.RunAll(); err == nil && y.Value() == nil {
			t.Fatalf("%s has no value", name)
		}
	})
}

// run runs y and its gradient, and fails where the output has another shape than its
// node.
func run(t *rapid.T, g *gorgonia.ExprGraph, y *gorgonia.Node, inputs gorgonia.Nodes) {
	cost, err := gorgonia.Sum(y)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gorgonia.Grad(cost, inputs...); err != nil {
		t.Fatal(err)
	}
	var got gorgonia.Value
	gorgonia.Read(y, &got)
	m := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(inputs...))
	defer m.Close()
	if err := m.RunAll(); err != nil {
		return
	}
	if !got.Shape().Eq(y.Shape()) {
		t.Fatalf("output must have shape %v, got %v", y.Shape(), got.Shape())
	}
}
