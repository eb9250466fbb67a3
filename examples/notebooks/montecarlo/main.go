// Monte Carlo dropout on handwritten digits: a network is trained with dropout,
// its error is drawn while it learns, and then it says how sure it is.
package main

import (
	"context"
	"fmt"
	"html"
	"log"
	"slices"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// %% Settings: change them and run the last cell again.

const (
	images = 1000 // to train on
	epochs = 15
	p      = 0.3 // drop probability of hidden units
	passes = 30  // of Monte Carlo dropout
)

// %% A network of two hidden layers, and its training. After each epoch the
// figure below the cell is replaced.

func train(digits, validation *mnist.Set) (*models.Model, error) {
	net := models.MLP{Inputs: 784, Hidden: []int{128, 128}, Outputs: 10, HiddenDropout: p}
	m, err := models.New(net, digits.InputShape(), models.WithSeed(1))
	if err != nil {
		return nil, err
	}
	id := gonbui.UniqueId()
	t := &training.Trainer{
		Model: m, Solver: &optim.SGD{LR: 0.03, Momentum: 0.9}, Epochs: epochs, BatchSize: 50, Seed: 1,
		Callbacks: []training.Callback{{OnEpoch: func(r *training.Run) error {
			figure, err := curves(r.History)
			if err == nil {
				gonbui.UpdateHTML(id, figure)
			}
			return err
		}}},
	}
	_, err = t.Fit(context.Background(), training.Data{Train: digits, Validation: validation})
	return m, err
}

// curves draws the validation error so far.
func curves(h *training.History) (string, error) {
	figure, err := report.ErrorCurves([]experiment.Result{{Arm: "with dropout", Seed: 1, History: h}})
	if err != nil {
		return "", err
	}
	var svg strings.Builder
	err = report.WriteFigure(&svg, report.SVG, figure)
	return svg.String(), err
}

// %% A table of the digits of which the network is least sure: the entropy of the
// mean probabilities, and the part of it on which the passes disagree.

func unsure(predictions []uncertainty.Prediction) string {
	least := slices.SortedFunc(slices.Values(predictions), func(a, b uncertainty.Prediction) int {
		return int(1e6 * (b.Entropy - a.Entropy))
	})
	var b strings.Builder
	b.WriteString("<table><tr><th>digit</th><th>said</th><th>probability</th><th>entropy (nats)</th><th>disagreement</th></tr>")
	for _, one := range least[:min(10, len(least))] {
		row := fmt.Sprintf("%d\t%d\t%.2f\t%.2f\t%.2f", one.Label, one.Class(), one.Confidence(), one.Entropy, one.MutualInformation())
		b.WriteString("<tr><td>" + strings.ReplaceAll(html.EscapeString(row), "\t", "</td><td>") + "</td></tr>")
	}
	return b.String() + "</table>"
}

// %% Run everything.

func main() {
	defer gonbui.Sync()
	all, tests, err := embedded.Load()
	if err != nil {
		log.Fatal(err)
	}
	digits, rest, err := all.Stratified(images, 1)
	if err != nil {
		log.Fatal(err)
	}
	validation, _, err := rest.Stratified(500, 1)
	if err != nil {
		log.Fatal(err)
	}
	test, _, err := tests.Stratified(500, 1)
	if err != nil {
		log.Fatal(err)
	}
	m, err := train(digits, validation)
	if err != nil {
		log.Fatal(err)
	}
	predictor := &uncertainty.Predictor{Model: m, Passes: passes}
	predictions, err := predictor.Predict(context.Background(), test)
	if err != nil {
		log.Fatal(err)
	}
	scores, err := uncertainty.Evaluate(predictions, 15)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("error %.1f %%, NLL %.3f, calibration error %.3f\n", 100*(1-scores.Accuracy), scores.NLL, scores.ECE)
	gonbui.DisplayHTML(unsure(predictions))
}
