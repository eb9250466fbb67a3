package main

import (
	"fmt"
	"math"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/report"
)

// scoreName names what is tuned by.
func scoreName(k compare.Kind) string {
	if k == compare.Numbers {
		return "RMSE (standard deviations)"
	}
	return "NLL (nats)"
}

// figures returns those of a report. What cannot be drawn is left out.
func figures(e *compare.Experiment, o *compare.Outcome, w compare.Wording, importances []compare.Importance) []*report.Figure {
	var all []*report.Figure
	add := func(f *report.Figure, err error) {
		if err == nil && f != nil {
			all = append(all, f)
		}
	}
	add(curves(o))
	add(rates(e))
	add(splits(o, w))
	if o.Kind == compare.Classes || o.Kind == compare.Labels {
		add(report.Calibration(classifiers(o)...))
	}
	if o.Kind == compare.Numbers {
		add(coverage(o))
	}
	add(importance(importances, o, w))
	return all
}

// curves draws the validation score of the chosen trials by epoch.
func curves(o *compare.Outcome) (*report.Figure, error) {
	c := report.Chart{
		Title: "Learning curves", X: "epoch", Y: "validation " + scoreName(o.Kind), LogY: true,
		Caption: "The chosen network of each split on its tuning part: mean and range of the splits, as far as all of them were trained.",
		Alt:     "Validation score by epoch, without and with dropout.",
	}
	longest := 1
	for i, arm := range compare.Arms {
		var of [][]float64
		for _, t := range o.Chosen {
			if t.Arm == arm {
				of = append(of, t.Curve)
			}
		}
		s := report.Series{Name: string(arm), Color: i}
		for epoch := 0; len(of) > 0; epoch++ {
			mean, low, high := 0.0, math.Inf(1), math.Inf(-1)
			for _, curve := range of {
				if epoch >= len(curve) {
					mean = math.NaN()
					break
				}
				mean += curve[epoch] / float64(len(of))
				low, high = min(low, curve[epoch]), max(high, curve[epoch])
			}
			if math.IsNaN(mean) {
				break
			}
			s.X, s.Y = append(s.X, float64(epoch+1)), append(s.Y, mean)
			s.Low, s.High = append(s.Low, low), append(s.High, high)
		}
		longest = max(longest, len(s.X))
		c.Series = append(c.Series, s)
	}
	c.XTicks = report.EpochTicks(longest)
	for i := range c.Series {
		c.Series[i].NoDots = longest > 1 // one point is no line
	}
	return c.Figure()
}

// rates draws the validation score of all trials with dropout by their rate, relative to
// the best without in the same split.
func rates(e *compare.Experiment) (*report.Figure, error) {
	dots := report.Series{Name: "a trial with dropout", Color: 1, NoLine: true, Opacity: 0.45}
	best := report.Series{Name: "chosen in a split", Color: 2, NoLine: true}
	for _, t := range e.Trials() {
		base, ok := e.Chosen(t.Split, compare.Without)
		if t.Arm != compare.With || t.Diverged != "" || !ok || base.Score <= 0 {
			continue
		}
		s := &dots
		if chosen, ok := e.Chosen(t.Split, compare.With); ok && chosen.Round == t.Round {
			s = &best
		}
		s.X, s.Y = append(s.X, t.Settings.HiddenP), append(s.Y, t.Score/base.Score)
	}
	low, high := 0.0, 0.6
	for _, x := range dots.X {
		high = max(high, x)
	}
	one := report.Series{Name: "the best without", X: []float64{low, high}, Y: []float64{1, 1}, Color: 0, Dashed: true, NoDots: true}
	return report.Chart{
		Title: "Error against p", X: "drop probability of hidden units", Y: "validation score, relative", LogY: true,
		Caption: "Validation score of each trial with dropout, divided by that of the best trial without dropout in the same split: below 1 is better. Other settings vary too.",
		Alt:     "Validation score by drop probability.", Series: []report.Series{one, dots, best},
	}.Figure()
}

