package report_test

import (
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// numbers are floats, extremes often among them.
func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 1e308, -1e308, 5e-324, 1e20, 1,
	}))
}

// finites are numbers without NaN and infinities.
func finites() *rapid.Generator[float64] {
	return numbers().Filter(func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) })
}

func float32s(g *rapid.Generator[float64], least, most int) *rapid.Generator[[]float32] {
	return rapid.SliceOfN(rapid.Map(g, func(x float64) float32 { return float32(x) }), least, most)
}

// notFinite matches a coordinate that is no number.
var notFinite = regexp.MustCompile(`[="MLA, ](NaN|[+-]?Inf)[", ]`)

// drawable fails unless f is an error or can be drawn with finite coordinates and in
// not too much space.
func drawable(t *rapid.T, f *report.Figure, err error) {
	if err != nil {
		if !strings.HasPrefix(err.Error(), "report: ") {
			t.Fatalf("got %v", err)
		}
		return
	}
	var b strings.Builder
	if err := report.WriteFigure(&b, report.SVG, f); err != nil {
		t.Fatal(err)
	}
	// Texts may say what they want.
	if bad := notFinite.FindString(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(b.String(), "><")); bad != "" {
		t.Fatalf("%s: coordinate %q", f.Title, bad)
	}
	if b.Len() > 1<<20 {
		t.Fatalf("%s: %d bytes", f.Title, b.Len())
	}
}

func TestActivationsOfAnything(t *testing.T) {
	f, err := report.Activations(report.Sample{Name: "a", Values: []float64{-1e308, 1e308}})
	check(t, f, err, "-1e+308", "1e+308")
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SampledFrom([]*rapid.Generator[float64]{numbers(), finites(), finites()}).Draw(t, "numbers")
		samples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) report.Sample {
			return report.Sample{Name: rapid.String().Draw(t, "name"), Values: rapid.SliceOfN(g, 0, 4).Draw(t, "values")}
		}), 0, 3).Draw(t, "samples")
		f, err := report.Activations(samples...)
		drawable(t, f, err)
		entropy := rapid.SliceOfN(g, 0, 4).Draw(t, "entropy")
		f, err = report.Uncertainty(entropy, rapid.SliceOfN(rapid.Bool(), 0, 4).Draw(t, "correct"))
		drawable(t, f, err)
		f, err = report.Uncertainty(entropy, make([]bool, len(entropy)))
		drawable(t, f, err)
	})
}

func TestPredictionsOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := report.Predictions{Name: rapid.String().Draw(t, "name"), Classes: rapid.OneOf(rapid.IntRange(-1, 4), rapid.Just(math.MaxInt)).Draw(t, "classes")}
		p.Labels = rapid.SliceOfN(rapid.IntRange(-1, 3), 0, 4).Draw(t, "labels")
		if rapid.Bool().Draw(t, "fit") && p.Classes > 1 && p.Classes < 5 {
			p.Probabilities = float32s(rapid.Float64Range(0, 1), p.Classes*len(p.Labels), p.Classes*len(p.Labels)).Draw(t, "probabilities")
		} else {
			p.Probabilities = float32s(numbers(), 0, 8).Draw(t, "probabilities")
		}
		var names []string
		if rapid.Bool().Draw(t, "named") {
			names = rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "names")
		}
		f, err := report.Confusion(p, names)
		drawable(t, f, err)
		f, err = report.Calibration(p, p)
		drawable(t, f, err)
		size := rapid.OneOf(rapid.IntRange(-1, 3), rapid.SampledFrom([]int{math.MaxInt, math.MinInt}))
		height, width := size.Draw(t, "height"), size.Draw(t, "width")
		images := float32s(numbers(), 0, 16).Draw(t, "images")
		f, err = report.Mistakes(p, images, height, width, size.Draw(t, "n"))
		drawable(t, f, err)
		f, err = report.Filters(p.Name, images, height, width)
		drawable(t, f, err)
	})
}

func TestResultsOfAnything(t *testing.T) {
	metrics := rapid.Custom(func(t *rapid.T) *training.Metrics {
		if rapid.IntRange(0, 9).Draw(t, "none") == 0 {
			return nil
		}
		count := rapid.OneOf(rapid.IntRange(0, 10), rapid.SampledFrom([]int{math.MaxInt, math.MinInt, 1, -1}))
		return &training.Metrics{Examples: count.Draw(t, "examples"), Correct: count.Draw(t, "correct"), NLL: numbers().Draw(t, "nll")}
	})
	epoch := rapid.Custom(func(t *rapid.T) training.Epoch {
		e := training.Epoch{Loss: numbers().Draw(t, "loss"), Validation: metrics.Draw(t, "validation")}
		if m := metrics.Draw(t, "train"); m != nil {
			e.Train = *m
		}
		return e
	})
	result := rapid.Custom(func(t *rapid.T) experiment.Result {
		r := experiment.Result{Arm: rapid.SampledFrom([]string{without, with, "\x00<日本語>"}).Draw(t, "arm"), Seed: rapid.Uint64Range(0, 2).Draw(t, "seed")}
		if rapid.IntRange(0, 9).Draw(t, "history") > 0 {
			r.History = &training.History{Epochs: rapid.SliceOfN(epoch, 0, 3).Draw(t, "epochs"), Train: metrics.Draw(t, "train"), Test: metrics.Draw(t, "test")}
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		results := rapid.SliceOfN(result, 0, 8).Draw(t, "results")
		f, err := report.ErrorCurves(results, rapid.SliceOfN(rapid.SampledFrom([]string{without, with, "a"}), 0, 2).Draw(t, "arms")...)
		drawable(t, f, err)
		f, err = report.LearningCurves(results, report.TrainLoss)
		drawable(t, f, err)
		c := comparison(results)
		f, err = c.SeedErrors()
		drawable(t, f, err)
		f, err = c.Gaps()
		drawable(t, f, err)
		if c.Finding() == "" || c.HTML() == "" {
			t.Fatal("want words")
		}
		_ = c.WriteTable(io.Discard)
		_ = report.WriteCSV(io.Discard, results)
		_ = report.WriteJSON(io.Discard, results)
		_ = report.Page{Title: "a", Comparison: &c}.WriteHTML(io.Discard)
	})
}
