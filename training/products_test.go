package training_test

import (
	"context"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// The first trainer of a program that has chosen no BLAS gives it the default one.
func TestDefaultProducts(t *testing.T) {
	m, err := models.New(models.MLP{Inputs: 784, Hidden: []int{3}, Outputs: 10}, []int{784})
	if err != nil {
		t.Fatal(err)
	}
	trainer := training.Trainer{Model: m, Solver: &optim.SGD{LR: 0.1}, Epochs: 1}
	if _, err := trainer.Fit(context.Background(), training.Data{Train: images(10)}); err != nil {
		t.Fatal(err)
	}
	if _, ok := tensor.WhichBLAS().(*blas.Implementation); !ok {
		t.Errorf("the BLAS is a %T, want *blas.Implementation", tensor.WhichBLAS())
	}
}
