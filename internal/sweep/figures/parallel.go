package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
)

// Size of the drawing of parallel coordinates, in points.
const (
	width     vg.Length = 400
	height    vg.Length = 290
	margin    vg.Length = 8
	labelSize           = 12
)

// Colours of package report, which pages change on dark screens.
var (
	vermilion = color.NRGBA(report.Colors().Series[0]) // opaque, so that both are the same
	blue      = color.NRGBA(report.Colors().Series[1])
)

func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(255 * alpha)
	return c
}

// diverging returns the colour at t, between the lowest value at 0 and the
// highest at 1.
func diverging(t float64) color.NRGBA {
	if t < 0.5 {
		return fade(blue, 0.15+0.5*(1-2*t))
	}
	return fade(vermilion, 0.15+0.5*(2*t-1))
}

// shown is the largest number of configurations in parallel coordinates.
const shown = 300

// Parallel draws parallel coordinates: an axis for each setting and for the
// metric, and a line for each configuration.
func Parallel(s *sweep.Spec, rows []sweep.Row) *Figure {
	rows = measured(rows)
	rows = rows[:min(shown, len(rows))]
	names := append(s.Columns(), s.Metric)
	p := report.Axes("")
	p.HideY()
	var ticks []plot.Tick
	places := make([]func(sweep.Row) float64, len(names))
	var labels plotter.XYLabels
	for i, name := range names {
		var marks []plot.Tick
		places[i], marks = place(s, rows, name)
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: name})
		for _, m := range marks {
			at := plotter.XY{X: float64(i) + 0.04, Y: m.Value + 0.015}
			if m.Value == 0 { // below the lines
				at.Y = -0.075
			}
			labels.XYs = append(labels.XYs, at)
			labels.Labels = append(labels.Labels, m.Label)
		}
		axis, _ := plotter.NewLine(plotter.XYs{{X: float64(i), Y: 0}, {X: float64(i), Y: 1}})
		axis.Color = report.Colors().Muted
		p.Add(axis)
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.2, float64(len(names))-0.5, -0.1, 1.1
	for i, r := range slices.Backward(rows) { // the best on top
		var line plotter.XYs
		for k, at := range places {
			line = append(line, plotter.XY{X: float64(k), Y: at(r)})
		}
		// Every point is a number, so there is no error.
		l, _ := plotter.NewLine(line)
		t := float64(i) / float64(max(1, len(rows)-1))
		l.Color, l.Width = diverging(t), vg.Points(1)
		if i == 0 {
			l.Color, l.Width = blue, vg.Points(2.5)
		}
		p.Add(l)
	}
	// Every label has its point, so there is no error.
	l, _ := plotter.NewLabels(labels)
	for i := range l.TextStyle {
		l.TextStyle[i] = report.TextStyle(labelSize, report.Colors().Ink)
		l.TextStyle[i].YAlign = draw.YBottom
	}
	p.Add(l)
	alt := fmt.Sprintf("Parallel coordinates of %d configurations; the best:", len(rows))
	for _, name := range s.Columns() {
		alt += fmt.Sprintf(" %s %s,", name, sweep.Text(rows[0].Settings[name]))
	}
	return &Figure{"parallel", report.NewFigure("All configurations",
		"Line: a configuration, from blue for the lowest "+s.Metric+" through faint to vermilion for the highest; the best is bold.",
		fmt.Sprintf("%s %s %.4f.", alt, s.Metric, rows[0].Estimate.Mean),
		width, height, func(c draw.Canvas) { p.Draw(draw.Crop(c, margin, -margin, margin, -margin)) })}
}

// place returns where rows lie on an axis, from 0 to 1, and the axis labels.
func place(s *sweep.Spec, rows []sweep.Row, name string) (func(sweep.Row) float64, []plot.Tick) {
	value := func(r sweep.Row) (float64, bool) { return r.Estimate.Mean, true }
	if slices.Contains(s.Columns(), name) {
		value = func(r sweep.Row) (float64, bool) { v, ok := r.Settings[name].(float64); return v, ok }
	}
	var xs []float64
	var texts []string
	for _, r := range rows {
		if v, ok := value(r); ok {
			xs = append(xs, v)
		}
		if t := sweep.Text(r.Settings[name]); !slices.Contains(texts, t) {
			texts = append(texts, t)
		}
	}
	if len(xs) < len(rows) { // these are names
		slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
		at := func(i int) float64 { return (float64(i) + 0.5) / float64(len(texts)) }
		var marks []plot.Tick
		for i, t := range texts {
			if len(texts) <= 8 || i == 0 || i == len(texts)-1 {
				marks = append(marks, plot.Tick{Value: at(i), Label: t})
			}
		}
		return func(r sweep.Row) float64 { return at(slices.Index(texts, sweep.Text(r.Settings[name]))) }, marks
	}
	slices.Sort(xs)
	least, most := xs[0], xs[len(xs)-1]
	if least == most {
		return func(sweep.Row) float64 { return 0.5 }, []plot.Tick{{Value: 0.5, Label: fmt.Sprintf("%.4g", least)}}
	}
	scale := func(v float64) float64 { return v }
	if logarithmic(s, name, xs) {
		scale = math.Log
	}
	at := func(v float64) float64 { return (scale(v) - scale(least)) / (scale(most) - scale(least)) }
	marks := []plot.Tick{{Value: 0, Label: fmt.Sprintf("%.3g", least)}, {Value: 1, Label: fmt.Sprintf("%.3g", most)}}
	if given := slices.Compact(slices.Clone(xs)); len(given) <= 6 {
		for _, v := range given[1 : len(given)-1] {
			if y := at(v); y > 0.08 && y < 0.92 {
				marks = append(marks, plot.Tick{Value: y, Label: fmt.Sprintf("%.6g", v+0)})
			}
		}
	}
	return func(r sweep.Row) float64 { v, _ := value(r); return at(v) }, marks
}
