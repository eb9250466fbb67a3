package uncertainty_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A model of three clusters predicts a point in one of them and a point between
// them: it is certain of the first, and about the second its thinned networks
// disagree.
func ExamplePredictor() {
	ctx := context.Background()
	model, err := models.New(models.MLP{Inputs: 2, Hidden: []int{32}, Outputs: 3, HiddenDropout: 0.5}, []int{2})
	if err != nil {
		log.Fatal(err)
	}
	trainer := &training.Trainer{Model: model, Solver: &optim.SGD{LR: 0.1, Momentum: 0.9}, Epochs: 10, BatchSize: 30}
	if _, err := trainer.Fit(ctx, training.Data{Train: blobs(300, 1)}); err != nil {
		log.Fatal(err)
	}

	points := &training.Examples{Shape: []int{2}, X: []float32{1, 0, -0.1, 0.1}, Y: []int{0, 0}}
	predictor := &uncertainty.Predictor{Model: model, Passes: 100}
	predictions, err := predictor.Predict(ctx, points)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range predictions {
		fmt.Printf("certain: %v, networks agree: %v\n", p.Confidence() > 0.95, p.MutualInformation() < 0.05)
	}
	// Output:
	// certain: true, networks agree: true
	// certain: false, networks agree: false
}

// Four predictions, one of them wrong and too sure of itself.
func ExampleEvaluate() {
	scores, err := uncertainty.Evaluate([]uncertainty.Prediction{
		{Label: 0, Mean: []float64{0.75, 0.25}},
		{Label: 1, Mean: []float64{0.3, 0.7}},
		{Label: 1, Mean: []float64{0.25, 0.75}},
		{Label: 1, Mean: []float64{0.9, 0.1}},
	}, 5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("accuracy %.2f, NLL %.2f, Brier %.3f, ECE %.2f\n", scores.Accuracy, scores.NLL, scores.Brier, scores.ECE)
	for _, b := range scores.Bins {
		if b.Examples > 0 {
			fmt.Printf("%.1f to %.1f: %d of 4, confidence %.3f, accuracy %.0f\n", b.Low, b.High, b.Examples, b.Confidence, b.Accuracy)
		}
	}
	// Output:
	// accuracy 0.75, NLL 0.81, Brier 0.513, ECE 0.42
	// 0.6 to 0.8: 3 of 4, confidence 0.733, accuracy 1
	// 0.8 to 1.0: 1 of 4, confidence 0.900, accuracy 0
}
