package nn_test

import (
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/nn"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
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

// The first token can take from itself alone, the second from both: equal keys share
// equally.
func ExampleCausalSelfAttention() {
	g := gorgonia.NewGraph()
	// Queries and keys of zeros, values 1 and 3.
	qkv := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(1, 2, 3),
		tensor.WithBacking([]float64{0, 0, 1, 0, 0, 3})), gorgonia.WithName("qkv"))
	y, err := nn.CausalSelfAttention(qkv, 1, 0)
	if err != nil {
		log.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Value().Data())
	// Output: [1 2]
}
