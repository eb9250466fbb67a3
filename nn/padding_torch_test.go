package nn_test

import (
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// paddedCase is a layer of padded sequences, here and in testdata/padding.py.
type paddedCase struct {
	Layer         string       `json:"layer"`
	Inputs        []torchInput `json:"inputs"`
	Mask          [][]float64  `json:"mask"`
	Heads         int          `json:"heads"`
	Causal        bool         `json:"causal"`
	Bidirectional bool         `json:"bidirectional"`

	graph  func(in gorgonia.Nodes) (gorgonia.Nodes, error)
	values []*tensor.Dense
}

// Attention under key_padding_mask, and packed sequences of LSTM and GRU, in one
// direction and two, from given states: outputs, final states and all gradients.
func TestPaddingAgreesWithPyTorch(t *testing.T) {
	mask := [][]float64{{1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}, {1, 0, 0, 0, 0}}
	maskNode := func(x *gorgonia.Node, rows [][]float64) *gorgonia.Node {
		return maskOf(x, slices.Concat(rows...), len(rows))
	}
	var cases []paddedCase
	add := func(c paddedCase, shapes ...[]int) {
		c.values = testkit.Varied(tensor.Float64, shapes...)
		for _, v := range c.values {
			c.Inputs = append(c.Inputs, torchInput{v.Shape(), testkit.Floats(t, v)})
		}
		cases = append(cases, c)
	}
	for _, heads := range []int{1, 2} {
		for _, causal := range []bool{false, true} {
			add(paddedCase{Layer: "Attention", Mask: mask, Heads: heads, Causal: causal, graph: func(in gorgonia.Nodes) (gorgonia.Nodes, error) {
				y, err := nn.Attention{Heads: heads, Causal: causal, Mask: maskNode(in[0], mask)}.Self(in[0])
				return gorgonia.Nodes{y}, err
			}}, []int{3, 5, 12})
		}
		add(paddedCase{Layer: "Attention", Mask: mask, Heads: heads, graph: func(in gorgonia.Nodes) (gorgonia.Nodes, error) {
			y, err := nn.Attention{Heads: heads, Mask: maskNode(in[0], mask)}.Cross(in[0], in[1])
			return gorgonia.Nodes{y}, err
		}}, []int{3, 4, 6}, []int{3, 5, 12})
	}
	for layer, gates := range map[string]int{"LSTM": 4, "GRU": 3} {
		for _, both := range []bool{false, true} {
			for _, given := range []bool{false, true} {
				c := paddedCase{Layer: layer, Mask: mask, Bidirectional: both, graph: func(in gorgonia.Nodes) (gorgonia.Nodes, error) {
					return paddedRecurrent(layer, both, given, maskNode(in[0], mask), in)
				}}
				shapes := recurrentShapes(gates, 3, 5, 2, 4)
				if both {
					shapes = append(shapes, shapes[1:]...)
				}
				if given {
					directions := 1
					if both {
						directions = 2
					}
					for range map[string]int{"LSTM": 2, "GRU": 1}[layer] {
						shapes = append(shapes, []int{directions, 3, 4})
					}
				}
				add(c, shapes...)
			}
		}
	}
	var answers []struct {
		Outputs, Grads [][]float64
	}
	pytorch.Run(t, "testdata/padding.py", cases, &answers)
	for i, c := range cases {
		t.Run(fmt.Sprint(c.Layer, c.Heads, c.Causal, c.Bidirectional, len(c.Inputs)), func(t *testing.T) {
			outputs, grads := outcomes(t, c.graph, c.values)
			for k, want := range answers[i].Outputs {
				testkit.Near(t, fmt.Sprint("output ", k), outputs[k], want, 1e-13)
			}
			for k, want := range answers[i].Grads {
				testkit.Near(t, fmt.Sprint("gradient ", k), grads[k], want, 1e-12)
			}
		})
	}
}

// paddedRecurrent is a layer in one direction or two, with its final states.
func paddedRecurrent(layer string, both, given bool, mask *gorgonia.Node, in gorgonia.Nodes) (gorgonia.Nodes, error) {
	directions, states := 1, map[string]int{"LSTM": 2, "GRU": 1}[layer]
	if both {
		directions = 2
	}
	var all gorgonia.Nodes // of one direction after the other
	for d := range directions {
		r := nn.Recurrence{Mask: mask, Reverse: d == 1}
		if given {
			initial := func(k int) *gorgonia.Node {
				return gorgonia.Must(gorgonia.Slice(in[1+4*directions+k], gorgonia.S(d)))
			}
			if r.H = initial(0); states == 2 {
				r.C = initial(1)
			}
		}
		w := in[1+4*d:]
		var y, h, c *gorgonia.Node
		var err error
		if layer == "LSTM" {
			y, h, c, err = r.LSTMStates(in[0], w[0], w[1], w[2], w[3])
		} else {
			y, h, err = r.GRUStates(in[0], w[0], w[1], w[2], w[3])
		}
		if err != nil {
			return nil, err
		}
		all = append(all, gorgonia.Nodes{y, h, c}[:1+states]...)
	}
	if !both {
		return all, nil
	}
	var joined gorgonia.Nodes
	for k := range 1 + states {
		y, err := nn.Concat(all[k], all[1+states+k])
		if err != nil {
			return nil, err
		}
		joined = append(joined, y)
	}
	return joined, nil
}

// outcomes returns the outputs of a graph, and the gradients of the sum of their
// squares by input.
func outcomes(t testing.TB, f func(gorgonia.Nodes) (gorgonia.Nodes, error), inputs []*tensor.Dense) (outputs, grads [][]float64) {
	t.Helper()
	g := gorgonia.NewGraph()
	var nodes gorgonia.Nodes
	for i, in := range inputs {
		nodes = append(nodes, gorgonia.NodeFromAny(g, in.Clone(), gorgonia.WithName(fmt.Sprint("input ", i))))
	}
	ys, err := f(nodes)
	if err != nil {
		t.Fatal(err)
	}
	var cost *gorgonia.Node
	values := make([]gorgonia.Value, len(ys))
	for i, y := range ys {
		gorgonia.Read(y, &values[i])
		sum := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(y))))
		if cost == nil {
			cost = sum
		} else {
			cost = gorgonia.Must(gorgonia.Add(cost, sum))
		}
	}
	ds, err := gorgonia.Grad(cost, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	for _, v := range values {
		outputs = append(outputs, testkit.Floats(t, v))
	}
	for _, d := range ds {
		grads = append(grads, testkit.Floats(t, d.Value()))
	}
	return outputs, grads
}
