package report_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
)

// A page of 100 classes with all that a report shows stays small enough to be sent:
// its size follows from what is drawn, not from the number of classes or examples.
func TestPageOfManyClasses(t *testing.T) {
	const classes, examples, side = 100, 5000, 28
	r := rand.New(rand.NewPCG(1, 2))
	p := report.Predictions{Name: "with dropout", Classes: classes}
	var names []string
	for k := range classes {
		names = append(names, fmt.Sprintf("class of plants %d", k))
	}
	images := make([]float32, examples*side*side)
	for i := range images {
		images[i] = r.Float32()
	}
	entropy, correct := make([]float64, examples), make([]bool, examples)
	for i := range examples {
		label, answer := r.IntN(classes), r.IntN(classes)
		if r.IntN(3) > 0 {
			answer = label
		}
		row := make([]float32, classes)
		for k := range row {
			row[k] = 0.4 / classes
		}
		row[answer] += 0.6
		p.Labels, p.Probabilities = append(p.Labels, label), append(p.Probabilities, row...)
		entropy[i], correct[i] = r.Float64(), answer == label
	}
	var figures []*report.Figure
	add := func(f *report.Figure, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		figures = append(figures, f)
	}
	weights := make([]float32, side*side*256)
	for i := range weights {
		weights[i] = float32(r.NormFloat64())
	}
	for _, arm := range []string{"without dropout", "with dropout"} {
		add(report.Filters(arm, weights, side, side))
	}
	add(report.Confusion(p, names))
	add(report.Mistakes(p, images, side, side, 24))
	add(report.Uncertainty(entropy, correct))
	add(report.Calibration(p))
	activations := make([]float64, 25600)
	for i := range activations {
		activations[i] = max(0, r.NormFloat64())
	}
	add(report.Activations(report.Sample{Name: "with dropout", Values: activations}))
	page := report.Page{Title: "A hundred classes", Figures: figures}
	var b strings.Builder
	if err := page.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 2_000_000 {
		t.Errorf("the page has %d bytes", b.Len())
	}
}
