package progress_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// Where nothing can be redrawn, a run is some plain lines.
func TestPlainLines(t *testing.T) {
	data := &training.Examples{Shape: []int{1}, X: []float32{-1, 1}, Y: []int{0, 1}}
	model, err := models.New(models.Linear(1, 2), []int{1})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	display := progress.New(&out)
	trainer := &training.Trainer{
		Model: model, Solver: &optim.SGD{LR: 1}, Epochs: 12,
		Callbacks: []training.Callback{display.Run("seed 1")},
	}
	if _, err := trainer.Fit(context.Background(), training.Data{Train: data, Validation: data}); err != nil {
		t.Fatal(err)
	}
	if err := display.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || strings.ContainsAny(out.String(), "\r\x1b") {
		t.Fatalf("want 6 plain lines, got %q", out.String())
	}
	for _, part := range []string{"seed 1", "epoch 12/12", "done: ", "loss 0.", "accuracy 100.0 %", "validation error 0.00 % (best 0.00 %, epoch 1)", "0:00"} {
		if !strings.Contains(lines[5], part) {
			t.Errorf("last line must have %q, got %q", part, lines[5])
		}
	}
	for _, part := range []string{"seed 1  epoch  4/12", "validation error 0.00 %", "examples/s", " left"} {
		if !strings.Contains(lines[1], part) {
			t.Errorf("second line must have %q, got %q", part, lines[1])
		}
	}
}
