// Package figures draws what sweeps found, and writes it as a page.
package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// A Figure is a plot with the words around it.
type Figure struct {
	Name    string // of its file
	Title   string
	Caption string
	Alt     string
	Plot    *plot.Plot
}

// Colours that the colour-blind can tell apart (Okabe and Ito 2008).
var (
	blue      = color.NRGBA{0x00, 0x72, 0xB2, 0xFF}
	vermilion = color.NRGBA{0xD5, 0x5E, 0x00, 0xFF}
	ink       = color.NRGBA{0x22, 0x22, 0x22, 0xFF}
	muted     = color.NRGBA{0x59, 0x59, 0x59, 0xFF}
)

func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(255 * alpha)
	return c
}

// All returns the figures that fit a sweep: the metric against each number that
// was tried, and parallel coordinates where more than one setting was.
func All(s *sweep.Spec, rows []sweep.Row) ([]*Figure, error) {
	var all []*Figure
	for _, name := range s.Columns() {
		if f, err := Against(s, rows, name); err == nil {
			all = append(all, f)
		} else if !errors.Is(err, errNotNumbers) {
			return nil, err
		}
	}
	if len(s.Columns()) > 1 && len(measured(rows)) > 1 {
		all = append(all, Parallel(s, rows))
	}
	return all, nil
}

var errNotNumbers = errors.New("figures: Against: setting must have at least two different numbers")

// measured returns the rows that have a metric.
func measured(rows []sweep.Row) []sweep.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r sweep.Row) bool { return r.Estimate.N == 0 })
}

// maxLine is how many values of a setting a line is drawn through: a setting
// that was drawn from an interval has dots only.
const maxLine = 24

// Against draws the metric against a setting: every trial as a dot; and a line
// through the best configuration with each value, with the 95 % confidence
// interval of its mean.
func Against(s *sweep.Spec, rows []sweep.Row, name string) (*Figure, error) {
	rows = measured(rows)
	best := make(map[float64]sweep.Row)
	var xs []float64
	dots := plotter.XYs{}
	for _, r := range rows { // the best come first
		x, ok := r.Settings[name].(float64)
		if !ok {
			return nil, errNotNumbers
		}
		if _, ok := best[x]; !ok {
			best[x] = r
			xs = append(xs, x)
		}
		for _, v := range r.Values {
			dots = append(dots, plotter.XY{X: x, Y: v})
		}
	}
	if len(xs) < 2 {
		return nil, errNotNumbers
	}
	slices.Sort(xs)
	p := axes(name, s.Metric)
	if logarithmic(s, name) {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.X.Label.Text += " (log scale)"
	}
	f := &Figure{Name: "against-" + name, Title: fmt.Sprintf("%s against %s", s.Metric, name), Plot: p, Caption: "Dot: a trial."}
	if len(xs) <= maxLine {
		var line, low, high plotter.XYs
		banded := true
		for _, x := range xs {
			e := best[x].Estimate
			line = append(line, plotter.XY{X: x, Y: e.Mean})
			l, h := e.Interval(0.95)
			banded = banded && e.N > 1
			low, high = append(low, plotter.XY{X: x, Y: max(0, l)}), append(high, plotter.XY{X: x, Y: h})
		}
		if banded {
			slices.Reverse(high)
			band, err := plotter.NewPolygon(slices.Concat(low, high))
			if err != nil {
				return nil, errors.Wrap(err, "figures: Against")
			}
			band.Color, band.LineStyle.Width = fade(blue, 0.2), 0
			p.Add(band)
			f.Caption += " Band: 95 % confidence interval of the mean over seeds."
		}
		l, err := plotter.NewLine(line)
		if err != nil {
			return nil, errors.Wrap(err, "figures: Against")
		}
		l.Color, l.Width = blue, vg.Points(2)
		p.Add(l)
		f.Caption += " Line: mean over seeds"
		if len(s.Columns()) > 1 {
			f.Caption += ", of the best that was tried with each value"
		}
		f.Caption += "."
	}
	scatter, err := plotter.NewScatter(dots)
	if err != nil {
		return nil, errors.Wrap(err, "figures: Against")
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: fade(vermilion, 0.6), Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
	p.Add(scatter)
	top := rows[0]
	f.Alt = fmt.Sprintf("%s against %s: lowest, %.4f, at %s.", s.Metric, name, top.Estimate.Mean, sweep.Text(top.Settings[name]))
	return f, nil
}

// logarithmic says whether a setting is shown on a logarithmic axis: if it was
// drawn so.
func logarithmic(s *sweep.Spec, name string) bool { return s.Space[name].Log != nil }

func axes(x, y string) *plot.Plot {
	p := plot.New()
	face := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(11)}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Tick.Label.Font = face, face
		a.Label.TextStyle.Color, a.Tick.Label.Color, a.LineStyle.Color, a.Tick.LineStyle.Color = muted, ink, muted, muted
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	return p
}

