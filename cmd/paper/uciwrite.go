package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// write writes uci.md and uci.csv to the directory, and the page to out.
func (l *uciRun) write(out io.Writer, results uciResults, took time.Duration) error {
	var text strings.Builder
	l.page(&text, results, took)
	if err := writeFile(l.dir, uciName+".csv", func(w io.Writer) error { return l.writeCSV(w, results) }); err != nil {
		return err
	}
	return writePage(out, l.dir, uciName, text.String())
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
func (l *uciRun) page(w io.Writer, results uciResults, took time.Duration) {
	b := l.budget
	fmt.Fprintf(w, "# %s: %s\n\n%s.\n\n", uciName, uciTitle, uciSource)
	if b != uciBudgets["full"] {
		fmt.Fprint(w, "**A quick run**: it shows that the experiment works; it is no reproduction of the published numbers.\n\n")
	}
	fmt.Fprintf(w, "Budget %s: the first %d of the 20 published splits, %d epochs, %d passes of Monte Carlo dropout, seeds %d to %d.\n\n",
		l.label, b.Splits, b.Epochs, b.Passes, l.seed, l.seed+uint64(b.Splits)-1)
	t := table{header: []string{"set", "unit", "method", "RMSE", "published", "log-likelihood", "published", "p", "tau", "s/training"}}
	var trained time.Duration
	for _, s := range l.sets {
		for _, m := range uciMethods {
			trials := results[s.Name][m.name]
			paper, likely := "–", "–"
			if m.name == monteCarloDropout {
				paper = fmt.Sprintf("%.2f ± %.2f", s.paper.RMSE, s.paperError.RMSE)
				likely = fmt.Sprintf("%.2f ± %.2f", s.paper.LogLikelihood, s.paperError.LogLikelihood)
			}
			var each time.Duration
			for _, r := range trials {
				each += r.Time / time.Duration(len(trials))
			}
			trained += each * time.Duration(len(trials))
			t.rows = append(t.rows, []string{
				s.Name, s.Unit, m.name, pm(estimate(trials, rmse), 2), paper, pm(estimate(trials, logLikelihood), 2), likely,
				chosenCounts(trials, func(t chosenTrial) float64 { return t.Trial.P }), chosenCounts(trials, func(t chosenTrial) float64 { return t.Trial.Tau }),
				fmt.Sprintf("%.1f", each.Seconds()),
			})
		}
	}
	t.write(w)
	for _, s := range l.sets {
		fmt.Fprintf(w, "- %s\n", s.finding(results[s.Name]))
	}
	fmt.Fprintf(w, "\nMeans over splits ± standard error. One hidden layer of %d ReLU units, dropout on the inputs and on the hidden units, "+
		"batches of %d, Adam with learning rate %g, weights and biases decayed by %g²·(1-p)/(n·tau). "+
		"p and tau are the most likely ones on a fifth of each training part, by networks trained on the rest; the columns say how many splits chose which. "+
		"Features and targets are standardized by the training part.\n\n", uciUnits, uciBatch, uciRate, lengthScale)
	fmt.Fprintf(w, "The trainings on whole training parts took %s in all, this call %s.\n\n", trained.Round(time.Second), took.Round(time.Second))
	writeOrigin(w, l.args, l.blas)
}

// finding says what dropout does on a set, and how that compares with what was
// published: a mean is reached if it is not worse by more than the published
// standard error.
func (s uciSet) finding(results map[string][]chosenTrial) string {
	with, without := results[monteCarloDropout], results[withoutDropout]
	var less, more []float64
	for i := range with {
		less = append(less, with[i].Score.RMSE-without[i].Score.RMSE)
		more = append(more, with[i].Score.LogLikelihood-without[i].Score.LogLikelihood)
	}
	unit := s.Unit
	if unit != "" {
		unit = " " + unit
	}
	d, e := experiment.Estimated(less), experiment.Estimated(more)
	reached := func(worse, by float64) string {
		if worse <= by {
			return "reached"
		}
		return "not reached"
	}
	return fmt.Sprintf("%s: dropout changes RMSE by %s%s (p %s) and log-likelihood by %s (p %s), paired by split. The published RMSE is %s, the log-likelihood %s.",
		s.Name, signed(d), unit, pText(d), signed(e), pText(e),
		reached(estimate(with, rmse).Mean-s.paper.RMSE, s.paperError.RMSE), reached(s.paper.LogLikelihood-estimate(with, logLikelihood).Mean, s.paperError.LogLikelihood))
}

// signed formats a difference and its standard error.
func signed(e experiment.Estimate) string {
	text := pm(e, 3)
	if e.Mean > 0 {
		text = "+" + text
	}
	return text
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
func (l *uciRun) writeCSV(w io.Writer, results uciResults) error {
	rows := [][]string{{"set", "method", "split", "p", "tau", "seed", "updates", "held_rmse", "held_log_likelihood", "rmse", "log_likelihood"}}
	for _, s := range l.sets {
		for _, m := range uciMethods {
			for _, r := range results[s.Name][m.name] {
				row := []string{s.Name, m.name, fmt.Sprint(r.Trial.Split), fmt.Sprint(r.Trial.P), fmt.Sprint(r.Trial.Tau), fmt.Sprint(r.Trial.Seed), fmt.Sprint(r.Steps)}
				for _, v := range []float64{r.held.RMSE, r.held.LogLikelihood, r.Score.RMSE, r.Score.LogLikelihood} {
					row = append(row, fmt.Sprintf("%.6g", v))
				}
				rows = append(rows, row)
			}
		}
	}
	return errors.Wrap(csv.NewWriter(w).WriteAll(rows), "CSV")
}
