package logs_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/logs"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

func ExampleCSV() {
	var file strings.Builder // or a file
	model, err := models.New(models.MLP{Inputs: 1, Outputs: 2}, []int{1})
	if err != nil {
		log.Fatal(err)
	}
	trainer := &training.Trainer{
		Model: model, Solver: &optim.SGD{LR: 0.1}, Epochs: 2,
		Callbacks: []training.Callback{logs.CSV(&file)},
	}
	set := &training.Examples{Shape: []int{1}, X: []float32{-1, 1}, Y: []int{0, 1}}
	if _, err := trainer.Fit(context.Background(), training.Data{Train: set}); err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(file.String(), "\n")
	fmt.Println(lines[0])
	fmt.Println(len(lines)-2, "epochs")
	// Output:
	// epoch,step,lr,loss,train_error,train_nll,validation_error,validation_nll,seconds
	// 2 epochs
}
