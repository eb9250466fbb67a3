package checkpoint_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// The second call goes on where the first was stopped, within the second epoch, as it
// would after a crash.
func ExampleKeep() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	train := func(stop int64) {
		model, err := models.New(models.MLP{Inputs: 1, Outputs: 2}, []int{1})
		if err != nil {
			log.Fatal(err)
		}
		trainer := &training.Trainer{
			Model: model, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9}, Epochs: 5, BatchSize: 1,
			Callbacks: []training.Callback{checkpoint.Keep(dir, time.Minute), {OnStep: func(r *training.Run) error {
				if r.Steps == stop {
					r.Stop("enough for now")
				}
				return nil
			}}},
		}
		trainer.Resume, err = checkpoint.Load(filepath.Join(dir, checkpoint.LastFile))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			log.Fatal(err)
		}
		set := &training.Examples{Shape: []int{1}, X: []float32{-1, 1}, Y: []int{0, 1}}
		history, err := trainer.Fit(context.Background(), training.Data{Train: set})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(history.Epochs), "epochs,", history.Steps, "updates")
	}
	train(3)
	train(0)
	// Output:
	// 1 epochs, 3 updates
	// 5 epochs, 10 updates
}
