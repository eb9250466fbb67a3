package report_test

import (
	"bytes"
	"errors"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// predictions are six examples of three classes: four right, two wrong.
func predictions() report.Predictions {
	return report.Predictions{
		Name: with, Classes: 3, Labels: []int{0, 0, 1, 1, 2, 2},
		Probabilities: []float32{
			0.92, 0.08, 0,
			0.62, 0.28, 0.1,
			0, 1, 0,
			0.72, 0.23, 0.05,
			0.09, 0.09, 0.82,
			0.95, 0.04, 0.01,
		},
	}
}

// check draws f and looks for what it must say.
func check(t *testing.T, f *report.Figure, err error, wants ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	said := words(t, svg(t, f)) + " | " + f.Caption + " | " + f.Alt
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("%s must say %q, got %s", f.Title, want, said)
		}
	}
}

func TestSeedErrors(t *testing.T) {
	f, err := comparison(runs()).SeedErrors()
	check(t, f, err, "test error (%)", "7.23", "6.10", "Test error of 3 seeds: mean 7.23 % without dropout and 6.10 % with dropout, where 3 of them have the lower error.")
	f, err = comparison(runs()[:2]).SeedErrors()
	check(t, f, err, "7.20", "6.00")
	_, err = comparison(nil).SeedErrors()
	wantError(t, err, `report: SeedErrors: must have a seed that "without dropout" and "with dropout" have both finished, got none`)
	nan := runs()
	nan[1].History.Test = &training.Metrics{}
	_, err = comparison(nan).SeedErrors()
	wantError(t, err, "report: SeedErrors: test error of with dropout with seed 1 must be finite, got NaN")
}

func TestGaps(t *testing.T) {
	f, err := comparison(runs()).Gaps()
	check(t, f, err, "gap 7.20 ± 0.12", "gap 4.70 ± 0.10", "training 1.40", "test 6.10", "Mean of 3 seeds ± standard error")
	f, err = comparison([]experiment.Result{run(without, 1, 1, 0, 0), run(with, 1, 1, 30, 20)}).Gaps()
	check(t, f, err, "gap 0.00", "gap -1.00", "training 3.00")
	if strings.Contains(f.Caption, "±") {
		t.Errorf("one seed has no standard error, got %q", f.Caption)
	}
	_, err = comparison(runs()[:1]).Gaps()
	wantError(t, err, "report: Gaps: must have a seed")
}

func TestConfusion(t *testing.T) {
	f, err := report.Confusion(predictions(), nil)
	check(t, f, err, "Confusion matrix, with dropout", "taken for", "the 2 mistakes", "6 examples, 4 of them classified right", "1 taken for 0, 1 times")
	f, err = report.Confusion(predictions(), []string{"cat", "dog", "a very long name <&>"})
	check(t, f, err, "cat", "dog", "…", "dog taken for cat")
	_, err = report.Confusion(predictions(), []string{"cat"})
	wantError(t, err, "report: Confusion: must have a name for each of 3 classes, got 1")
}

// Confidences are 0.92, 0.62, 1, 0.72, 0.82 and 0.95: the bins of 0.72 and of
// 0.9 to 1 have a wrong answer.
func TestCalibration(t *testing.T) {
	one, two := predictions(), predictions()
	one.Name = ""
	f, err := report.Calibration(two)
	// (|0.82 - 1| + |0.62 - 1| + |0.72 - 0| + |2.87 - 2|) / 6
	check(t, f, err, "confidence (%)", "accuracy (%)", "(ECE): 35.83 % with dropout.")
	f, err = report.Calibration(one, two)
	check(t, f, err, "(ECE): 35.83 %; 35.83 % with dropout.")
	_, err = report.Calibration()
	wantError(t, err, "report: Calibration: must have at least one classifier, got none")
	two.Labels = nil
	_, err = report.Calibration(one, two)
	wantError(t, err, "report: Calibration: classifier, with dropout: must have at least one example, got none")
}

func TestPredictionsMustFit(t *testing.T) {
	for _, tt := range []struct {
		change func(*report.Predictions)
		want   string
	}{
		{func(p *report.Predictions) { p.Classes = 1 }, "classes must be at least 2, got 1"},
		{func(p *report.Predictions) { p.Labels = nil }, "must have at least one example, got none"},
		{func(p *report.Predictions) { p.Probabilities = p.Probabilities[1:] }, "must have 18 probabilities for 6 examples of 3 classes, got 17"},
		{func(p *report.Predictions) { p.Labels[4] = 3 }, "label of example 4 must be in [0, 3), got 3"},
		{func(p *report.Predictions) { p.Labels[0] = -1 }, "label of example 0 must be in [0, 3), got -1"},
		{func(p *report.Predictions) { p.Probabilities[3] = float32(math.NaN()) }, "probabilities of example 1 must be in [0, 1], got NaN"},
		{func(p *report.Predictions) { p.Probabilities[3] = -2 }, "probabilities of example 1 must be in [0, 1], got -2"},
	} {
		p := predictions()
		tt.change(&p)
		_, err := report.Confusion(p, nil)
		wantError(t, err, "report: Confusion: "+tt.want)
		_, err = report.Mistakes(p, make([]float32, 24), 2, 2, 1)
		wantError(t, err, "report: Mistakes: "+tt.want)
	}
}

