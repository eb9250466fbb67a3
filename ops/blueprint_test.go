package ops_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// blueprint adds nodes to a graph and fails the test where that fails.
type blueprint struct {
	t *testing.T
	g *gorgonia.ExprGraph
}

func (b blueprint) node(name string, shape ...int) *gorgonia.Node {
	return gorgonia.NewTensor(b.g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

func (b blueprint) must(n *gorgonia.Node, err error) *gorgonia.Node {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// linear is x·w + b.
func (b blueprint) linear(x *gorgonia.Node, name string, out int) *gorgonia.Node {
	y := b.must(gorgonia.Mul(x, b.node(name+".weight", x.Shape()[1], out)))
	return b.must(gorgonia.BroadcastAdd(y, b.node(name+".bias", out), nil, []byte{0}))
}

func (b blueprint) conv(x *gorgonia.Node, name string, maps int) *gorgonia.Node {
	w := b.node(name, maps, x.Shape()[1], 3, 3)
	return b.must(gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
}

func (b blueprint) batchNorm(x *gorgonia.Node) *gorgonia.Node {
	scale, bias := b.node("scale", x.Shape()...), b.node("shift", x.Shape()...)
	y, _, _, _, err := gorgonia.BatchNorm(x, scale, bias, 0.1, 1e-5)
	return b.must(y, err)
}

func (b blueprint) ourBatchNorm(x *gorgonia.Node) *gorgonia.Node {
	running, err := nn.NewRunningStats(tensor.Float64, x.Shape()[1])
	if err != nil {
		b.t.Fatal(err)
	}
	return b.must(nn.BatchNorm(x, b.node("gamma", x.Shape()[1]), b.node("beta", x.Shape()[1]), running))
}

// ourLinear is a layer of weights of this module.
func (b blueprint) ourLinear(x *gorgonia.Node, out int) *gorgonia.Node {
	return b.must(nn.Dense(x, b.node("weight", x.Shape()[1], out), nil, nn.ActivationNone))
}

// lstm is a recurrent layer of 3 units.
func (b blueprint) lstm(x *gorgonia.Node, noise nn.RecurrentNoise, opts ...ops.StreamOption) *gorgonia.Node {
	return b.must(nn.LSTM(x, b.node("wih", 12, x.Shape()[2]), b.node("whh", 12, 3), b.node("bih", 12), b.node("bhh", 12), noise, opts...))
}

func (b blueprint) loss(x *gorgonia.Node) *gorgonia.Node {
	y := gorgonia.NewVector(b.g, tensor.Int, gorgonia.WithShape(x.Shape()[0]), gorgonia.WithName("y"))
	return b.must(nn.SoftmaxCrossEntropy(x, y))
}

func (b blueprint) drop(x *gorgonia.Node, p float64, opts ...ops.Option) *gorgonia.Node {
	b.t.Helper()
	return b.must(ops.Dropout(x, p, opts...))
}

func (b blueprint) relu(x *gorgonia.Node) *gorgonia.Node { return b.must(gorgonia.Rectify(x)) }
