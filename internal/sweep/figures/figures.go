// Package figures draws what sweeps found, and writes it as a page.
package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Figure is a plot with the words around it.
type Figure struct {
	Name    string // of its file
	Title   string
	Caption string
	Alt     string
	Plot    *plot.Plot
}

// Colours of package report, which pages change on dark screens.
var (
	palette   = report.Colors()
	vermilion = color.NRGBA(palette.Series[0]) // opaque, so that both are the same
	blue      = color.NRGBA(palette.Series[1])
	ink       = color.NRGBA(palette.Ink)
	muted     = color.NRGBA(palette.Muted)
)

func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(255 * alpha)
	return c
}

// diverging is the colour of what lies at t between the lowest, at 0, and the
// highest, at 1.
func diverging(t float64) color.NRGBA {
	if t < 0.5 {
		return fade(blue, 0.15+0.5*(1-2*t))
	}
	return fade(vermilion, 0.15+0.5*(2*t-1))
}

// All returns the figures that fit a sweep: the metric against each number that
// was tried, parallel coordinates where more than one setting was, and the best
// settings.
func All(s *sweep.Spec, rows []sweep.Row) ([]*Figure, error) {
	rows = measured(rows)
	if len(rows) == 0 {
		return nil, nil
	}
	var all []*Figure
	for _, name := range s.Columns() {
		if f, err := Against(s, rows, name); err == nil {
			all = append(all, f)
		} else if !errors.Is(err, errNotNumbers) {
			return nil, err
		}
	}
	furthest := sweep.Furthest(s, rows)
	if len(s.Columns()) > 1 && len(furthest) > 1 {
		all = append(all, Parallel(s, furthest))
	}
	return append(all, Best(s, furthest)), nil
}

var errNotNumbers = errors.New("figures: Against: setting must have at least two different numbers")

// measured returns the rows that have a metric.
func measured(rows []sweep.Row) []sweep.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r sweep.Row) bool { return r.Estimate.N == 0 })
}

// Against draws the metric against a setting: every trial as a dot; and where
// values were given, a line through the best configuration with each, or where
// they were drawn at random, through the mean of those near, with the 95 %
// confidence interval.
func Against(s *sweep.Spec, rows []sweep.Row, name string) (*Figure, error) {
	rows = measured(rows)
	var xs []float64
	best := make(map[float64]sweep.Row)
	for _, r := range rows { // the best come first
		x, ok := r.Settings[name].(float64)
		if !ok {
			return nil, errNotNumbers
		}
		if _, ok := best[x]; !ok {
			best[x] = r
			xs = append(xs, x)
		}
	}
	if len(xs) < 2 {
		return nil, errNotNumbers
	}
	slices.Sort(xs)
	p := axes(name, s.Metric)
	across(s, &p.X, name, xs)
	x := p.X // before data widen it
	f := &Figure{Name: "against-" + name, Title: fmt.Sprintf("%s against %s", s.Metric, name), Plot: p, Caption: "Dot: a trial."}
	_, given := s.Space[name]
	drawn := given && s.Space[name].Values == nil
	switch {
	case !drawn:
		var line []center
		for _, x := range xs {
			line = append(line, center{x, best[x].Estimate})
		}
		f.Caption += " Line: mean over seeds"
		if len(s.Columns()) > 1 {
			f.Caption += ", of the best that was tried with each value"
		}
		banded, err := addLine(p, line)
		if err != nil {
			return nil, err
		}
		f.Caption += "."
		if banded {
			f.Caption += " Band: 95 % confidence interval of the mean."
		}
	case s.Halving == nil && len(xs) >= 12:
		if _, err := addLine(p, bins(rows, name, xs, logarithmic(s, name, xs))); err != nil {
			return nil, err
		}
		f.Caption += " Line and band: mean, with its 95 % confidence interval, of the trials in each part of the range, whatever their other settings are."
	}
	if err := addDots(s, p, rows, name); err != nil {
		return nil, err
	}
	if s.Halving != nil && s.Halving.Resource != name {
		f.Caption += " Darker dots have more " + s.Halving.Resource + "."
	}
	p.X.Min, p.X.Max = x.Min, x.Max
	upTo(&p.Y)
	top := rows[0]
	f.Alt = fmt.Sprintf("%s against %s: lowest, %.4f, at %s.", s.Metric, name, top.Estimate.Mean, sweep.Text(top.Settings[name]))
	return f, nil
}

