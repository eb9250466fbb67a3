// Package figures draws the results of sweeps, and writes them as a page.
package figures

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Figure is a [report.Figure] with a file name.
type Figure struct {
	Name string
	*report.Figure
}

// All returns the figures that suit a sweep: the best settings, the metric
// against each number that was tried and, if more than one setting was, their
// importance and parallel coordinates.
func All(s *sweep.Spec, rows []sweep.Row) ([]*Figure, error) {
	rows = s.Scaled(measured(rows))
	if len(rows) == 0 {
		return nil, nil
	}
	furthest := sweep.Furthest(s, rows)
	first, err := best(s, furthest)
	if err != nil {
		return nil, err
	}
	all := []*Figure{first}
	for _, name := range s.Columns() {
		if f, err := against(s, rows, name); err == nil {
			all = append(all, f)
		} else if !errors.Is(err, errNotNumbers) {
			return nil, err
		}
	}
	if len(s.Columns()) < 2 || len(furthest) < 2 {
		return all, nil
	}
	if len(s.Names()) > 1 && len(furthest) >= fewest {
		f, err := importance(s, furthest)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return append(all, parallel(s, furthest)), nil
}

var errNotNumbers = errors.New("figures: against: setting must have at least two different numbers")

// capital returns s with a capital letter at its beginning, which is ASCII.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// measured returns the rows that have a metric.
func measured(rows []sweep.Row) []sweep.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r sweep.Row) bool { return r.Estimate.N == 0 })
}

// against draws the metric against a setting, with a dot for every trial. If
// values were listed, a line connects the best configuration of each; if they
// were drawn at random, it is a local mean with its 95 % confidence interval.
func against(s *sweep.Spec, rows []sweep.Row, name string) (*Figure, error) {
	var xs []float64
	lowest := make(map[float64]sweep.Row)
	for _, r := range rows { // the best come first
		x, ok := r.Settings[name].(float64)
		if !ok {
			return nil, errNotNumbers
		}
		if _, ok := lowest[x]; !ok {
			lowest[x] = r
			xs = append(xs, x)
		}
	}
	if len(xs) < 2 {
		return nil, errNotNumbers
	}
	slices.Sort(xs)
	log := logarithmic(s, name, xs)
	c := report.Chart{
		Title: fmt.Sprintf("%s against %s", capital(s.Metric), name), Caption: "Dot: a trial.", X: name, Y: s.MetricName(),
		LogX: log, XTicks: ticks(xs, log), Series: dots(s, rows, name),
	}
	_, given := s.Space[name]
	drawn := given && s.Space[name].Values == nil
	switch {
	case !drawn:
		var line []center
		for _, x := range xs {
			line = append(line, center{x, lowest[x].Estimate})
		}
		c.Caption += " Line: mean over seeds"
		if len(s.Columns()) > 1 {
			c.Caption += ", of the best that was tried with each value"
		}
		c.Caption += "."
		means := through(s, "mean", line)
		if means.Low != nil {
			c.Caption += " Band: 95 % confidence interval of the mean."
		}
		c.Series = append(c.Series, means)
	case s.Halving == nil && len(xs) >= 12:
		c.Series = append(c.Series, through(s, "mean", bins(rows, name, xs, log)))
		c.Caption += " Line and band: mean, with its 95 % confidence interval, of the trials in each part of the range, whatever their other settings are."
	}
	if s.Halving != nil && s.Halving.Resource != name {
		c.Caption += " Stronger dots have more " + s.Halving.Resource + "."
	}
	top := rows[0]
	c.Alt = fmt.Sprintf("%s against %s: lowest, %s, at %s.", s.Metric, name, s.Value(top.Estimate.Mean), sweep.Text(top.Settings[name]))
	f, err := c.Figure()
	return &Figure{"against-" + name, f}, errors.WithMessage(err, "figures: against")
}

// center is an estimate at a place on the axis.
type center struct {
	x float64
	experiment.Estimate
}

// through returns a line through means and, if all have one, the band of their
// intervals.
func through(s *sweep.Spec, name string, means []center) report.Series {
	line := report.Series{Name: name, Color: 1, NoDots: true}
	banded := true
	for _, m := range means {
		low, high := s.Possible(m.Interval(0.95))
		banded = banded && m.N > 1
		line.X, line.Y = append(line.X, m.x), append(line.Y, m.Mean)
		line.Low, line.High = append(line.Low, low), append(line.High, high)
	}
	if !banded {
		line.Low, line.High = nil, nil
	}
	return line
}

