package progress_test

import (
	"log"
	"os"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// Bars on a terminal, lines elsewhere.
func ExampleDisplay() {
	display := progress.New(os.Stderr)
	trainer := &training.Trainer{Callbacks: []training.Callback{display.Run("with dropout, seed 1")}}
	_ = trainer // trainer.Fit(...)
	if err := display.Close(); err != nil {
		log.Fatal(err)
	}
}
