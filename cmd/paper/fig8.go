package main

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
)

var fig8 = study{
	name: "fig8", title: "Sparsity of the features of autoencoders", source: "Srivastava et al. 2014, figure 8: mean activation about 2.0 without dropout, 0.7 with it, and a sharper peak at zero",
	arms: autoencoders, budgets: autoencoderBudgets(), measures: codes, records: fig7.name,
	summarize: func(r *results) (*summary, error) {
		var activations, means []report.Sample
		for _, a := range r.arms {
			extra := r.of(a.Name)[0].Extra
			if len(extra["means"]) == 0 {
				return nil, errMissing(a.Name, "activations")
			}
			activations = append(activations, report.Sample{Name: a.Name, Values: extra["activations"]})
			means = append(means, report.Sample{Name: a.Name, Values: extra["means"]})
		}
		s := &summary{tables: []page.Table{codeTable(r)}}
		for i, samples := range [][]report.Sample{means, activations} {
			drawn, err := report.Activations(samples...)
			if err == nil && i == 0 {
				drawn.Title = "Mean activation of each unit"
			}
			f, err := named(fmt.Sprintf("fig8-%d", i+1), drawn, err)
			if err != nil {
				return nil, err
			}
			s.figures = append(s.figures, f)
		}
		without, with := r.extra(r.arms[0].Name, "mean")[0].Mean, r.extra(r.arms[1].Name, "mean")[0].Mean
		says := "as in the paper dropout makes the mean activation smaller"
		if with >= without {
			says = "unlike in the paper dropout does not make the mean activation smaller"
		}
		s.findings = append(s.findings, fmt.Sprintf("The mean activation is %.2f without dropout and %.2f with it, in the paper about 2.0 and 0.7: %s.", without, with, says))
		return s, nil
	},
}