// center is an estimate at a place.
type center struct {
	x float64
	experiment.Estimate
}

// addLine draws a line through means and, where all have one, the band of their
// intervals.
func addLine(p *plot.Plot, through []center) (banded bool, err error) {
	var line, low, high plotter.XYs
	banded = true
	for _, c := range through {
		line = append(line, plotter.XY{X: c.x, Y: c.Mean})
		l, h := c.Interval(0.95)
		banded = banded && c.N > 1
		low, high = append(low, plotter.XY{X: c.x, Y: max(0, l)}), append(high, plotter.XY{X: c.x, Y: h})
	}
	if banded {
		slices.Reverse(high)
		band, err := plotter.NewPolygon(slices.Concat(low, high))
		if err != nil {
			return false, errors.Wrap(err, "figures: Against")
		}
		band.Color, band.LineStyle.Width = fade(blue, 0.2), 0
		p.Add(band)
	}
	l, err := plotter.NewLine(line)
	if err != nil {
		return false, errors.Wrap(err, "figures: Against")
	}
	l.Color, l.Width = blue, vg.Points(2)
	p.Add(l)
	return banded, nil
}

// bins returns the mean over all trials in each of several parts of the range,
// which hold as many configurations as each other.
func bins(rows []sweep.Row, name string, xs []float64, logarithmic bool) []center {
	rows = slices.Clone(rows)
	at := func(r sweep.Row) float64 { return r.Settings[name].(float64) }
	slices.SortStableFunc(rows, func(a, b sweep.Row) int { return cmp.Compare(at(a), at(b)) })
	n := min(8, len(xs)/6)
	var all []center
	for i := range n {
		var values []float64
		place := 0.0
		part := rows[i*len(rows)/n : (i+1)*len(rows)/n]
		for _, r := range part {
			x := at(r)
			if logarithmic {
				x = math.Log(x)
			}
			place += x / float64(len(part))
			values = append(values, r.Values...)
		}
		if logarithmic {
			place = math.Exp(place)
		}
		all = append(all, center{place, experiment.Estimated(values)})
	}
	return all
}

