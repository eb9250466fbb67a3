package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// taken returns predictions where example i of class y is taken for answer(i, y).
func taken(classes, examples int, answer func(i, y int) int) report.Predictions {
	p := report.Predictions{Classes: classes, Probabilities: make([]float32, classes*examples)}
	for i := range examples {
		y := i % classes
		p.Labels = append(p.Labels, y)
		p.Probabilities[i*classes+answer(i, y)] = 1
	}
	return p
}

// A thousand classes are as small a picture as few: those with the most mistakes, and
// the others together, of which none is lost.
func TestManyClasses(t *testing.T) {
	// Classes 100 to 103 are taken for 900, all others are right.
	p := taken(1000, 20000, func(_, y int) int {
		if y >= 100 && y < 104 {
			return 900
		}
		return y
	})
	f, err := report.Confusion(p, nil)
	check(t, f, err, " 100 101 102 103 ", " 900 ", "others", "orange the 80 mistakes", "25 of 1000 classes with the most mistakes",
		"The grey corner stands for the other 975 among themselves: 19500 examples, 19500 of them right.", "100 taken for 900, 20 times")
	if n := len(svg(t, f)); n > 300_000 {
		t.Errorf("%d bytes", n)
	}
	few, err := report.Confusion(taken(26, 260, func(_, y int) int { return y }), nil)
	check(t, few, err, " 25 ")
	if strings.Contains(words(t, svg(t, few)), "others") {
		t.Error("26 classes have rows of their own")
	}
}

// Classes whose names begin alike are told apart in both directions.
func TestClassNamesStayApart(t *testing.T) {
	names := make([]string, 20)
	for k := range names {
		names[k] = fmt.Sprintf("a name that is too long for its row, number %d", k)
	}
	f, err := report.Confusion(taken(20, 20, func(_, y int) int { return y }), names)
	check(t, f, err)
	seen := make(map[string]int)
	for part := range strings.SplitSeq(svg(t, f), "</text>") {
		seen[part[strings.LastIndex(part, ">")+1:]]++
	}
	for label, n := range seen {
		if strings.Contains(label, "…") && n > 2 {
			t.Errorf("%q names %d rows and columns", label, n)
		}
	}
}

// A long run is drawn with its ends and extremes, and not all of its epochs.
func TestManyEpochs(t *testing.T) {
	h := &training.History{}
	for e := range 200_000 {
		loss := 1 + 0.1*float64(e%7)
		if e == 123_456 {
			loss = 5
		}
		h.Epochs = append(h.Epochs, training.Epoch{Epoch: e, Loss: loss})
	}
	f, err := report.LearningCurves([]experiment.Result{{Arm: "a", Seed: 1, History: h}, {Arm: "a", Seed: 2, History: h}}, report.TrainLoss)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(svg(t, f)); n > 300_000 {
		t.Errorf("%d bytes", n)
	}
	h.Epochs[123_456].Loss = 1
	flat, err := report.LearningCurves([]experiment.Result{{Arm: "a", Seed: 1, History: h}, {Arm: "a", Seed: 2, History: h}}, report.TrainLoss)
	if err != nil {
		t.Fatal(err)
	}
	if svg(t, flat) == svg(t, f) {
		t.Error("the only high epoch is not drawn")
	}
}

// An arm has its colour before the others have anything to show, and every band is
// drawn before every line.
func TestColoursFollowArms(t *testing.T) {
	all := runs()
	color := func(results []experiment.Result, arms ...string) string {
		f, err := report.ErrorCurves(results, arms...)
		if err != nil {
			t.Fatal(err)
		}
		s := svg(t, f)
		if band, line := strings.LastIndex(s, "fill-opacity"), strings.Index(s, "stroke-width:2"); band > line && strings.Contains(s, "fill-opacity") {
			t.Error("a band is drawn over a line")
		}
		at := strings.Index(s, ">with dropout<")
		return s[strings.LastIndex(s[:at], "fill:#")+6:][:6]
	}
	want := color(all, without, with)
	if got := color(all[1:2], without, with); got != want || want != "005F96" {
		t.Errorf("alone the arm is %s, beside the other %s", got, want)
	}
	if got := color([]experiment.Result{all[1], all[0], all[3], all[2]}, without, with); got != want {
		t.Errorf("first the arm is %s, second %s", got, want)
	}
}

// The key of a figure is above its plot, so that nothing is drawn under it.
func TestKeyIsBesidePlot(t *testing.T) {
	a, b := predictions(), predictions()
	a.Name = without
	f, err := report.Calibration(a, b)
	check(t, f, err)
	s := svg(t, f)
	if key, grid := strings.Index(s, ">"+without+"<"), strings.Index(s, ">accuracy (%)<"); key < 0 || key > grid {
		t.Errorf("the key must come before the axis, at %d and %d", key, grid)
	}
}
