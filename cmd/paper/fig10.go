package main

import (
	"fmt"
	"math"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
)

// sizes are the paper's training sets.
var sizes = []int{100, 500, 1000, 5000, 10000, 50000}

var fig10 = study{
	name: "fig10", title: "The effect of the size of the training set", source: "Srivastava et al. 2014, figure 10, 784-1024-1024-2048-10: dropout gives no gain at 100 and 500 images, its gain rises with more, then falls",
	arms: func(b budget) []arm {
		var arms []arm
		for _, n := range upTo(b.Images) {
			without, with := plain(fmt.Sprintf("without, %d", n), 1024, 1024, 2048), dropped(fmt.Sprintf("with, %d", n), 1024, 1024, 2048)
			without.Images, with.Images = n, n
			if with.Share = 1; n < 10000 { // small sets are learned sooner
				with.Share = 0.25
			}
			without.Share = with.Share * settled
			with = with.longer(b, 2)
			arms = append(arms, without, with)
		}
		return arms
	},
	budgets: budgets(func(b *budget) { b.Images, b.Updates = 5000, 600 }),
	summarize: func(r *results) (*summary, error) {
		c := report.Chart{Caption: "Bar: standard error of the mean.", Title: r.study.title, X: "training images", Y: "test error (%)", LogX: true, LogY: true}
		without, with := report.Series{Name: "without dropout", Color: 0}, report.Series{Name: "with dropout", Color: 1}
		t := page.Table{Header: []string{"images", "without, %", "with, %", "gain, points", "gain, share of the error, %", "p"}}
		best, bestGain, says := 0, math.Inf(-1), ""
		for _, n := range upTo(r.budget.Images) {
			a, b := fmt.Sprintf("without, %d", n), fmt.Sprintf("with, %d", n)
			e, f, gain := r.errorOf(a), r.errorOf(b), r.less(a, b)
			for l, e := range map[*report.Series]struct{ y, err float64 }{&without: {e.Mean, e.StdErr}, &with: {f.Mean, f.StdErr}} {
				l.X, l.Y, l.Err = append(l.X, float64(n)), append(l.Y, e.y), append(l.Err, e.err)
			}
			t.Rows = append(t.Rows, []string{fmt.Sprint(n), page.PlusMinus(e, 2), page.PlusMinus(f, 2), page.PlusMinus(gain, 2), fmt.Sprintf("%.0f", 100*gain.Mean/e.Mean), page.P(gain)})
			if share := gain.Mean / e.Mean; share > bestGain {
				best, bestGain = n, share
			}
			word := "no sure gain"
			switch {
			case gain.Mean <= 0:
				word = "no gain"
			case page.Beyond(gain) > 0:
				word = "a gain"
			}
			if says != "" {
				says += ", "
			}
			says += fmt.Sprintf("%s at %d (%+.2f points)", word, n, gain.Mean)
		}
		c.Series = []report.Series{without, with}
		drawn, err := charted(r.study.name, c)
		if err != nil {
			return nil, err
		}
		return &summary{
			tables: []page.Table{t, r.comparison()}, figures: []figure{drawn},
			findings: []string{fmt.Sprintf("Dropout gives %s. A gain is sure if the 95 %% interval of the paired difference is above 0. As a share of the error the gain is greatest at %d images. The paper finds no gain at 100 and 500 and a gain that rises and then falls.", says, best)},
		}, nil
	},
}

// upTo returns the paper's sizes up to n images, and n itself if that is not
// all of them.
func upTo(n int) []int {
	var some []int
	for _, size := range sizes {
		if size <= n {
			some = append(some, size)
		}
	}
	if some == nil {
		some = []int{n}
	}
	return some
}