// addDots draws every trial; those that halving has given more are darker.
func addDots(s *sweep.Spec, p *plot.Plot, rows []sweep.Row, name string) error {
	byRound := make(map[float64]plotter.XYs)
	for _, r := range rows {
		round := 0.0
		if s.Halving != nil && s.Halving.Resource != name {
			round, _ = r.Settings[s.Halving.Resource].(float64)
		}
		for _, v := range r.Values {
			byRound[round] = append(byRound[round], plotter.XY{X: r.Settings[name].(float64), Y: v})
		}
	}
	rounds := slices.Sorted(maps.Keys(byRound))
	for i, round := range rounds {
		scatter, err := plotter.NewScatter(byRound[round])
		if err != nil {
			return errors.Wrap(err, "figures: Against")
		}
		alpha := 0.7
		if len(rounds) > 1 {
			alpha = 0.25 + 0.65*float64(i)/float64(len(rounds)-1)
		}
		scatter.GlyphStyle = draw.GlyphStyle{Color: fade(vermilion, alpha), Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
		p.Add(scatter)
	}
	return nil
}

// listed is how many of the best configurations are drawn.
const listed = 10

// Best draws the best configurations, the very best on top: the mean, its 95 %
// confidence interval, and every trial.
func Best(s *sweep.Spec, rows []sweep.Row) *Figure {
	rows = measured(rows)
	rows = rows[:min(listed, len(rows))]
	p := axes(s.Metric, " ") // room beside the labels
	f := &Figure{
		Name: "best", Title: "Best settings", Plot: p,
		Caption: "Triangle: mean over seeds. Bar: its 95 % confidence interval. Dot: a trial.",
		Alt:     fmt.Sprintf("The %d best settings with intervals; the best has %s %.4f.", len(rows), s.Metric, rows[0].Estimate.Mean),
	}
	labels, longest := make([]string, len(rows)), 0
	for i, r := range rows {
		var parts []string
		for _, name := range s.Columns() {
			parts = append(parts, name+" "+sweep.Text(r.Settings[name]))
		}
		labels[i] = strings.Join(parts, ", ")
		longest = max(longest, len(labels[i]))
	}
	if longest == 0 || longest > 28 {
		for i := range labels {
			labels[i] = fmt.Sprint(i + 1)
		}
		f.Caption += " Numbers: rows of the table."
	}
	var ticks plot.ConstantTicks
	var dots, means plotter.XYs
	for i, r := range rows {
		y := float64(-i)
		ticks = append(ticks, plot.Tick{Value: y, Label: labels[i]})
		means = append(means, plotter.XY{X: r.Estimate.Mean, Y: y})
		for _, v := range r.Values {
			dots = append(dots, plotter.XY{X: v, Y: y})
		}
		if r.Estimate.N > 1 {
			low, high := r.Estimate.Interval(0.95)
			// Its points are numbers, so there is no error.
			l, _ := plotter.NewLine(plotter.XYs{{X: max(0, low), Y: y}, {X: high, Y: y}})
			l.Color, l.Width = fade(blue, 0.35), vg.Points(6)
			p.Add(l)
		}
	}
	for _, g := range []struct {
		at    plotter.XYs
		style draw.GlyphStyle
	}{
		{dots, draw.GlyphStyle{Color: fade(vermilion, 0.7), Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}},
		{means, draw.GlyphStyle{Color: blue, Radius: vg.Points(4), Shape: draw.PyramidGlyph{}}},
	} {
		scatter, _ := plotter.NewScatter(g.at)
		scatter.GlyphStyle = g.style
		p.Add(scatter)
	}
	p.Y.Tick.Marker = ticks
	p.Y.Min, p.Y.Max = 0.5-float64(len(rows)), 0.5
	p.X.Tick.Marker = inside{Ticker: p.X.Tick.Marker}
	span := p.X.Max - p.X.Min
	p.X.Min, p.X.Max = max(0, p.X.Min-0.05*span), p.X.Max+0.05*span
	return f
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
		axis.Color = muted
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
		l.TextStyle[i].Font, l.TextStyle[i].Handler, l.TextStyle[i].Color = p.X.Tick.Label.Font, p.X.Tick.Label.Handler, ink
	}
	p.Add(l)
	alt := fmt.Sprintf("Parallel coordinates of %d configurations; the best:", len(rows))
	for _, name := range s.Columns() {
		alt += fmt.Sprintf(" %s %s,", name, sweep.Text(rows[0].Settings[name]))
	}
	return &Figure{
		Name: "parallel", Title: "All configurations", Plot: p,
		Caption: "Line: a configuration, from blue for the lowest " + s.Metric + " through faint to vermilion for the highest; the best is bold.",
		Alt:     fmt.Sprintf("%s %s %.4f.", alt, s.Metric, rows[0].Estimate.Mean),
	}
}

// place returns where rows lie on an axis, from 0 to 1, and what is written
// beside it.
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
				marks = append(marks, plot.Tick{Value: y, Label: number(v)})
			}
		}
	}
	return func(r sweep.Row) float64 { v, _ := value(r); return at(v) }, marks
}
