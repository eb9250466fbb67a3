package regression

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// write writes uci.md and uci.csv to the directory, and the page to out.
func (l *Run) write(out io.Writer, results results, took time.Duration) error {
	var text strings.Builder
	l.page(&text, results, took)
	if err := page.WriteFile(l.Dir, Name+".csv", func(w io.Writer) error { return l.writeCSV(w, results) }); err != nil {
		return err
	}
	return page.Write(out, l.Dir, Name, text.String())
}

// estimate returns the mean over the splits of a number of each trial.
func estimate(trials []chosenTrial, of func(chosenTrial) float64) experiment.Estimate {
	var all []float64
	for _, t := range trials {
		all = append(all, of(t))
	}
	return experiment.Estimated(all)
}

func rmse(t chosenTrial) float64          { return t.Score.RMSE }
func logLikelihood(t chosenTrial) float64 { return t.Score.LogLikelihood }

// page writes the study's page in Markdown.
func (l *Run) page(w io.Writer, results results, took time.Duration) {
	b := l.Budget
	fmt.Fprintf(w, "# %s: %s\n\n%s.\n\n", Name, Title, Source)
	if b != budgets["full"] {
		fmt.Fprint(w, "**A quick run**: it shows that the experiment works; it is no reproduction of the published numbers.\n\n")
	}
	fmt.Fprintf(w, "Budget %s: the first %d of the %d published splits, seeds %d to %d; %d epochs and %d passes of Monte Carlo dropout, "+
		"and %d or %d epochs for networks that predict their variance.\n\n",
		l.Label, b.Splits, publishedSplits, l.Seed, l.Seed+uint64(b.Splits)-1, b.Epochs, b.Passes, b.Short[0], b.Short[1])
	if len(l.Sets) < len(allSets) {
		fmt.Fprintf(w, "Of the %d sets, %s.\n\n", len(allSets), strings.Join(names(l.Sets), ", "))
	}
	t, trained := l.scores(results)
	t.Write(w)
	l.claims(results).Write(w)
	fmt.Fprint(w, "A claim holds if the mean here is not worse than the published one by more than its standard error. "+
		"The interval is the 95 % confidence interval of how much worse the mean here is, by Student's t over the splits; "+
		"where it contains the limit, chance alone may have decided.\n\n")
	for _, s := range l.Sets {
		fmt.Fprintf(w, "- %s\n", s.finding(results[s.Name]))
	}
	fmt.Fprintf(w, "\nMeans over splits ± standard error. One hidden layer of %d ReLU units, batches of %d, Adam; features and targets are standardized by the training part. "+
		"Settings are the most likely ones on a fifth of each training part, by networks trained on the rest; a column says how many splits chose which.\n\n", hiddenUnits, batchSize)
	fmt.Fprintf(w, "- %s: without noise, p of 0, and else as %s.\n", withoutDropout, monteCarloDropout)
	fmt.Fprintf(w, "- %s: dropout with probability p on the inputs and on the hidden units, noise of precision tau, learning rate %g, weights and biases decayed by %g²·(1-p)/(n·tau). Weights are at first those of Glorot and Bengio's uniform distribution, as in the published code, whose Keras draws them so.\n",
		monteCarloDropout, adamRate, lengthScale)
	fmt.Fprintf(w, "- %s: the same with weights that are at first He's normal ones, as those of the methods that follow. To a hidden unit of d inputs these have (d + %d)/d times the variance.\n", heDropout, hiddenUnits)
	fmt.Fprintf(w, "- %s: the network predicts mean and variance. No weight decay; epochs and learning rate are chosen.\n", gaussianNLL)
	fmt.Fprintf(w, "- %s: a mixture of %d such networks, which differ by their seeds; without the adversarial training of the paper, which trained for 40 epochs. "+
		"It gives standard deviations over the splits, here divided by √%d. Its first network is that of %s.\n", deepEnsemble, ensembleMembers, publishedSplits, gaussianNLL)
	fmt.Fprintf(w, "- %s: such a network, %d epochs (power: %d), %d passes, its probabilities learned with prior length scale %g. Only the learning rate is chosen.\n\n",
		concreteDropout, b.Short[1], b.Short[0], concretePasses(b), lengthScale)
	fmt.Fprintf(w, "The trainings on whole training parts took %s in all, this call %s.\n\n", trained.Round(time.Second), took.Round(time.Second))
	page.WriteOrigin(w, l.Args, l.BLAS)
}

// scores returns the table of the methods that were trained, and how long their trainings
// on whole training parts took.
func (l *Run) scores(results results) (t page.Table, trained time.Duration) {
	t.Header = []string{"set", "unit", "method", "RMSE", "published", "log-likelihood", "published", "chosen", "updates", "s/training"}
	for _, s := range l.Sets {
		for _, name := range shown {
			trials, ok := results[s.Name][name]
			if !ok {
				continue
			}
			paper, likely := "–", "–"
			if p, ok := s.published[name]; ok {
				paper = fmt.Sprintf("%.2f ± %.2f", p.mean.RMSE, p.err.RMSE)
				likely = fmt.Sprintf("%.2f ± %.2f", p.mean.LogLikelihood, p.err.LogLikelihood)
			}
			var all time.Duration
			var updates int64
			for _, r := range trials {
				all += r.Time
				updates += r.Steps
			}
			if name != gaussianNLL { // which is part of the ensemble
				trained += all
			}
			t.Rows = append(t.Rows, []string{
				s.Name, s.Unit, name, page.PlusMinus(estimate(trials, rmse), 2), paper, page.PlusMinus(estimate(trials, logLikelihood), 2), likely, chosen(trials),
				fmt.Sprint(updates / int64(len(trials))), fmt.Sprintf("%.1f", all.Seconds()/float64(len(trials))),
			})
		}
	}
	return t, trained
}

