package training_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A classifier learns whether a point lies above the diagonal.
func ExampleTrainer() {
	set := &training.Examples{Shape: []int{2}}
	for i := range 20 {
		for j := range 20 {
			x, y := float32(i)/10-1, float32(j)/10-1
			if i == j {
				continue
			}
			set.X = append(set.X, x, y)
			label := 0
			if y > x {
				label = 1
			}
			set.Y = append(set.Y, label)
		}
	}
	model, err := models.New(models.MLP{Inputs: 2, Hidden: []int{32}, Outputs: 2, HiddenDropout: 0.2}, []int{2})
	if err != nil {
		log.Fatal(err)
	}
	trainer := &training.Trainer{
		Model:     model,
		Solver:    &optim.SGD{LR: 0.1, Momentum: 0.9},
		Epochs:    20,
		BatchSize: 20,
	}
	history, err := trainer.Fit(context.Background(), training.Data{Train: set})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d updates, accuracy above 97 %%: %v\n", history.Steps, history.Train.Accuracy() > 0.97)
	// Output:
	// 380 updates, accuracy above 97 %: true
}

// Callbacks are told how a run goes, and may end it.
func ExampleCallback() {
	set := &training.Examples{Shape: []int{1}, X: []float32{-1, 1}, Y: []int{0, 1}}
	model, err := models.New(models.MLP{Inputs: 1, Outputs: 2}, []int{1})
	if err != nil {
		log.Fatal(err)
	}
	trainer := &training.Trainer{
		Model: model, Solver: &optim.SGD{LR: 1}, Epochs: 1000,
		Callbacks: []training.Callback{{OnEpoch: func(r *training.Run) error {
			if r.History.Epochs[r.Epoch].Loss < 0.1 {
				r.Stop("the loss is small")
			}
			return nil
		}}},
	}
	history, err := trainer.Fit(context.Background(), training.Data{Train: set})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(history.Stopped)
	// Output:
	// the loss is small
}
