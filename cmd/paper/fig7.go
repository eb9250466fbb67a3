package main

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// autoencoders have 256 ReLUs each.
func autoencoders(budget) []arm {
	a := arm{Name: "without dropout", Hidden: []int{256}, Autoencoder: true, Rate: 0.03}
	b := a
	b.Name, b.Drop = "with dropout", hiddenDrop
	return []arm{a, b}
}

func autoencoderBudgets() map[string]budget {
	return budgets(func(b *budget) { b.Shrink, b.Updates, b.Images = 1, 1200, 5000 })
}

var fig7 = study{
	name: "fig7", title: "Features of autoencoders of 256 ReLUs", source: "Srivastava et al. 2014, figure 7: without dropout no unit seems to detect a meaningful feature, with dropout units detect edges, strokes and spots, at similar reconstruction error",
	arms: autoencoders, budgets: autoencoderBudgets(), measures: codes,
	summarize: func(r *results) (*summary, error) {
		s := &summary{}
		for i, a := range r.arms {
			var narrow []float32
			for _, v := range r.of(a.Name)[0].Extra["weights"] {
				narrow = append(narrow, float32(v))
			}
			drawn, err := report.Filters(a.Name, narrow, 28, 28)
			if units := a.widths(r.budget.Shrink)[0]; err == nil && units > features {
				// The records have no others.
				drawn.Caption = fmt.Sprintf("The first %d of %d units. Grey is 0, white positive, black negative, each unit to its largest weight.", features, units)
				drawn.Alt = fmt.Sprintf("The incoming weights of the first %d of %d hidden units as images of 28 by 28 pixels.", features, units)
			}
			f, err := named(fmt.Sprintf("fig7-%d", i+1), drawn, err)
			if err != nil {
				return nil, err
			}
			s.figures = append(s.figures, f)
		}
		s.tables = append(s.tables, codeTable(r))
		var shares []experiment.Estimate
		for _, a := range r.arms {
			e := r.extra(a.Name, "concentration")
			if len(e) != 1 || e[0].N != r.budget.Seeds {
				return nil, errMissing(a.Name, "the concentration of weights")
			}
			shares = append(shares, e[0])
		}
		p, q := shares[0], shares[1]
		word := "more local"
		if q.Mean <= p.Mean {
			word = "not more local"
		}
		s.findings = append(s.findings, fmt.Sprintf("To put the eye's judgement into a number: the tenth of a unit's weights that are largest hold %s %% of its squared norm without dropout and %s %% with it, so that features are %s with dropout (a tenth of normally distributed weights hold 44 %%).", page.PlusMinus(page.InPercent(p), 1), page.PlusMinus(page.InPercent(q), 1), word))
		return s, nil
	},
}

// codeTable is the table of the autoencoders.
func codeTable(r *results) page.Table {
	t := page.Table{Header: []string{"arm", "test error of reconstruction", "mean activation", "activations at 0, %", "updates"}}
	for _, a := range r.arms {
		t.Rows = append(t.Rows, []string{
			a.Name, page.PlusMinus(r.extra(a.Name, "reconstruction")[0], 2), page.PlusMinus(r.extra(a.Name, "mean")[0], 3), page.PlusMinus(page.InPercent(r.extra(a.Name, "zeros")[0]), 1),
			fmt.Sprint(r.of(a.Name)[0].History.Steps),
		})
	}
	return t
}
