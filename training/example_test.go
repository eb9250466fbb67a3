package training_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
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

// The learning rate is searched for, and is the peak of a one-cycle schedule; biases have no
// weight decay; what is evaluated is the average of the weights.
func ExampleTrainer_FindLR() {
	set := &training.Examples{Shape: []int{2}}
	for i := range 400 {
		x, y := float32(i%20)/10-1, float32(i/20)/10-1
		set.X, set.Y = append(set.X, x, y), append(set.Y, 0)
		if y*y > x {
			set.Y[i] = 1
		}
	}
	model, err := models.New(models.MLP{Inputs: 2, Hidden: []int{32}, Outputs: 2, HiddenDropout: 0.2}, []int{2})
	if err != nil {
		log.Fatal(err)
	}
	trainer := &training.Trainer{
		Model: model, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9, Regularization: optim.Regularization{WeightDecay: 1e-4}}, Epochs: 20, BatchSize: 20,
		Groups:  []training.Group{{Params: "*.bias", WeightDecay: optim.Zero}},
		Average: &training.Average{Decay: 0.95},
	}
	curve, err := trainer.FindLR(context.Background(), set, training.LRRange{From: 1e-4})
	if err != nil {
		log.Fatal(err)
	}
	peak, err := curve.Suggestion()
	if err != nil {
		log.Fatal(err)
	}
	trainer.LR = schedule.OneCycle{Peak: peak, Steps: 400}
	history, err := trainer.Fit(context.Background(), training.Data{Train: set})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a learning rate from 0.01 to 1: %v, accuracy above 95 %%: %v\n", peak > 0.01 && peak < 1, history.Train.Accuracy() > 0.95)
	// Output:
	// a learning rate from 0.01 to 1: true, accuracy above 95 %: true
}
