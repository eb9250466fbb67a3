package nn_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
)

// The gradient of a loss in one call, without a machine.
func ExampleValueAndGrad() {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{1, 4})), gorgonia.WithName("x"))
	target := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking([]float64{2, 2})), gorgonia.WithName("target"))
	loss, err := nn.MSE(x, target)
	if err != nil {
		log.Fatal(err)
	}
	value, grads, err := nn.ValueAndGrad(loss, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value, grads[0])
	// Output:
	// 2.5 [-1   2]
}
