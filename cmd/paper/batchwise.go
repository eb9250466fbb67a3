package main

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
)

var batchwiseStudy = study{
	name: "batchwise", title: "Masks for each example, for a batch, and thinned networks, 2×1024", source: "Graham, Reizenstein and Robinson, \"Efficient batchwise dropout training using submatrices\", 2015: about the same error, up to four times less work",
	arms: func(budget) []arm {
		each, one, thin := dropped("each example", 1024, 1024), dropped("batchwise", 1024, 1024), dropped("exact-k submatrix", 1024, 1024)
		one.Dropout, thin.Dropout = batchwise, exactK
		one.Rate, thin.Rate = exactRate, exactRate
		return []arm{each, one, thin, plain("no dropout", 1024, 1024).settled()}
	},
	budgets:  budgets(func(b *budget) { b.Shrink, b.Updates, b.Test = 2, 400, 5000 }),
	measures: learningCurve, timed: true,
	summarize: func(r *results) (*summary, error) {
		c := report.Chart{Caption: "Bar: standard error of the mean.", Title: "Test error by training time", X: "seconds of updates", Y: "test error (%)", LogY: true}
		// An error that all arms reach: the highest of their best.
		goal := 0.0
		curves := make([]report.Series, len(r.arms))
		for i, a := range r.arms {
			l := report.Series{Name: a.Name, Color: i}
			for _, e := range r.extra(a.Name, "seconds") {
				l.X = append(l.X, e.Mean)
			}
			least := 100.0
			for _, e := range r.extra(a.Name, "errors") {
				l.Y, l.Err = append(l.Y, e.Mean), append(l.Err, e.StdErr)
				least = min(least, e.Mean)
			}
			if len(l.X) == 0 || len(l.X) != len(l.Y) {
				return nil, errMissing(a.Name, "a curve")
			}
			goal = max(goal, least)
			curves[i] = l
		}
		c.Series = curves
		t := page.Table{Header: []string{"arm", "s/update", "speed, first arm = 1", fmt.Sprintf("seconds to %.2f %%", goal), "final error, %"}}
		speed := func(l report.Series, a arm) float64 { return l.X[len(l.X)-1] / float64(r.of(a.Name)[0].History.Steps) }
		for i, a := range r.arms {
			reached := "–"
			for k, y := range curves[i].Y {
				if y <= goal {
					reached = fmt.Sprintf("%.1f", curves[i].X[k])
					break
				}
			}
			s := speed(curves[i], a)
			t.Rows = append(t.Rows, []string{a.Name, fmt.Sprintf("%.4f", s), fmt.Sprintf("%.2f", speed(curves[0], r.arms[0])/s), reached, page.PlusMinus(r.errorOf(a.Name), 2)})
		}
		drawn, err := charted(r.study.name, c)
		if err != nil {
			return nil, err
		}
		return &summary{
			tables: []page.Table{t, r.comparison()}, figures: []figure{drawn},
			findings: []string{
				fmt.Sprintf("An update of the thinned network is %.2f times as fast as one with a mask for each example. %s; %s. Times are of a machine that may have had other work: compare them within the table only.",
					speed(curves[0], r.arms[0])/speed(curves[2], r.arms[2]), "Here "+r.difference("batchwise", "each example"), r.difference("exact-k submatrix", "each example")),
			},
		}, nil
	},
}