// bins returns the mean over all trials in each of several parts of the range,
// with the same number of configurations in each part.
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

// dots returns all trials; those that halving has given more are stronger.
func dots(s *sweep.Spec, rows []sweep.Row, name string) []report.Series {
	byRound := make(map[float64]*report.Series)
	for _, r := range rows {
		round := 0.0
		if s.Halving != nil && s.Halving.Resource != name {
			round, _ = r.Settings[s.Halving.Resource].(float64)
		}
		if byRound[round] == nil {
			byRound[round] = &report.Series{NoLine: true, Opacity: 0.7}
		}
		of := byRound[round]
		for _, v := range r.Values {
			of.X, of.Y = append(of.X, r.Settings[name].(float64)), append(of.Y, v)
		}
	}
	var all []report.Series
	for i, round := range slices.Sorted(maps.Keys(byRound)) {
		byRound[round].Name = "trial"
		if len(byRound) > 1 {
			byRound[round].Name = fmt.Sprintf("%s %v", s.Halving.Resource, round)
			byRound[round].Opacity = 0.35 + 0.65*float64(i)/float64(len(byRound)-1)
		}
		all = append(all, *byRound[round])
	}
	return all
}

// ticks returns the values of a setting, in order, as ticks if their labels do
// not touch; otherwise nil, for round numbers.
func ticks(xs []float64, log bool) []float64 {
	scale := func(v float64) float64 { return v }
	if log {
		scale = math.Log
	}
	if len(xs) > 12 {
		return nil
	}
	span := scale(xs[len(xs)-1]) - scale(xs[0])
	for i := 1; i < len(xs); i++ {
		if scale(xs[i])-scale(xs[i-1]) <= 0.07*span {
			return nil
		}
	}
	return xs
}

// logarithmic reports whether a setting is shown on a logarithmic axis: if it
// was drawn so, if halving multiplies it, or if its values span orders of
// magnitude.
func logarithmic(s *sweep.Spec, name string, xs []float64) bool {
	if xs[0] <= 0 {
		return false
	}
	return s.Space[name].Log != nil || s.Halving != nil && s.Halving.Resource == name ||
		s.Space[name].Values != nil && xs[len(xs)-1] >= 20*xs[0]
}

// listed is how many of the best configurations are drawn.
const listed = 10

// best draws the best configurations, the very best on top: the mean, its 95 %
// confidence interval, and every trial.
func best(s *sweep.Spec, rows []sweep.Row) (*Figure, error) {
	rows = rows[:min(listed, len(rows))]
	c := report.RowChart{
		Title: "Best settings", X: s.MetricName(),
		Caption: "Large dot: mean over seeds. Bar: its 95 % confidence interval. Small dot: a trial.",
		Alt:     fmt.Sprintf("The %d best settings with intervals; the best has %s %s.", len(rows), s.Metric, s.Value(rows[0].Estimate.Mean)),
	}
	longest := 0
	for _, r := range rows {
		var parts []string
		for _, name := range s.Columns() {
			parts = append(parts, name+" "+sweep.Text(r.Settings[name]))
		}
		c.Rows = append(c.Rows, strings.Join(parts, ", "))
		longest = max(longest, len(c.Rows[len(c.Rows)-1]))
	}
	if longest == 0 || longest > 25 {
		for i := range c.Rows {
			c.Rows[i] = fmt.Sprint(i + 1)
		}
		c.Caption += " Numbers: rows of the table."
	}
	for i, r := range rows {
		mean := report.Mark{Row: i, Value: r.Estimate.Mean, Color: 1, Large: true}
		if r.Estimate.N > 1 {
			mean.Bar = true
			mean.Low, mean.High = s.Possible(r.Estimate.Interval(0.95))
		}
		c.Marks = append(c.Marks, mean)
		for _, v := range r.Values {
			c.Marks = append(c.Marks, report.Mark{Row: i, Value: v, Opacity: 0.7})
		}
	}
	f, err := c.Figure()
	return &Figure{"best", f}, errors.WithMessage(err, "figures: best")
}
