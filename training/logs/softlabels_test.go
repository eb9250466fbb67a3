package logs_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets/augment"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/logs"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// Batches with soft labels have no metrics, but the validation set has: the header says so, and
// progress shows nothing that is not a number.
func TestSoftLabels(t *testing.T) {
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{4}, Outputs: 2}, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	set := &training.Examples{Shape: []int{2}, X: []float32{0, 1, 1, 0, 1, 1, 0, 0}, Y: []int{0, 1, 0, 1}}
	var table, shown strings.Builder
	display := progress.New(&shown)
	tr := &training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 2, BatchSize: 2, Callbacks: []training.Callback{logs.CSV(&table), display.Run("soft")}}
	data := training.Data{Train: &augment.Dataset{Data: set, Mix: augment.Mixup{}, Classes: 2}, Validation: set}
	if _, err := tr.Fit(t.Context(), data); err != nil {
		t.Fatal(err)
	}
	if err := display.Close(); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	want := []string{"epoch", "step", "lr", "loss", "validation_error", "validation_nll", "seconds"}
	if err != nil || len(rows) != 3 || !slices.Equal(rows[0], want) {
		t.Errorf("want the columns %v, got\n%s%v", want, table.String(), err)
	}
	if strings.Contains(shown.String(), "NaN") || !strings.Contains(shown.String(), "validation error") {
		t.Errorf("shown was\n%s", shown.String())
	}
}
