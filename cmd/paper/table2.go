package main

// Where the paper uses max-norm: c in its tables.
const tableNorm = 2

// The share of the updates of networks whose updates take 3 to 7 times as long as those
// of 3×1024, and of the one where it is 25 times.
const (
	wide   = 0.3
	widest = 0.06
)

var table2 = study{
	name: "table2", title: "Networks without and with dropout", source: "Srivastava et al. 2014, table 2",
	arms: func(budget) []arm {
		sigmoids := dropped("dropout, logistic 3×1024", 1024, 1024, 1024).at(1.35)
		sigmoids.Activation, sigmoids.Rate = logistic, 2
		standard := plain("standard, logistic 2×800", 800, 800).settled().at(1.60)
		standard.Activation, standard.Rate = logistic, 3
		return []arm{
			standard,
			sigmoids,
			dropped("dropout, ReLU 3×1024", 1024, 1024, 1024).at(1.25),
			dropped("+ max-norm, 3×1024", 1024, 1024, 1024).maxNorm(tableNorm).at(1.06),
			dropped("+ max-norm, 3×2048", 2048, 2048, 2048).maxNorm(tableNorm).share(wide).at(1.04),
			dropped("+ max-norm, 2×4096", 4096, 4096).maxNorm(tableNorm).share(wide).at(1.01),
			dropped("+ max-norm, 2×8192", 8192, 8192).maxNorm(tableNorm).share(widest).at(0.95),
		}
	},
	budgets: budgets(func(b *budget) { b.Updates = 500 }),
	summarize: tableSummary(func(r *results) []string {
		return []string{"Here " + r.difference("dropout, ReLU 3×1024", "standard, logistic 2×800") + "; " +
			r.difference("+ max-norm, 3×1024", "dropout, ReLU 3×1024") + "."}
	}),
}