// splits draws the error of both arms in each split.
func splits(o *compare.Outcome, w compare.Wording) (*report.Figure, error) {
	without, with := o.Way(string(compare.Without)), o.Way(string(compare.With))
	c := report.RowChart{
		Title: "Test error by split", X: w.ErrorName(), Key: []string{string(compare.Without), string(compare.With)},
		Caption: "The test part of each split, predicted once.",
		Alt:     "Test error of both arms in each split.",
	}
	scale := 1.0
	if o.Kind != compare.Numbers {
		scale, c.X = 100, c.X+" (%)"
	}
	for i, split := range o.Splits {
		c.Rows = append(c.Rows, fmt.Sprintf("split %d", split))
		c.Marks = append(c.Marks, report.Mark{Row: i, Value: scale * without.Splits[i].Error, Color: 0}, report.Mark{Row: i, Value: scale * with.Splits[i].Error, Color: 1})
	}
	return c.Figure()
}

// classifiers returns the predictions of both arms for the figure of calibration.
func classifiers(o *compare.Outcome) []report.Predictions {
	var all []report.Predictions
	for _, name := range []string{string(compare.Without), string(compare.With), compare.Sampled} {
		way := o.Way(name)
		if way == nil {
			continue
		}
		p := report.Predictions{Name: name, Classes: 2}
		for i, q := range way.Predictions.Probabilities {
			if o.Kind == compare.Classes {
				p.Classes = len(q)
				p.Labels = append(p.Labels, way.Predictions.Classes[i])
				for _, v := range q {
					p.Probabilities = append(p.Probabilities, float32(v))
				}
				continue
			}
			for k, v := range q {
				p.Labels = append(p.Labels, int(way.Predictions.Truth[i][k]))
				p.Probabilities = append(p.Probabilities, float32(1-v), float32(v))
			}
		}
		all = append(all, p)
	}
	return all
}

// coverage draws how many numbers are in their intervals.
func coverage(o *compare.Outcome) (*report.Figure, error) {
	c := report.Chart{
		Title: "Coverage", X: "level of the intervals (%)", Y: "numbers in them (%)",
		Caption: "Share of the numbers of the test parts that lie in intervals of each level. On the diagonal intervals hold what they promise; above it they are too wide.",
		Alt:     "Share of numbers in their intervals by level.",
		Series:  []report.Series{{X: []float64{0, 100}, Y: []float64{0, 100}, Color: 5, Dashed: true, NoDots: true}},
	}
	for i, name := range []string{string(compare.Without), string(compare.With), compare.Sampled} {
		way := o.Way(name)
		if way == nil {
			continue
		}
		s := report.Series{Name: name, Color: i}
		for level := 10; level < 100; level += 10 {
			s.X, s.Y = append(s.X, float64(level)), append(s.Y, 100*way.Predictions.Coverage(float64(level)/100))
		}
		c.Series = append(c.Series, s)
	}
	return c.Figure()
}

// mostColumns is the number of columns whose importance is drawn.
const mostColumns = 20

func importance(of []compare.Importance, o *compare.Outcome, w compare.Wording) (*report.Figure, error) {
	if len(of) == 0 {
		return nil, nil
	}
	c := report.RowChart{
		Title: "Importance of columns", X: "growth of the " + w.ErrorName() + " when shuffled",
		Caption: "How much the error on the test parts grows when the values of a column are shuffled among the rows, with 95 % intervals over the splits.",
		Alt:     "Growth of the error by column.",
	}
	scale := 1.0
	if o.Kind != compare.Numbers {
		scale, c.X = 100, c.X+" (points)"
	}
	for i, one := range of[:min(len(of), mostColumns)] {
		m := report.Mark{Row: i, Value: scale * one.Error.Mean, Color: 1}
		if low, high := one.Error.Interval(report.Level); !math.IsNaN(low) {
			m.Bar, m.Low, m.High = true, scale*low, scale*high
		}
		c.Rows, c.Marks = append(c.Rows, one.Column), append(c.Marks, m)
	}
	if len(of) > mostColumns {
		c.Caption += fmt.Sprintf(" The first %d of %d columns.", mostColumns, len(of))
	}
	return c.Figure()
}
