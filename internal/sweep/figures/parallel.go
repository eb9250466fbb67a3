package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
)

// Sizes of the drawing of parallel coordinates, in points. The axes lie one below
// another, each with its name above and its numbers below it, so that a phone has
// room for any number of them.
const (
	width     vg.Length = 360
	margin    vg.Length = 10
	above     vg.Length = 18 // for the name
	below     vg.Length = 17 // for the numbers
	between   vg.Length = 26 // for the lines alone
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

// A mark is a number, or a name, on an axis.
type mark struct {
	at   float64 // in [0, 1]
	text string
}

// An axis is that of a setting or of the metric.
type axis struct {
	name  string
	place func(sweep.Row) float64 // in [0, 1]
	marks []mark
}

// parallel draws parallel coordinates: an axis for each setting and, at the
// bottom, for the metric, and a line for each configuration.
func parallel(s *sweep.Spec, rows []sweep.Row) *Figure {
	rows = rows[:min(shown, len(rows))]
	var axes []axis
	for _, name := range s.Columns() {
		at, marks := place(s, rows, name)
		axes = append(axes, axis{name, at, marks})
	}
	at, marks := place(s, rows, s.Metric)
	axes = append(axes, axis{s.MetricName(), at, marks})
	alt := fmt.Sprintf("Parallel coordinates of %d configurations; the best:", len(rows))
	for _, name := range s.Columns() {
		alt += fmt.Sprintf(" %s %s,", name, sweep.Text(rows[0].Settings[name]))
	}
	height := 2*margin + vg.Length(len(axes))*(above+below) + vg.Length(len(axes)-1)*between
	return &Figure{"parallel", report.NewFigure("All configurations",
		"Line: a configuration, from blue for the lowest "+s.Metric+" through faint to vermilion for the highest; the best is bold.",
		fmt.Sprintf("%s %s %s.", alt, s.Metric, s.Value(rows[0].Estimate.Mean)),
		width, height, func(c draw.Canvas) { drawParallel(draw.Crop(c, 2*margin, -2*margin, margin, -margin), axes, rows) })}
}

func drawParallel(c draw.Canvas, axes []axis, rows []sweep.Row) {
	x := func(t float64) vg.Length { return c.Min.X + vg.Length(t)*(c.Max.X-c.Min.X) }
	y := func(i int) vg.Length { return c.Max.Y - above - vg.Length(i)*(above+below+between) }
	for i, r := range slices.Backward(rows) { // the best on top
		var line []vg.Point
		for k, a := range axes {
			line = append(line, vg.Point{X: x(a.place(r)), Y: y(k)})
		}
		style := draw.LineStyle{Color: diverging(float64(i) / float64(max(1, len(rows)-1))), Width: vg.Points(1)}
		if i == 0 {
			style = draw.LineStyle{Color: blue, Width: vg.Points(2.5)}
		}
		c.StrokeLines(style, line)
	}
	for i, a := range axes {
		c.StrokeLine2(draw.LineStyle{Color: report.Colors().Muted, Width: vg.Points(1)}, x(0), y(i), x(1), y(i))
		name := report.TextStyle(labelSize, report.Colors().Muted)
		report.FillClear(&c, name, vg.Point{X: x(0), Y: y(i) + above}, a.name)
		taken := math.Inf(-1) // where the last number ends
		for _, m := range ends(a.marks) {
			style := report.TextStyle(labelSize, report.Colors().Ink)
			w := style.Width(m.text)
			left := min(max(x(m.at)-w/2, c.Min.X-margin), c.Max.X+margin-w)
			last := m == a.marks[len(a.marks)-1]
			end := c.Max.X + margin - style.Width(a.marks[len(a.marks)-1].text)
			if float64(left) < taken || !last && left+w+margin/2 > min(end, x(a.marks[len(a.marks)-1].at)-style.Width(a.marks[len(a.marks)-1].text)/2) {
				continue // it would touch another
			}
			taken = float64(left + w + margin/2)
			c.StrokeLine2(draw.LineStyle{Color: report.Colors().Muted, Width: vg.Points(1)}, x(m.at), y(i)-3, x(m.at), y(i)+3)
			report.FillClear(&c, style, vg.Point{X: left, Y: y(i) - 3}, m.text)
		}
	}
}

// ends returns the marks in the order of their places.
func ends(marks []mark) []mark {
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Compare(a.at, b.at) })
	return marks
}

// place returns where rows lie on an axis, from 0 to 1, and what is written below
// it.
func place(s *sweep.Spec, rows []sweep.Row, name string) (func(sweep.Row) float64, []mark) {
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
		var marks []mark
		for i, t := range texts {
			marks = append(marks, mark{at(i), t})
		}
		return func(r sweep.Row) float64 { return at(slices.Index(texts, sweep.Text(r.Settings[name]))) }, marks
	}
	slices.Sort(xs)
	least, most := xs[0], xs[len(xs)-1]
	if least == most {
		return func(sweep.Row) float64 { return 0.5 }, []mark{{0.5, fmt.Sprintf("%.4g", least)}}
	}
	scale := func(v float64) float64 { return v }
	if logarithmic(s, name, xs) {
		scale = math.Log
	}
	at := func(v float64) float64 { return (scale(v) - scale(least)) / (scale(most) - scale(least)) }
	marks := []mark{{0, fmt.Sprintf("%.3g", least)}, {1, fmt.Sprintf("%.3g", most)}}
	if given := slices.Compact(slices.Clone(xs)); len(given) <= 12 && slices.Contains(s.Columns(), name) {
		for _, v := range given[1 : len(given)-1] {
			marks = append(marks, mark{at(v), fmt.Sprintf("%.6g", v+0)})
		}
	}
	return func(r sweep.Row) float64 { v, _ := value(r); return at(v) }, marks
}
