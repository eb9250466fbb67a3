package experiment_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// Two learning rates are compared over the same three seeds.
func ExampleRun() {
	set := &training.Examples{Shape: []int{1}, X: []float32{-1, 1}, Y: []int{0, 1}}
	arm := func(name string, lr float64) experiment.Arm {
		return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			model, err := models.New(models.MLP{Inputs: 1, Outputs: 2}, []int{1}, models.WithSeed(seed))
			return &training.Trainer{Model: model, Solver: &optim.SGD{LR: lr}, Epochs: 5, Seed: seed}, training.Data{Train: set, Test: set}, err
		}}
	}
	results, err := experiment.Run(context.Background(), []experiment.Arm{arm("slow", 0.01), arm("fast", 1)}, []uint64{1, 2, 3}, 2, nil)
	if err != nil {
		log.Fatal(err)
	}
	d := experiment.Difference(results, "fast", "slow", experiment.TestNLL)
	fmt.Printf("%d runs; over %d seeds the fast rate has the lower loss: %v\n", len(results), d.N, d.Mean < 0)
	// Output:
	// 6 runs; over 3 seeds the fast rate has the lower loss: true
}
