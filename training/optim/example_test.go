package optim_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A solver trains a plain Gorgonia graph: here a line y = x·w through the
// points (1, 2), (2, 4) and (3, 6), so that w nears 2.
func ExampleSGD() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(3, 1),
		gorgonia.WithValue(tensor.New(tensor.WithShape(3, 1), tensor.WithBacking([]float64{1, 2, 3}))))
	y := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithName("y"), gorgonia.WithShape(3, 1),
		gorgonia.WithValue(tensor.New(tensor.WithShape(3, 1), tensor.WithBacking([]float64{2, 4, 6}))))
	w := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithName("w"), gorgonia.WithShape(1, 1),
		gorgonia.WithInit(gorgonia.Zeroes()))

	residual := gorgonia.Must(gorgonia.Sub(gorgonia.Must(gorgonia.Mul(x, w)), y))
	cost := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(residual))))
	if _, err := gorgonia.Grad(cost, w); err != nil {
		log.Fatal(err)
	}

	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w))
	defer vm.Close()
	solver := &optim.SGD{LR: 0.05, Momentum: 0.5}
	for step := range 21 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if step%10 == 0 {
			fmt.Printf("step %2d: cost %.6f\n", step, cost.Value().Data())
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})); err != nil {
			log.Fatal(err)
		}
		vm.Reset()
	}
	fmt.Printf("w = %.4f\n", w.Value().Data().([]float64)[0])
	// Output:
	// step  0: cost 18.666667
	// step 10: cost 0.002432
	// step 20: cost 0.000010
	// w = 2.0014
}