// shown is how many configurations parallel coordinates have at most.
const shown = 300

// Parallel draws parallel coordinates: an axis for each setting and for the
// metric, and a line for each configuration.
func Parallel(s *sweep.Spec, rows []sweep.Row) *Figure {
	rows = measured(rows)
	rows = rows[:min(shown, len(rows))]
	names := append(s.Columns(), s.Metric)
	p := axes("", "")
	p.HideY()
	var ticks []plot.Tick
	places := make([]func(sweep.Row) float64, len(names))
	var labels plotter.XYLabels
	for i, name := range names {
		var low, high string
		places[i], low, high = place(s, rows, name)
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: name})
		labels.XYs = append(labels.XYs, plotter.XY{X: float64(i), Y: -0.06}, plotter.XY{X: float64(i), Y: 1.03})
		labels.Labels = append(labels.Labels, low, high)
		axis, _ := plotter.NewLine(plotter.XYs{{X: float64(i), Y: 0}, {X: float64(i), Y: 1}})
		axis.Color = muted
		p.Add(axis)
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.4, float64(len(names))-0.5, -0.1, 1.1
	for i, r := range slices.Backward(rows) { // the best on top
		var line plotter.XYs
		for k, at := range places {
			line = append(line, plotter.XY{X: float64(k), Y: at(r)})
		}
		// Every point is a number, so there is no error.
		l, _ := plotter.NewLine(line)
		t := float64(i) / float64(max(1, len(rows)-1))
		l.Color, l.Width = fade(mix(blue, vermilion, t), 0.35), vg.Points(1)
		if i == 0 {
			l.Color, l.Width = blue, vg.Points(2.5)
		}
		p.Add(l)
	}
	// Every label has its point, so there is no error.
	l, _ := plotter.NewLabels(labels)
	for i := range l.TextStyle {
		l.TextStyle[i].Font, l.TextStyle[i].Color, l.TextStyle[i].XAlign = p.X.Tick.Label.Font, muted, draw.XCenter
	}
	p.Add(l)
	alt := fmt.Sprintf("Parallel coordinates of %d configurations; the best:", len(rows))
	for _, name := range s.Columns() {
		alt += fmt.Sprintf(" %s %s,", name, sweep.Text(rows[0].Settings[name]))
	}
	return &Figure{
		Name: "parallel", Title: "All configurations", Plot: p,
		Caption: "Line: a configuration, from blue for the lowest " + s.Metric + " to vermilion for the highest; the best is bold.",
		Alt:     fmt.Sprintf("%s %s %.4f.", alt, s.Metric, rows[0].Estimate.Mean),
	}
}

func mix(a, b color.NRGBA, t float64) color.NRGBA {
	m := func(x, y uint8) uint8 { return uint8(float64(x) + t*(float64(y)-float64(x))) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), 0xFF}
}

// place returns where rows lie on an axis, from 0 to 1, and what its ends are.
func place(s *sweep.Spec, rows []sweep.Row, name string) (at func(sweep.Row) float64, low, high string) {
	number := func(r sweep.Row) (float64, bool) { return r.Estimate.Mean, true }
	if slices.Contains(s.Columns(), name) {
		number = func(r sweep.Row) (float64, bool) { v, ok := r.Settings[name].(float64); return v, ok }
	}
	least, most, numbers := math.Inf(1), math.Inf(-1), true
	var texts []string
	for _, r := range rows {
		v, ok := number(r)
		numbers = numbers && ok
		least, most = min(least, v), max(most, v)
		if t := sweep.Text(r.Settings[name]); !slices.Contains(texts, t) {
			texts = append(texts, t)
		}
	}
	if !numbers {
		slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
		return func(r sweep.Row) float64 {
			return float64(slices.Index(texts, sweep.Text(r.Settings[name]))) / float64(max(1, len(texts)-1))
		}, texts[0], texts[len(texts)-1]
	}
	scale := func(v float64) float64 { return v }
	if logarithmic(s, name) {
		scale = math.Log
	}
	span := scale(most) - scale(least)
	return func(r sweep.Row) float64 {
		v, _ := number(r)
		if span == 0 {
			return 0.5
		}
		return (scale(v) - scale(least)) / span
	}, fmt.Sprintf("%.4g", least), fmt.Sprintf("%.4g", most)
}
