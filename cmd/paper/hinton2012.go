package main

import (
	"fmt"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

var hinton2012 = study{
	name: "hinton2012", title: "The first experiment: 784-800-800-10", source: "Hinton et al., \"Improving neural networks by preventing co-adaptation of feature detectors\", 2012: 160 errors of 10,000 without dropout, 130 with it in hidden layers, 110 with it at the inputs too",
	arms: func(budget) []arm {
		hidden := dropped("hidden dropout", 800, 800).maxNorm(theirNorm).at(1.30)
		hidden.Input = 0
		return []arm{
			plain("no dropout", 800, 800).settled().at(1.60),
			hidden,
			dropped("hidden and input dropout", 800, 800).maxNorm(theirNorm).at(1.10),
		}
	},
	budgets: budgets(nil),
	summarize: tableSummary(func(r *results) []string {
		s := "Errors of " + fmt.Sprint(r.budget.Test) + ":"
		for _, a := range r.arms {
			e := r.estimate(a.Name, experiment.Measure{Of: func(r experiment.Result) float64 {
				return float64(r.History.Test.Examples - r.History.Test.Correct)
			}})
			s += fmt.Sprintf(" %s %s (%.0f);", a.Name, page.PlusMinus(e, 1), 100*a.paper)
		}
		return []string{s[:len(s)-1] + ", in brackets the published ones of 10,000.",
			"Here " + r.difference("hidden dropout", "no dropout") + "; " + r.difference("hidden and input dropout", "hidden dropout") + "."}
	}),
}
