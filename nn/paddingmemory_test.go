package nn_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// What a machine's memory has from a run with other padding does not matter to outputs
// and gradients.
func TestPaddingInReusedMemory(t *testing.T) {
	for name, layer := range map[string]struct {
		build  func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error)
		shapes [][]int
	}{
		"SelfAttention": {func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Attention{Heads: 2, P: 0.5, Mask: mask}.Self(in[0], ops.WithFixedStep(1))
		}, [][]int{{3, 4, 12}}},
		"CrossAttention": {func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Attention{Heads: 2, P: 0.5, Mask: mask}.Cross(in[0], in[1], ops.WithFixedStep(1))
		}, [][]int{{3, 2, 4}, {3, 4, 8}}},
		"LSTM": {func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Recurrence{Mask: mask}.LSTM(in[0], in[1], in[2], in[3], in[4])
		}, recurrentShapes(4, 3, 4, 2, 3)},
		"GRU": {func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error) {
			return nn.Recurrence{Mask: mask, Reverse: true}.GRU(in[0], in[1], in[2], in[3], in[4])
		}, recurrentShapes(3, 3, 4, 2, 3)},
		"LastStep":  {func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error) { return nn.LastStep(in[0], mask) }, [][]int{{3, 4, 2}}},
		"MeanSteps": {func(in gorgonia.Nodes, mask *gorgonia.Node) (*gorgonia.Node, error) { return nn.MeanSteps(in[0], mask) }, [][]int{{3, 4, 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			// results runs one machine with each of the masks, and returns the last results.
			results := func(of ...string) (all [][]float64) {
				g := gorgonia.NewGraph()
				var nodes gorgonia.Nodes
				for i, v := range testkit.Varied(tensor.Float64, layer.shapes...) {
					nodes = append(nodes, gorgonia.NodeFromAny(g, v, gorgonia.WithName(fmt.Sprint("input ", i))))
				}
				mask := maskOf(nodes[0], masks["none"], 3)
				y, err := layer.build(nodes, mask)
				if err != nil {
					t.Fatal(err)
				}
				// Not 0 where the output is.
				weight := gorgonia.NodeFromAny(g, testkit.Wave(tensor.Float64, 2, y.Shape()...), gorgonia.WithName("weight"))
				grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, weight)))), nodes...)
				if err != nil {
					t.Fatal(err)
				}
				ops.ReuseMemory(g)
				m := gorgonia.NewTapeMachine(g)
				defer m.Close()
				for _, name := range of {
					copy(mask.Value().Data().([]float64), masks[name])
					testkit.Run(t, m)
				}
				for _, n := range append(gorgonia.Nodes{y}, grads...) {
					all = append(all, testkit.Floats(t, n.Value()))
				}
				return all
			}
			for _, mask := range []string{"behind", "within", "all"} {
				want, got := results(mask), results("none", mask)
				for i := range want {
					testkit.Near(t, fmt.Sprint(mask, ": result ", i), got[i], want[i], 0)
				}
			}
		})
	}
}
