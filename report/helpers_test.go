package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

const (
	without = "without dropout"
	with    = "with dropout"
)

// run returns a run whose errors are the given numbers of 1000 examples.
func run(arm string, seed uint64, epochs, trainWrong, testWrong int) experiment.Result {
	metrics := func(wrong int) *training.Metrics {
		return &training.Metrics{Examples: 1000, Correct: 1000 - wrong, NLL: float64(wrong) / 250}
	}
	h := &training.History{Steps: int64(10 * epochs), Train: metrics(trainWrong), Test: metrics(testWrong), Time: 1500 * time.Millisecond}
	for e := range epochs {
		h.Epochs = append(h.Epochs, training.Epoch{
			Epoch: e, Step: int64(10 * (e + 1)), Loss: 2 / float64(e+1),
			Train: *metrics(trainWrong + 400/(e+1)), Validation: metrics(testWrong + 300/(e+1)),
		})
	}
	return experiment.Result{Arm: arm, Seed: seed, History: h}
}

// runs are three seeds where dropout helps.
func runs() []experiment.Result {
	return []experiment.Result{
		run(without, 1, 12, 0, 72), run(with, 1, 12, 14, 60),
		run(without, 2, 12, 1, 75), run(with, 2, 12, 15, 64),
		run(without, 3, 12, 0, 70), run(with, 3, 12, 13, 59),
	}
}

func comparison(results []experiment.Result) report.Comparison {
	return report.Comparison{Results: results, Without: without, With: with}
}

// svg writes f as SVG, twice, and checks that it is the same well-formed
// document with no number that is not finite.
func svg(t *testing.T, f *report.Figure) string {
	t.Helper()
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := report.WriteFigure(b, report.SVG, f); err != nil {
			t.Fatal(err)
		}
	}
	s := first.Bytes()
	if !bytes.Equal(s, second.Bytes()) {
		t.Errorf("%s: the bytes must be a function of the figure", f.Title)
	}
	for d := xml.NewDecoder(bytes.NewReader(s)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: SVG must be well-formed: %v\n%s", f.Title, err, s)
		}
	}
	for _, bad := range []string{"NaN", "Inf", "+Inf"} {
		if strings.Contains(string(s), `"`+bad) || strings.Contains(string(s), ","+bad) || strings.Contains(string(s), "M"+bad) || strings.Contains(string(s), "L"+bad) {
			t.Errorf("%s: SVG must have finite numbers, got %s", f.Title, bad)
		}
	}
	return string(s)
}

// words are the texts of an SVG document in the order of drawing.
func words(t *testing.T, svg string) string {
	t.Helper()
	var all []string
	for _, s := range strings.Split(svg, "</text>") {
		if i := strings.LastIndex(s, ">"); i >= 0 {
			all = append(all, s[i+1:])
		}
	}
	return strings.Join(all, " ")
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want error %q, got %v", want, err)
	}
}
