package main

// The row with less dropout than in the paper, whose p needs more updates than
// a short budget has.
const (
	lessDropout = "dropout (p 0.3) + max-norm"
	lessDrop    = 0.3
)

var table9 = study{
	name: "table9", title: "Ways to regularize 784-1024-1024-2048-10", source: "Srivastava et al. 2014, table 9; the first and the last row are not in the paper",
	arms: func(b budget) []arm {
		const decay = 1e-4
		l2 := func(a arm) arm {
			a.L2 = decay
			return a
		}
		lasso := l2(plain("L2 + L1", 1024, 1024, 2048).settled().at(1.60))
		lasso.L1 = 1e-6
		sparse := l2(plain("L2 + KL sparsity", 1024, 1024, 2048).settled().at(1.55))
		sparse.Sparsity = 1e-4
		less := dropped(lessDropout, 1024, 1024, 2048).maxNorm(tableNorm).longer(b, 4.5)
		less.Drop = lessDrop
		return []arm{
			plain("no regularization", 1024, 1024, 2048).settled(),
			l2(plain("L2", 1024, 1024, 2048).settled().at(1.62)),
			lasso,
			sparse,
			plain("max-norm", 1024, 1024, 2048).settled().maxNorm(tableNorm).at(1.35),
			l2(dropped("dropout + L2", 1024, 1024, 2048).longer(b, 2).at(1.25)),
			dropped("dropout + max-norm", 1024, 1024, 2048).maxNorm(tableNorm).longer(b, 2).at(1.05),
			less,
		}
	},
	budgets: budgets(func(b *budget) { b.Updates = 600 }),
	summarize: tableSummary(func(r *results) []string {
		return []string{
			"Here " + r.difference(lessDropout, "no regularization") + "; " + r.difference("dropout + max-norm", "L2") + "; " + r.difference("dropout + max-norm", "dropout + L2") + "; " + r.difference("dropout + max-norm", "no regularization") + ".",
			"The paper adds L1 only towards the end of training and does not say how it measures the sparsity of ReLUs; here L1 is there throughout, and the activity of a unit of mean m over the batch is m/(1+m).",
		}
	}),
}
