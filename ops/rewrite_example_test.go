package ops_test

import (
	"fmt"
	"log"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/ops"
)

// somebodyElses is a trained network as a library or an ONNX file gives it: an
// input, a prediction and no dropout.
func somebodyElses() (x, prediction *gorgonia.Node) {
	g := gorgonia.NewGraph()
	ones := func(name string, rows, cols int) *gorgonia.Node {
		return gorgonia.NodeFromAny(g, tensor.Ones(tensor.Float64, rows, cols), gorgonia.WithName(name))
	}
	x = ones("x", 1, 4)
	h := gorgonia.Must(gorgonia.Rectify(gorgonia.Must(gorgonia.Mul(x, ones("w", 4, 100)))))
	return x, gorgonia.Must(gorgonia.Mul(h, ones("v", 100, 1)))
}

// Monte Carlo dropout in a graph that somebody else built: copy it with a dropout
// after each rectifier, and predict several times.
func ExampleRewrite() {
	_, prediction := somebodyElses()
	isRectifier := func(n *gorgonia.Node) bool {
		return n.Op() != nil && strings.HasPrefix(n.Op().String(), "⊙") // x⊙(x>0)
	}
	outs, err := ops.Rewrite(gorgonia.Nodes{prediction}, ops.InsertAfter(isRectifier, func(h *gorgonia.Node) (*gorgonia.Node, error) {
		return ops.Dropout(h, 0.2, ops.WithSeed(1), ops.WithMode(ops.Sample))
	}))
	if err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(outs[0].Graph())
	defer machine.Close()
	var samples []float64
	for range 100 {
		machine.Reset()
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		samples = append(samples, outs[0].Value().Data().([]float64)[0])
	}
	mean, deviation := stat.MeanStdDev(samples, nil)
	fmt.Printf("%.0f ± %.0f\n", mean, deviation)
	// Output: 399 ± 20
}
