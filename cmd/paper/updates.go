package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// lawDrops are the probabilities of dropping a hidden unit. That of a pixel is
// smaller in the same proportion as in the paper's networks.
var lawDrops = []float64{0, 0.1, 0.2, 0.3, 0.5}

// lengths returns how many updates the trainings of a budget have, the fewest
// first: each a third of the next, and the shortest about as many as the first
// fall of the loss takes. Each training lowers its learning rate to 0, so that a
// length is compared at its best and not in the middle of a longer one.
func lengths(b budget) []int {
	const fewest = 1000
	all := []int{b.Updates}
	for all[0]/3 >= fewest {
		all = append([]int{all[0] / 3}, all...)
	}
	return all
}

var updatesStudy = study{
	name: "updates", title: "How long dropout must be trained before it pays, 3×1024", source: "Not in the paper, whose networks with dropout had up to a million updates",
	arms: func(b budget) []arm {
		var arms []arm
		for _, p := range lawDrops {
			for _, n := range lengths(b) {
				a := plain(lawArm(p, n), 1024, 1024, 1024)
				a.Drop, a.Input, a.Updates = p, p*inputDrop/hiddenDrop, n
				arms = append(arms, a)
			}
		}
		return arms
	},
	budgets: budgets(func(b *budget) { b.Updates, b.Seeds = 9000, 3 }),
	summarize: func(r *results) (*summary, error) {
		c := report.Chart{Caption: "Bar: standard error of the mean.", Title: r.study.title, X: "updates", Y: "test error (%)", LogX: true, LogY: true}
		t := page.Table{Header: []string{"updates"}}
		for _, p := range lawDrops {
			t.Header = append(t.Header, fmt.Sprintf("p = %g, %%", p))
		}
		t.Rows = make([][]string, len(lengths(r.budget)))
		for k, p := range lawDrops {
			s := report.Series{Name: fmt.Sprintf("p = %g", p), Color: k}
			for i, n := range lengths(r.budget) {
				steps, e := r.steps(lawArm(p, n)), r.errorOf(lawArm(p, n))
				s.X, s.Y, s.Err = append(s.X, steps), append(s.Y, e.Mean), append(s.Err, e.StdErr)
				if k == 0 {
					t.Rows[i] = append(t.Rows[i], fmt.Sprint(steps))
				}
				t.Rows[i] = append(t.Rows[i], page.PlusMinus(e, 2))
			}
			c.Series = append(c.Series, s)
		}
		drawn, err := charted(r.study.name, c)
		return &summary{
			tables: []page.Table{t, r.comparison().Without("paper, %", "less the first, points", "p")}, figures: []figure{drawn},
			findings: []string{
				r.pays(),
				fmt.Sprintf("The probability of dropping a pixel is %g of that of dropping a hidden unit, as in the paper. Every point is a training of its own, whose learning rate ends at 0.", inputDrop/hiddenDrop),
			},
		}, err
	},
}

// lawArm returns the name of an arm: a probability, and a number of updates.
func lawArm(p float64, updates int) string { return fmt.Sprintf("p %g, %d updates", p, updates) }

// steps returns the updates of a training of an arm.
func (r *results) steps(arm string) float64 {
	return r.estimate(arm, experiment.Measure{Of: func(r experiment.Result) float64 { return float64(r.History.Steps) }}).Mean
}

// pays says for each probability from how many updates on its error is below
// that of no dropout after as many, by the 95 % interval of the paired difference, at this
// length and at every longer one.
func (r *results) pays() string {
	var parts []string
	for _, p := range lawDrops[1:] {
		from := math.NaN()
		for _, n := range slices.Backward(lengths(r.budget)) {
			if page.Beyond(r.less(lawArm(p, n), lawArm(0, n))) >= 0 {
				break
			}
			from = r.steps(lawArm(p, n))
		}
		part := fmt.Sprintf("p = %g from %.0f updates on", p, from)
		if math.IsNaN(from) {
			part = fmt.Sprintf("p = %g at no length", p)
		}
		parts = append(parts, part)
	}
	return "Lower than without dropout after as many updates, by the 95 % interval of the paired difference: " + strings.Join(parts, "; ") + "."
}
