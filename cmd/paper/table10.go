package main

import "github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"

var table10 = study{
	name: "table10", title: "Bernoulli against Gaussian dropout, 2×1024", source: "Srivastava et al. 2014, table 10: 1.08 ± 0.04 and 0.95 ± 0.04 %",
	arms: func(budget) []arm {
		noise := dropped("Gaussian", 1024, 1024).maxNorm(tableNorm).at(0.95).give(0.04)
		noise.Dropout = gaussian
		return []arm{
			dropped("Bernoulli", 1024, 1024).maxNorm(tableNorm).at(1.08).give(0.04),
			noise,
			plain("no dropout", 1024, 1024).settled(),
		}
	},
	budgets: budgets(nil),
	summarize: tableSummary(func(r *results) []string {
		d := r.less("Gaussian", "Bernoulli")
		agrees := "as in the paper"
		switch {
		case d.Mean >= 0:
			agrees = "not as in the paper, where Gaussian noise does better"
		case !(page.PValue(d) < 0.05):
			agrees = "the way it is in the paper, but chance explains so much too"
		}
		return []string{"Here " + r.difference("Gaussian", "Bernoulli") + ": " + agrees + ". The row without dropout is not in the paper's table."}
	}),
}
