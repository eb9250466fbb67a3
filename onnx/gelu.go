package onnx

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
)

// geluOp is the operator that stands for x/2·(1 + erf(x/sqrt(2))). It is that of
// opset 20.
const geluOp = "Gelu"

// withGELU replaces the products by which files before opset 20 express GELU.
func withGELU(nodes []*onnxpb.NodeProto, known map[string]*array) []*onnxpb.NodeProto {
	g := geluFinder{made: make(map[string]*onnxpb.NodeProto), known: known}
	for _, n := range nodes {
		if len(n.GetOutput()) > 0 {
			g.made[n.GetOutput()[0]] = n
		}
	}
	replaced := make([]*onnxpb.NodeProto, len(nodes))
	for i, n := range nodes {
		replaced[i] = n
		if x, ok := g.input(n); ok {
			replaced[i] = &onnxpb.NodeProto{OpType: geluOp, Name: n.GetName(), Input: []string{x}, Output: n.GetOutput()}
		}
	}
	return replaced
}

type geluFinder struct {
	made  map[string]*onnxpb.NodeProto // nodes by their first outputs
	known map[string]*array
}

// input returns x where n is the last product of a GELU: (x·(1+erf))/2 or
// (x/2)·(1+erf).
func (g geluFinder) input(n *onnxpb.NodeProto) (x string, ok bool) {
	for _, outer := range orders(n, "Mul") {
		if g.is(outer[1], 0.5) {
			for _, inner := range orders(g.made[outer[0]], "Mul") {
				if y, ok := g.onePlusErf(inner[1]); ok && y == inner[0] {
					return y, true
				}
			}
		}
		if y, ok := g.onePlusErf(outer[1]); ok {
			for _, inner := range orders(g.made[outer[0]], "Mul") {
				if g.is(inner[1], 0.5) && inner[0] == y {
					return y, true
				}
			}
		}
	}
	return "", false
}

// onePlusErf returns x where name is 1 + erf(x/sqrt(2)).
func (g geluFinder) onePlusErf(name string) (x string, ok bool) {
	for _, sum := range orders(g.made[name], "Add") {
		erf := g.made[sum[0]]
		if !g.is(sum[1], 1) || erf.GetOpType() != "Erf" || len(erf.GetInput()) != 1 {
			continue
		}
		scaled := g.made[erf.GetInput()[0]]
		if in := scaled.GetInput(); scaled.GetOpType() == "Div" && len(in) == 2 && g.is(in[1], math.Sqrt2) {
			return in[0], true
		}
		for _, product := range orders(scaled, "Mul") {
			if g.is(product[1], math.Sqrt2/2) {
				return product[0], true
			}
		}
	}
	return "", false
}

// orders returns both orders of the inputs of a node, if it has the operator.
func orders(n *onnxpb.NodeProto, op string) [][2]string {
	in := n.GetInput()
	if n.GetOpType() != op || len(in) != 2 {
		return nil
	}
	return [][2]string{{in[0], in[1]}, {in[1], in[0]}}
}

// is reports whether name is the number v.
func (g geluFinder) is(name string, v float64) bool {
	a := g.known[name]
	if n := g.made[name]; a == nil && n.GetOpType() == "Constant" {
		c := call{proto: n}
		if outputs, err := c.constant(); err == nil {
			a = outputs[0].known
		}
	}
	return a != nil && len(a.values) == 1 && math.Abs(a.values[0]-v) < 1e-6
}