func TestFilters(t *testing.T) {
	weights := make([]float32, 6*70)
	for i := range weights {
		weights[i] = float32(i%11) - 5
	}
	f, err := report.Filters(with, weights, 2, 3)
	check(t, f, err, "64 of 70 units", "images of 3 by 2 pixels", "First-layer weights, with dropout")
	f, err = report.Filters("", make([]float32, 4), 2, 2)
	check(t, f, err, "1 of 1 units")
	_, err = report.Filters("", weights, 28, 28)
	wantError(t, err, "report: Filters: must have a positive multiple of 784 values for images of 28 by 28, got 420")
	_, err = report.Filters("", nil, 2, 2)
	wantError(t, err, "got 0")
	_, err = report.Filters("", weights, 0, 2)
	wantError(t, err, "report: Filters: height and width must be in [1, 32768], got 0 and 2")
	weights[5] = float32(math.Inf(1))
	_, err = report.Filters("", weights, 2, 3)
	wantError(t, err, "report: Filters: value 5 must be finite, got +Inf")
}

func TestMistakes(t *testing.T) {
	images := make([]float32, 6*4)
	f, err := report.Mistakes(predictions(), images, 2, 2, 10)
	check(t, f, err, "2 → 0", "95 %", "1 → 0", "72 %", "2 of 6 examples were classified wrong", "The worst of 2 mistakes among 6 examples, true class and answer: 2 and 0, 1 and 0.")
	f, err = report.Mistakes(predictions(), images, 2, 2, 1)
	check(t, f, err, "answer: 2 and 0.")
	right := predictions()
	right.Labels = []int{0, 0, 1, 0, 2, 0}
	f, err = report.Mistakes(right, images, 2, 2, 1)
	check(t, f, err, "No mistakes.", "0 of 6 examples")
	_, err = report.Mistakes(predictions(), images[4:], 2, 2, 1)
	wantError(t, err, "report: Mistakes: must have an image for each of 6 examples, got 5")
	_, err = report.Mistakes(predictions(), images, 2, 2, 0)
	wantError(t, err, "report: Mistakes: n must be positive, got 0")
}

func TestActivations(t *testing.T) {
	f, err := report.Activations(report.Sample{Name: "off", Values: []float64{0, 0, 0, 1}}, report.Sample{Name: "on", Values: []float64{1, 2, 3, 4}})
	check(t, f, err, "Off: mean 0.25, 75.0 % exactly 0; on: mean 2.5, 0.0 % exactly 0.", "activation", "share of each (%), log scale")
	f, err = report.Activations(report.Sample{Name: "dead", Values: []float64{0, 0}})
	check(t, f, err, "100.0 % exactly 0")
	_, err = report.Activations()
	wantError(t, err, "report: Activations: must have at least one sample, got none")
	_, err = report.Activations(report.Sample{Name: "a"})
	wantError(t, err, `report: Activations: sample "a" must have values, got none`)
	_, err = report.Activations(report.Sample{Name: "a", Values: []float64{1, math.NaN()}})
	wantError(t, err, `report: Activations: value 1 of sample "a" must be finite, got NaN`)
}

func TestUncertainty(t *testing.T) {
	f, err := report.Uncertainty([]float64{0, 0.1, 2, 1}, []bool{true, true, false, true})
	check(t, f, err, "Classified wrong: mean 2, 1 examples; classified right: mean 0.367, 3 examples.", "predictive entropy (nats)", "share of each (%)")
	f, err = report.Uncertainty([]float64{0.5}, []bool{true})
	check(t, f, err, "Classified right: mean 0.5, 1 examples.")
	_, err = report.Uncertainty(nil, nil)
	wantError(t, err, "report: Uncertainty: must have at least one sample, got none")
	_, err = report.Uncertainty([]float64{1}, nil)
	wantError(t, err, "report: Uncertainty: must have as many entropies as answers, got 1 and 0")
	_, err = report.Uncertainty([]float64{math.NaN()}, []bool{true})
	wantError(t, err, "must be finite, got NaN")
}

func TestPNG(t *testing.T) {
	f, err := report.Mistakes(predictions(), make([]float32, 24), 2, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*report.Figure{figure(t), f} {
		var first, second bytes.Buffer
		if err := errors.Join(report.WriteFigure(&first, report.PNG, f), report.WriteFigure(&second, report.PNG, f)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: the bytes must be a function of the figure", f.Title)
		}
		if img, err := png.Decode(&first); err != nil || img.Bounds().Dx() != 1080 {
			t.Errorf("%s: PNG must be 1080 pixels wide, got %v", f.Title, err)
		}
	}
}
