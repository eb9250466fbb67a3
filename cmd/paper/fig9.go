package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// keeps are the probabilities of keeping a unit.
var keeps = []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}

var fig9 = study{
	name: "fig9", title: "The effect of the probability of keeping units", source: "Srivastava et al. 2014, figure 9: with n fixed (784-2048-2048-2048-10) flat for 0.4 to 0.8; with pn fixed (256, 256 and 512 kept units) best near 0.6",
	arms: func(b budget) []arm {
		var arms []arm
		for _, keep := range keeps {
			n := plain(fmt.Sprintf("n fixed, keep %.1f", keep), 2048, 2048, 2048)
			pn := plain(fmt.Sprintf("pn fixed, keep %.1f", keep), kept(256, keep), kept(256, keep), kept(512, keep))
			for _, a := range []*arm{&n, &pn} {
				switch a.Drop = math.Round(100*(1-keep)) / 100; {
				case a.Drop == 0:
					*a = a.settled()
				case b.Shrink > 1:
					a.ClipNorm = 1
				default:
					// With a mask for each example the widest of these networks
					// would take a hundred times as long. The number of updates
					// makes each unit kept equally often for every keep.
					*a = a.thinned().longer(b, 1/keep)
				}
			}
			arms = append(arms, n, pn)
		}
		return arms
	},
	budgets: budgets(func(b *budget) { b.Shrink, b.Updates = 8, 500 }),
	summarize: func(r *results) (*summary, error) {
		// The first of two series of networks is nothing to compare the others with.
		s := &summary{tables: []page.Table{r.comparison().Without("paper, %", "less the first, points", "p")}}
		for i, what := range []string{"n fixed", "pn fixed"} {
			c := report.Chart{Caption: "Bar: standard error of the mean.", Title: "Effect of the probability of keeping units, " + what, X: "probability of keeping", Y: "error (%)", LogY: true}
			test, train := report.Series{Name: "test", Color: 0}, report.Series{Name: "training", Color: 1}
			for _, keep := range keeps {
				arm := fmt.Sprintf("%s, keep %.1f", what, keep)
				e, f := r.errorOf(arm), page.InPercent(r.estimate(arm, experiment.TrainError))
				test.X, test.Y, test.Err = append(test.X, keep), append(test.Y, e.Mean), append(test.Err, e.StdErr)
				train.X, train.Y, train.Err = append(train.X, keep), append(train.Y, f.Mean), append(train.Err, f.StdErr)
			}
			c.Series = []report.Series{test, train}
			drawn, err := charted(fmt.Sprintf("fig9-%d", i+1), c)
			if err != nil {
				return nil, err
			}
			s.figures = append(s.figures, drawn)
			best := keeps[slices.Index(test.Y, slices.Min(test.Y))]
			flat := slices.Clone(test.Y[3:8]) // 0.4 to 0.8
			spread := slices.Max(flat) - slices.Min(flat)
			s.findings = append(s.findings, fmt.Sprintf("With %s the least test error is at keep %.1f (%.2f %%); within keep 0.4 to 0.8 it varies by %.2f points, at 0.1 it is %.2f %% and without dropout %.2f %%.",
				what, best, slices.Min(test.Y), spread, test.Y[0], test.Y[len(test.Y)-1]))
		}
		says := "Dropout is in the hidden layers only, as in the paper's figure. Gradients are clipped to a norm of 1 with it, since at a keep of 0.1 they are a thousand times those without dropout at first."
		if r.budget.Shrink == 1 {
			says += " It keeps the same units for a batch, exactly that share of them (exact-k), for speed."
			if r.budget.short() {
				says += " Networks have 1/keep times the updates, so that units are kept in as many for each keep."
			}
		}
		s.findings = append(s.findings, says)
		return s, nil
	},
}

// kept returns the number of units of which n are kept on average.
func kept(n int, keep float64) int { return int(math.Round(float64(n) / keep)) }