// claims returns the table of what was published and whether it is reached.
func (l *Run) claims(results results) page.Table {
	t := page.Table{Header: []string{"claim", "set", "method", "worse by", "95 % interval", "limit", "verdict"}}
	for _, c := range []struct {
		name string
		of   func(chosenTrial) float64
		in   func(Score) float64
		sign float64 // 1 if more is worse
	}{
		{"RMSE", rmse, func(s Score) float64 { return s.RMSE }, 1},
		{"log-likelihood", logLikelihood, func(s Score) float64 { return s.LogLikelihood }, -1},
	} {
		for _, s := range l.Sets {
			for _, name := range shown {
				p, ok := s.published[name]
				if !ok {
					continue
				}
				worse := estimate(results[s.Name][name], func(r chosenTrial) float64 { return c.sign * (c.of(r) - c.in(p.mean)) })
				limit := c.in(p.err)
				low, high := worse.Interval(0.95)
				t.Rows = append(t.Rows, []string{
					c.name, s.Name, name, fmt.Sprintf("%+.3f", worse.Mean), fmt.Sprintf("%+.3f to %+.3f", low, high), fmt.Sprintf("%.3f", limit), page.Verdict(worse, limit),
				})
			}
		}
	}
	return t
}

// finding says what dropout, ensembles and learned dropout do on a set, each
// beside the same network without, paired by split.
func (s Set) finding(results map[string][]chosenTrial) string {
	unit := s.Unit
	if unit != "" {
		unit = " " + unit
	}
	var parts []string
	for _, pair := range [][2]string{{monteCarloDropout, withoutDropout}, {monteCarloDropout, heDropout}, {deepEnsemble, gaussianNLL}, {concreteDropout, gaussianNLL}} {
		with, without := results[pair[0]], results[pair[1]]
		var less, more []float64
		for i := range with {
			less = append(less, with[i].Score.RMSE-without[i].Score.RMSE)
			more = append(more, with[i].Score.LogLikelihood-without[i].Score.LogLikelihood)
		}
		d, e := experiment.Estimated(less), experiment.Estimated(more)
		parts = append(parts, fmt.Sprintf("%s instead of %s changes RMSE by %s%s (p %s) and log-likelihood by %s (p %s)",
			pair[0], pair[1], signed(d), unit, page.P(d), signed(e), page.P(e)))
	}
	text := s.Name + ", paired by split: " + strings.Join(parts, "; ") + "."
	if r := results[concreteDropout]; len(r) > 0 {
		text += fmt.Sprintf(" Concrete dropout learned p of %s on the inputs and %s on the hidden units.",
			page.PlusMinus(estimate(r, func(t chosenTrial) float64 { return t.Learned[0] }), 3), page.PlusMinus(estimate(r, func(t chosenTrial) float64 { return t.Learned[1] }), 3))
	}
	return text
}

// signed formats a difference and its standard error.
func signed(e experiment.Estimate) string {
	text := page.PlusMinus(e, 3)
	if e.Mean > 0 {
		text = "+" + text
	}
	return text
}

// chosen says how often each value of the settings was chosen.
func chosen(trials []chosenTrial) string {
	var parts []string
	for _, setting := range []struct {
		name string
		of   func(Trial) float64 // 0 if the method has no such setting
	}{
		{"p", func(t Trial) float64 { return t.P }},
		{"tau", func(t Trial) float64 { return t.Tau }},
		{"rate", func(t Trial) float64 { return t.Rate }},
		{"epochs", func(t Trial) float64 {
			if t.Rate == 0 {
				return 0 // always the budget's
			}
			return float64(t.Epochs)
		}},
	} {
		if setting.of(trials[0].Trial) != 0 {
			parts = append(parts, setting.name+" "+chosenCounts(trials, func(r chosenTrial) float64 { return setting.of(r.Trial) }))
		}
	}
	return strings.Join(parts, "; ")
}

// chosenCounts says how often each value was chosen, in ascending order.
func chosenCounts(trials []chosenTrial, of func(chosenTrial) float64) string {
	n := make(map[float64]int)
	for _, t := range trials {
		n[of(t)]++
	}
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%g: %d", v, n[v]))
	}
	return strings.Join(parts, ", ")
}

// writeCSV writes a row for each training on a whole training part.
func (l *Run) writeCSV(w io.Writer, results results) error {
	rows := [][]string{{"set", "method", "split", "p", "tau", "rate", "epochs", "seed", "updates", "held_rmse", "held_log_likelihood", "rmse", "log_likelihood"}}
	for _, s := range l.Sets {
		for _, name := range shown {
			for _, r := range results[s.Name][name] {
				t := r.Trial
				row := []string{s.Name, name, fmt.Sprint(t.Split)}
				for _, v := range []any{t.P, t.Tau, t.Rate, t.Epochs, t.Seed, r.Steps} {
					row = append(row, fmt.Sprint(v))
				}
				for _, v := range []float64{r.held.RMSE, r.held.LogLikelihood, r.Score.RMSE, r.Score.LogLikelihood} {
					row = append(row, fmt.Sprintf("%.6g", v))
				}
				rows = append(rows, row)
			}
		}
	}
	return errors.Wrap(csv.NewWriter(w).WriteAll(rows), "CSV")
}
