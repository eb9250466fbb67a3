package report_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

func TestErrorCurves(t *testing.T) {
	f, err := report.ErrorCurves(runs())
	if err != nil {
		t.Fatal(err)
	}
	text := words(t, svg(t, f))
	for _, want := range []string{"Validation error by epoch", "mean of 3 seeds", "validation error (%), log scale", "epoch", "with dropout", "without"} {
		if !strings.Contains(text, want) {
			t.Errorf("curves must say %q, got %s", want, text)
		}
	}
	if want := "with dropout: 36.10 % in epoch 1, 8.60 % in epoch 12."; !strings.Contains(f.Alt, want) {
		t.Errorf("description must say %q, got %q", want, f.Alt)
	}
}

func TestErrorCurvesWithoutValidation(t *testing.T) {
	results := runs()
	results[3].History.Epochs[11].Validation = nil
	f, err := report.ErrorCurves(results)
	if err != nil {
		t.Fatal(err)
	}
	if text := words(t, svg(t, f)); !strings.Contains(text, "training error of the batches, dropout included (%)") || strings.Contains(text, "alidation") {
		t.Errorf("axis must say that the error is of the batches, got %s", text)
	}
}

func TestLearningCurvesCaptions(t *testing.T) {
	uneven := append(runs(), run(with, 4, 5, 10, 60))
	broken := runs()
	broken[2].History.Epochs[5].Loss = math.NaN()
	broken[4].History.Epochs[11].Loss = math.Inf(1)
	for _, tt := range []struct {
		results    []experiment.Result
		want, dont string
	}{
		{runs()[:2], "One seed for each line.", "Band"},
		{runs(), "mean of 3 seeds. Band: lowest to highest", "shortest"},
		{uneven, "mean of the seeds. Band: lowest to highest seed. A line ends with its shortest run.", "finite"},
		{broken, "No line where a run gave no finite value.", "shortest"},
		{[]experiment.Result{run("a", 1, 1, 1, 2)}, "One seed", "Band"},
	} {
		f, err := report.LearningCurves(tt.results, report.TrainLoss)
		if err != nil {
			t.Fatal(err)
		}
		svg(t, f)
		if !strings.Contains(f.Caption, tt.want) || strings.Contains(f.Caption, tt.dont) {
			t.Errorf("caption must say %q and not %q, got %q", tt.want, tt.dont, f.Caption)
		}
	}
}

func TestLearningCurvesErrors(t *testing.T) {
	_, err := report.LearningCurves(nil, report.TrainLoss)
	wantError(t, err, "report: LearningCurves: must have at least one result, got none")
	_, err = report.ErrorCurves([]experiment.Result{{Arm: "a", Seed: 7}})
	wantError(t, err, "report: LearningCurves: run of a with seed 7 must have epochs, got none")
	_, err = report.ErrorCurves([]experiment.Result{{Arm: "a", Seed: 7, History: &training.History{}}})
	wantError(t, err, "must have epochs")
	nan := []experiment.Result{run("a", 1, 1, 1, 2)}
	nan[0].History.Epochs[0].Loss = math.NaN()
	_, err = report.LearningCurves(nan, report.TrainLoss)
	wantError(t, err, "report: LearningCurves: must have a finite training loss in some epoch of every seed, got none")

	var b bytes.Buffer
	wantError(t, report.WriteCurves(&b, "gif", runs()), `report: WriteFigure: format must be svg or png, got "gif"`)
	wantError(t, report.WriteFigure(&b, report.SVG, &report.Figure{}), "must come from a function of this package")
	wantError(t, report.WriteFigure(&b, report.SVG, nil), "got an empty one")
	wantError(t, report.WriteFigure(failing{}, report.SVG, figure(t)), "disk full")
	wantError(t, report.WriteFigure(failing{}, report.PNG, figure(t)), "disk full")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }

func figure(t *testing.T) *report.Figure {
	f, err := report.ErrorCurves(runs())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Text that a user gave is text in the document, whatever it holds.
func TestFigureEscapes(t *testing.T) {
	name := "<script>alert(\"1\")</script> & \x00\x07\xff 辍学"
	f, err := report.ErrorCurves([]experiment.Result{run(name, 1, 3, 1, 2)})
	if err != nil {
		t.Fatal(err)
	}
	f.Title, f.Caption = name, name
	if s := svg(t, f); strings.Contains(s, "<script") {
		t.Errorf("names must be escaped, got %s", s)
	}
}

// Any finite values, few or many, near or far, give a figure.
func TestLearningCurvesOfAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e12, 1e12), 1, 40).Draw(rt, "values")
		r := experiment.Result{Arm: "a", History: &training.History{}}
		for _, v := range values {
			r.History.Epochs = append(r.History.Epochs, training.Epoch{Loss: v})
		}
		var b bytes.Buffer
		f, err := report.LearningCurves([]experiment.Result{r}, report.TrainLoss)
		if err == nil {
			err = report.WriteFigure(&b, report.SVG, f)
		}
		if err != nil || strings.Contains(b.String(), "NaN") {
			rt.Fatalf("%v: %v", values, err)
		}
	})
}

// Ticks stay apart over many powers of ten, few and in between.
func TestLogTicks(t *testing.T) {
	for _, tt := range []struct {
		low, high float64
		want      string
	}{
		{1e-12, 1, "epoch 1 2 1e-12 1e-10 1e-08 1e-06 0.0001 0.01 1 a"},
		{3.4, 14, "epoch 1 2 4 5 6 8 10 15 a"},
		{0.5, 1.6, "epoch 1 2 0.5 0.6 0.8 1 1.5 a"},
		{1e-300, 1e300, "epoch 1 2 1e-300 1e-214 1e-128 1e-42 1e+44 1e+130 1e+216 a"},
	} {
		r := experiment.Result{Arm: "a", History: &training.History{Epochs: []training.Epoch{{Loss: tt.high}, {Loss: tt.low}}}}
		f, err := report.LearningCurves([]experiment.Result{r}, report.TrainLoss)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSpace(words(t, svg(t, f)))
		if _, ticks, _ := strings.Cut(text, "log scale "); ticks != tt.want {
			t.Errorf("from %v to %v ticks are %s, want %s", tt.low, tt.high, ticks, tt.want)
		}
	}
}

func ExampleErrorCurves() {
	figure, err := report.ErrorCurves(runs())
	if err != nil {
		panic(err)
	}
	var picture bytes.Buffer
	if err := report.WriteFigure(&picture, report.SVG, figure); err != nil {
		panic(err)
	}
	fmt.Println(figure.Title)
	fmt.Println(figure.Caption)
	fmt.Println(figure.Alt)
	// Output:
	// Validation error by epoch
	// Line: mean of 3 seeds. Band: lowest to highest seed.
	// Learning curves: validation error by epoch. without dropout: 37.23 % in epoch 1, 9.73 % in epoch 12. with dropout: 36.10 % in epoch 1, 8.60 % in epoch 12.
}
