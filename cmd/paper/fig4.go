package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
)

var fig4 = study{
	name: "fig4", title: "Test error while different architectures are trained", source: "Srivastava et al. 2014, figure 4: networks of 2 to 4 layers of 1024 or 2048 units; two separate clusters of curves, error about 1.6 to 2 % without dropout and 1 to 1.3 % with it",
	arms: func(budget) []arm {
		var arms []arm
		for _, layers := range []int{2, 3, 4} {
			for _, units := range []int{1024, 2048} {
				hidden := slices.Repeat([]int{units}, layers)
				arms = append(arms, plain(fmt.Sprintf("without, %d×%d", layers, units), hidden...), dropped(fmt.Sprintf("with, %d×%d", layers, units), hidden...))
			}
		}
		return arms
	},
	budgets:  budgets(func(b *budget) { b.Updates, b.Test = 600, 5000 }),
	measures: learningCurve,
	summarize: func(r *results) (*summary, error) {
		c := report.Chart{Caption: "Bar: standard error of the mean.", Title: r.study.title, X: "updates", Y: "test error (%)", LogY: true}
		highest, lowest := math.Inf(-1), math.Inf(1)
		for i, a := range r.arms {
			l := report.Series{Color: i % 2}
			for _, e := range r.extra(a.Name, "steps") {
				l.X = append(l.X, e.Mean)
			}
			for _, e := range r.extra(a.Name, "errors") {
				l.Y, l.Err = append(l.Y, e.Mean), append(l.Err, e.StdErr)
			}
			if len(l.X) == 0 || len(l.X) != len(l.Y) {
				return nil, errMissing(a.Name, "a curve")
			}
			l.Name = a.Name
			c.Series = append(c.Series, l)
			e := r.errorOf(a.Name).Mean
			if i%2 == 0 {
				lowest = min(lowest, e)
			} else {
				highest = max(highest, e)
			}
		}
		says := "The clusters overlap"
		if highest < lowest {
			says = "The curves end in two separate clusters, as in the paper"
		}
		says += fmt.Sprintf(": with dropout at most %.2f %%, without at least %.2f %%.", highest, lowest)
		drawn, err := charted(r.study.name, c)
		return &summary{tables: []page.Table{r.comparison()}, figures: []figure{drawn}, findings: []string{says}}, err
	},
}
