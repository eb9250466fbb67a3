// Quickstart adds dropout to a plain Gorgonia graph: a small network learns to
// tell two spirals apart, and then runs without dropout.
package main

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

func main() {
	// %% Data: 200 points on two spirals, and which spiral each is on.
	const n = 200
	r := rand.New(rand.NewPCG(1, 2))
	points, classes := make([]float64, 0, 2*n), make([]int, n)
	for i := range n {
		classes[i] = i % 2
		turn := math.Sqrt(r.Float64())
		angle := 4*turn + math.Pi*float64(classes[i])
		points = append(points, turn*math.Cos(angle)+0.02*r.NormFloat64(), turn*math.Sin(angle)+0.02*r.NormFloat64())
	}

	// %% The graph: two layers with dropout between them.
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(n, 2), tensor.WithBacking(points)), gorgonia.WithName("x"))
	y := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking(classes)), gorgonia.WithName("y"))
	weights := func(in, out int, name string) *gorgonia.Node {
		w := make([]float64, in*out)
		for i := range w {
			w[i] = r.NormFloat64() * math.Sqrt(2/float64(in))
		}
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(in, out), tensor.WithBacking(w)), gorgonia.WithName(name))
	}
	w1, w2, w3 := weights(2, 64, "w1"), weights(64, 64, "w2"), weights(64, 2, "w3")

	h := gorgonia.Must(gorgonia.Tanh(gorgonia.Must(gorgonia.Mul(x, w1))))
	h = gorgonia.Must(gorgonia.Rectify(gorgonia.Must(gorgonia.Mul(h, w2))))
	h, err := ops.Dropout(h, 0.5, ops.WithSeed(42)) // instead of gorgonia.Dropout(h, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	logits := gorgonia.Must(gorgonia.Mul(h, w3))
	loss, err := nn.SoftmaxCrossEntropy(logits, y)
	if err != nil {
		log.Fatal(err)
	}

	// %% Training: each run of the machine draws a new mask.
	params := gorgonia.Nodes{w1, w2, w3}
	if _, err := gorgonia.Grad(loss, params...); err != nil {
		log.Fatal(err)
	}
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(params...))
	defer machine.Close()
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.01))
	for step := range 300 {
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		if step%50 == 0 {
			fmt.Printf("step %3d: loss %.3f\n", step, loss.Value().Data())
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(params)); err != nil {
			log.Fatal(err)
		}
		machine.Reset()
	}

	// %% Inference: a negative step keeps every unit.
	ops.StepOf(g).Set(-1)
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	right := 0
	scores := logits.Value().Data().([]float64)
	for i, class := range classes {
		if (scores[2*i+1] > scores[2*i]) == (class == 1) {
			right++
		}
	}
	fmt.Printf("without dropout: loss %.3f, %d of %d points right\n", loss.Value().Data(), right, n)
}
