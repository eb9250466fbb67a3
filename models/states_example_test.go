package models_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// Long sequences in parts of four times, with the states of one part carried to the
// next: truncated backpropagation through time. The network learns the sum of all
// numbers so far, which no part knows alone.
func ExampleProgram_CarryStates() {
	const batch, length, part = 8, 24, 4
	net := models.Sequential{models.GRU{Units: 8, State: "memory"}, models.PerToken(models.Linear(0, 1))}
	model, err := models.New(net, []int{part, 1})
	if err != nil {
		log.Fatal(err)
	}
	g, err := model.Build(models.Train, batch)
	if err != nil {
		log.Fatal(err)
	}
	target := gorgonia.NewTensor(g.ExprGraph, tensor.Float32, 3, gorgonia.WithShape(batch, part, 1), gorgonia.WithName("target"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(batch, part, 1), tensor.Of(tensor.Float32))))
	loss, err := nn.MSE(g.Output, target)
	if err != nil {
		log.Fatal(err)
	}
	grads, err := gorgonia.Grad(loss, g.Params()...)
	if err != nil {
		log.Fatal(err)
	}
	program, err := g.Compile(models.WithResults(append(grads, loss)...))
	if err != nil {
		log.Fatal(err)
	}
	defer program.Close()
	sums, want := make([]float32, batch), target.Value().Data().([]float32)
	for epoch := range 200 {
		mean := 0.0
		program.ResetStates()
		clear(sums)
		for from := 0; from < length; from += part {
			for i := range program.Inputs() {
				b, t := i/part, from+i%part
				x := float32((b*7+t*t*5+epoch*3)%9-4) / 20
				sums[b] += x
				program.Inputs()[i], want[i] = x, sums[b]
			}
			if err := program.Run(nil); err != nil {
				log.Fatal(err)
			}
			if err := program.CarryStates(); err != nil {
				log.Fatal(err)
			}
			mean += float64(loss.Value().Data().(float32)) * part / length
			for i, p := range model.Params() {
				for j, d := range grads[i].Value().Data().([]float32) {
					p.Value().Float32s()[j] -= 0.1 * d
				}
			}
		}
		if epoch == 0 || epoch == 199 {
			fmt.Printf("epoch %d: %.2f\n", epoch, mean)
		}
	}
	// Output:
	// epoch 0: 0.49
	// epoch 199: 0.00
}
