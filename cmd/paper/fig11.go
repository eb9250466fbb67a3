package main

import (
	"fmt"
	"math"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

var fig11 = study{
	name: "fig11", title: "Averaging sampled networks against weight scaling", source: "Srivastava et al. 2014, figure 11: the mean of about 50 sampled networks is as good as the network with scaled weights",
	arms:     func(budget) []arm { return []arm{dropped("dropout", 1024, 1024, 1024).maxNorm(tableNorm)} },
	budgets:  budgets(nil),
	measures: monteCarlo,
	summarize: func(r *results) (*summary, error) {
		arm := r.arms[0].Name
		scaled, scaledNLL := r.errorOf(arm), r.estimate(arm, experiment.TestNLL)
		ks, errs, nlls := r.extra(arm, "k"), r.extra(arm, "error"), r.extra(arm, "nll")
		if len(ks) == 0 {
			return nil, errMissing(arm, "Monte Carlo averages")
		}
		deviations := r.extra(arm, "deviation")
		t := page.Table{Header: []string{"k", "test error, %", "deviation over groups, points", "less weight scaling, points", "p", "test NLL"}}
		mc := report.Series{Name: "mean of k sampled networks", Color: 1}
		ws := report.Series{Name: "weight scaling", Color: 0, Dashed: true, NoDots: true}
		meets, alike := math.NaN(), math.NaN()
		for i, k := range ks {
			var diff []float64
			for _, rec := range r.of(arm) {
				diff = append(diff, rec.Extra["error"][i]-100*rec.History.Test.Error())
			}
			d := experiment.Estimated(diff)
			// The first k from which all differences are within chance at 5 %.
			if p := page.PValue(d); p < 0.05 {
				alike = math.NaN()
			} else if math.IsNaN(alike) && p >= 0.05 {
				alike = k.Mean
			}
			// The paper's measure: within a standard deviation.
			if math.IsNaN(meets) && d.Mean <= deviations[i].Mean {
				meets = k.Mean
			}
			mc.X, mc.Y, mc.Err = append(mc.X, k.Mean), append(mc.Y, errs[i].Mean), append(mc.Err, deviations[i].Mean)
			ws.X, ws.Y = append(ws.X, k.Mean), append(ws.Y, scaled.Mean)
			t.Rows = append(t.Rows, []string{fmt.Sprintf("%.0f", k.Mean), page.PlusMinus(errs[i], 3), fmt.Sprintf("%.3f", deviations[i].Mean), page.PlusMinus(d, 3), page.P(d), page.PlusMinus(nlls[i], 4)})
		}
		t.Rows = append(t.Rows, []string{"weight scaling", page.PlusMinus(scaled, 3), "–", "–", "–", page.PlusMinus(scaledNLL, 4)})
		last := len(ks) - 1
		meeting := fmt.Sprintf("The averages do not come within a standard deviation over groups of weight scaling with up to %.0f networks", ks[last].Mean)
		if !math.IsNaN(meets) {
			meeting = fmt.Sprintf("The averages come within a standard deviation over groups of weight scaling at k = %.0f", meets)
		}
		if !math.IsNaN(alike) {
			meeting += fmt.Sprintf("; from k = %.0f on the difference is no longer one beyond chance (p of 0.05 or more)", alike)
		}
		c := report.Chart{Caption: "Bar: standard deviation over groups of k.", Title: r.study.title, X: "k: sampled networks averaged", Y: "test error (%)", Series: []report.Series{mc, ws}}
		drawn, err := charted(r.study.name, c)
		if err != nil {
			return nil, err
		}
		return &summary{
			tables: []page.Table{t, r.comparison()}, figures: []figure{drawn},
			findings: []string{fmt.Sprintf("%s; the paper's do at about 50. At k = %.0f the error is %.3f %% and the NLL %.4f, with weight scaling %.3f %% and %.4f. The paper does not say which network its figure is of; here it is the 3×1024 ReLUs of its table 2. Bars: standard deviation over disjoint groups of k passes.",
				meeting, ks[last].Mean, errs[last].Mean, nlls[last].Mean, scaled.Mean, scaledNLL.Mean)},
		}, nil
	},
}
