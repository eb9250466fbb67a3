package report_test

import (
	"bytes"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
)

// wordsIn returns the texts of an SVG document.
func wordsIn(svg string) string {
	var b strings.Builder
	for _, part := range strings.Split(svg, "<text ")[1:] {
		_, part, _ = strings.Cut(part, ">")
		text, _, _ := strings.Cut(part, "<")
		b.WriteString(text + "\n")
	}
	return b.String()
}

func TestChart(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	c := report.Chart{
		Title: "a <title>", X: "images", Y: "error (%)", LogX: true, LogY: true,
		Series: []report.Series{
			{Name: "without", X: []float64{10, 100, 1000, 2000, 3000}, Y: []float64{20, 5, nan, 0, inf}, Err: []float64{1, 5, 1, 1, nan}},
			{Name: "with", X: []float64{10, 1000}, Y: []float64{10, 1}, Low: []float64{9, 0.5}, High: []float64{11, 2}, Color: 1, Dashed: true, NoDots: true},
			{X: []float64{50}, Y: []float64{3}, NoLine: true, Color: 8, Opacity: 0.5}, // not in the key
		},
	}
	f, err := c.Figure()
	if err != nil {
		t.Fatal(err)
	}
	svg := f.SVG()
	for _, want := range []string{"a &lt;title&gt;\n", "images, log scale\n", "error (%), log scale\n", "without\n", "with\n", "10\n", "1000\n", "20\n", "0.5\n"} {
		if !strings.Contains("\n"+wordsIn(svg), "\n"+want) {
			t.Errorf("want the text %q, got %s", want, wordsIn(svg))
		}
	}
	for _, not := range []string{"NaN", "Inf", "<title>"} {
		if strings.Contains(svg, not) {
			t.Errorf("the drawing must not have %s", not)
		}
	}
	if _, err := png.Decode(bytes.NewReader(f.PNG())); err != nil || f.SVG() != svg {
		t.Errorf("want a picture, the same each time, got %v", err)
	}
	// A point that cannot be drawn leaves no gap, and a name no colour of another.
	if n := strings.Count(svg, "stroke:#0072B2"); n != 2 { // the line and its sample in the key
		t.Errorf("want 2 strokes of the second series, got %d", n)
	}
	c.XTicks = []float64{10, 1000}
	if f, err = c.Figure(); err != nil || strings.Contains(wordsIn(f.SVG()), "\n100\n") {
		t.Errorf("want ticks at the values given alone, got %s, %v", wordsIn(f.SVG()), err)
	}
}

// One point, equal points and the largest numbers are drawn.
func TestChartExtremes(t *testing.T) {
	for _, y := range [][]float64{{3}, {0}, {2, 2}, {-math.MaxFloat64, math.MaxFloat64}, {1e-300, 2e-300}} {
		x := make([]float64, len(y))
		for i := range x {
			x[i] = float64(i)
		}
		f, err := report.Chart{Series: []report.Series{{X: x, Y: y}}}.Figure()
		if err != nil {
			t.Errorf("%v: %v", y, err)
			continue
		}
		if svg := f.SVG(); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%v: the drawing has numbers that are none", y)
		}
	}
}

func TestChartErrors(t *testing.T) {
	x := []float64{1, 2}
	for want, c := range map[string]report.Chart{
		"report: Chart: must have a finite point, positive where the scale is logarithmic, got none": {LogY: true, Series: []report.Series{{X: x, Y: []float64{0, math.NaN()}}}},
		`series "a" must have one Y for each X, got 1 and 2`:                                         {Series: []report.Series{{Name: "a", X: x, Y: x[:1]}}},
		`series "a" must have as many errors and ends of bands as X, got 1 and 2`:                    {Series: []report.Series{{Name: "a", X: x, Y: x, Err: x[:1]}}},
		`series "a" must have both ends of its band or none`:                                         {Series: []report.Series{{Name: "a", X: x, Y: x, Low: x}}},
		`X of series "a" must be finite, and positive on a logarithmic scale, got 0`:                 {LogX: true, Series: []report.Series{{Name: "a", X: []float64{0, 1}, Y: x}}},
		"got NaN": {Series: []report.Series{{X: []float64{math.NaN()}, Y: []float64{1}}}},
	} {
		if _, err := c.Figure(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}

func TestRowChart(t *testing.T) {
	long := strings.Repeat("a long name ", 9)
	c := report.RowChart{
		Title: "errors", X: "test error (%)", Rows: []string{"none", long + "1", long + "2"}, Key: []string{"paper", "here"},
		Marks: []report.Mark{{Row: 0, Value: 1.6}, {Row: 1, Value: 1.2, Bar: true, Low: 1.1, High: 1.3, Color: 1, Large: true}, {Row: 2, Value: math.NaN()}},
	}
	f, err := c.Figure()
	if err != nil {
		t.Fatal(err)
	}
	words := wordsIn(f.SVG())
	for _, want := range []string{"paper\n", "here\n", "none\n", "test error (%)\n"} {
		if !strings.Contains(words, want) {
			t.Errorf("want the text %q, got %s", want, words)
		}
	}
	if strings.Contains(words, "NaN") || strings.Count(words, "…") != 2 || strings.Contains(words, long) {
		t.Errorf("want long names cut so that they differ, got %s", words)
	}
	for want, c := range map[string]report.RowChart{
		"row of a mark must be in [0, 1), got 1":                {Rows: []string{"a"}, Marks: []report.Mark{{Row: 1}}},
		"report: RowChart: must have a finite number, got none": {Rows: []string{"a"}, Marks: []report.Mark{{Value: math.NaN()}}},
	} {
		if _, err := c.Figure(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}
