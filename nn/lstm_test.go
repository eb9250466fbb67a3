package nn_test

import (
	"fmt"
	"log"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// One op runs an LSTM over sequences of ten times, with recurrent dropout and
// zoneout in training.
func ExampleLSTM() {
	const n, times, features, units = 4, 10, 3, 8
	g := gorgonia.NewGraph()
	param := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...),
			gorgonia.WithName(name), gorgonia.WithInit(gorgonia.Uniform(-0.3, 0.3)))
	}
	x := param("x", n, times, features)
	wih, whh := param("weight_ih", 4*units, features), param("weight_hh", 4*units, units)
	bih, bhh := param("bias_ih", 4*units), param("bias_hh", 4*units)

	h, err := nn.LSTM(x, wih, whh, bih, bhh, nn.RecurrentNoise{Dropout: 0.25, ZoneoutCell: 0.5})
	if err != nil {
		log.Fatal(err)
	}
	cost := gorgonia.Must(gorgonia.Sum(h))
	grads, err := gorgonia.Grad(cost, wih, whh, bih, bhh)
	if err != nil {
		log.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("hidden states:", h.Shape())
	fmt.Println("gradient of the recurrent weights:", grads[1].Shape())
	// Output:
	// hidden states: (4, 10, 8)
	// gradient of the recurrent weights: (32, 8)
}

func TestLSTM(t *testing.T) {
	for _, s := range [][4]int{{3, 4, 2, 5}, {1, 1, 1, 1}, {2, 1, 3, 2}, {1, 6, 1, 3}} {
		testkit.CheckFunction(t, recurrentOp(nn.LSTM).graph(nn.RecurrentNoise{}), recurrentShapes(4, s[0], s[1], s[2], s[3])...)
	}
}

func BenchmarkLSTM(b *testing.B) {
	const n, times, depth, units = 32, 64, 128, 256
	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	for i, s := range recurrentShapes(4, n, times, depth, units) {
		v := testkit.Wave(tensor.Float32, float64(i), s...)
		if i > 0 {
			for j := range v.Float32s() {
				v.Float32s()[j] /= 16
			}
		}
		nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint(i))))
	}
	y := gorgonia.Must(recurrentOp(nn.LSTM).graph(nn.RecurrentNoise{})(nodes))
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y)))), nodes...); err != nil {
		b.Fatal(err)
	}
	ops.ReuseMemory(g)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	for b.Loop() {
		testkit.Run(b, m)
	}
}

// unrolledLSTM is LSTM of Gorgonia's own ops, over a node for each time: the
// weights of each gate are nodes of their own too, since slices of nodes have
// gradients that Gorgonia makes slowly.
func unrolledLSTM(x []*gorgonia.Node, wih, whh, bias [4]*gorgonia.Node, start *gorgonia.Node) (h *gorgonia.Node, err error) {
	h, c := start, start
	for _, xt := range x {
		var gates [4]*gorgonia.Node
		for k := range gates {
			if gates[k], err = gorgonia.Add(gorgonia.Must(gorgonia.Mul(xt, wih[k])), gorgonia.Must(gorgonia.Mul(h, whh[k]))); err != nil {
				return nil, err
			}
			if gates[k], err = gorgonia.BroadcastAdd(gates[k], bias[k], nil, []byte{0}); err != nil {
				return nil, err
			}
			squash := gorgonia.Sigmoid
			if k == 2 {
				squash = gorgonia.Tanh
			}
			if gates[k], err = squash(gates[k]); err != nil {
				return nil, err
			}
		}
		c = gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.HadamardProd(gates[1], c)), gorgonia.Must(gorgonia.HadamardProd(gates[0], gates[2]))))
		h = gorgonia.Must(gorgonia.HadamardProd(gates[3], gorgonia.Must(gorgonia.Tanh(c))))
	}
	return h, nil
}

func BenchmarkUnrolledLSTM(b *testing.B) {
	const n, times, depth, units = 32, 64, 128, 256
	g := gorgonia.NewGraph()
	node := func(name string, scale float32, shape ...int) *gorgonia.Node {
		v := testkit.Wave(tensor.Float32, float64(len(name)), shape...)
		for j := range v.Float32s() {
			v.Float32s()[j] *= scale
		}
		return gorgonia.NodeFromAny(g, v, gorgonia.WithName(name))
	}
	var x []*gorgonia.Node
	for t := range times {
		x = append(x, node(fmt.Sprint("x", t), 1, n, depth))
	}
	var wih, whh, bias [4]*gorgonia.Node
	var params []*gorgonia.Node
	for k := range 4 {
		wih[k] = node(fmt.Sprint("wih", k), 1./16, depth, units)
		whh[k] = node(fmt.Sprint("whh", k), 1./16, units, units)
		bias[k] = node(fmt.Sprint("b", k), 1./16, units)
		params = append(params, wih[k], whh[k], bias[k])
	}
	h, err := unrolledLSTM(x, wih, whh, bias, node("start", 0, n, units))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(h)))), params...); err != nil {
		b.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	for b.Loop() {
		testkit.Run(b, m)
	}
}
