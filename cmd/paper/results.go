package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// results are the records of a study.
type results struct {
	study   study
	budget  budget
	label   string
	arms    []arm
	records []record // seed by seed, in the order of the arms
	tuned   []record // of choosing learning rates
	workers int
}

// A summary is what is written about results.
type summary struct {
	tables   []page.Table
	figures  []figure
	findings []string // paragraphs
	training string   // a paragraph about how was trained; "" for the usual one
}

// all returns the records as results of an experiment.
func (r *results) all() []experiment.Result {
	var all []experiment.Result
	for _, rec := range r.records {
		all = append(all, experiment.Result{Arm: rec.Trial.Arm.Name, Seed: rec.Trial.Seed, History: rec.History})
	}
	return all
}

// of returns the records of an arm.
func (r *results) of(arm string) []record {
	return slices.DeleteFunc(slices.Clone(r.records), func(rec record) bool { return rec.Trial.Arm.Name != arm })
}

// estimate returns the mean of a measure of an arm.
func (r *results) estimate(arm string, m experiment.Measure) experiment.Estimate {
	return experiment.Mean(r.all(), arm, m)
}

// errorOf returns the test error of an arm in per cent.
func (r *results) errorOf(arm string) experiment.Estimate { return r.estimate(arm, percentError) }

// less returns the test error of arm a minus that of b in per cent, paired by
// seed.
func (r *results) less(a, b string) experiment.Estimate {
	return experiment.Difference(r.all(), a, b, percentError)
}

var percentError = experiment.Measure{Name: "test error", Of: func(r experiment.Result) float64 { return 100 * r.History.Test.Error() }}

// extra returns estimates of an additional measure of an arm, element by
// element.
func (r *results) extra(arm, name string) []experiment.Estimate {
	var columns [][]float64
	for _, rec := range r.of(arm) {
		for i, v := range rec.Extra[name] {
			if i == len(columns) {
				columns = append(columns, nil)
			}
			columns[i] = append(columns[i], v)
		}
	}
	var all []experiment.Estimate
	for _, c := range columns {
		all = append(all, experiment.Estimated(c))
	}
	return all
}

// seedCount formats a number of seeds.
func seedCount(n int) string {
	if n == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds", n)
}

// difference says in words and numbers how two arms compare.
func (r *results) difference(a, b string) string {
	d := r.less(a, b)
	word := "below"
	if d.Mean > 0 {
		word = "above"
	}
	s := fmt.Sprintf("%s is %.2f points %s %s", a, math.Abs(d.Mean), word, b)
	if d.N > 1 {
		low, high := d.Interval(0.95)
		s += fmt.Sprintf(" (paired over %d seeds: ± %.2f, 95 %% interval %+.2f to %+.2f, p %s)", d.N, d.StdErr, low, high, page.P(d))
	}
	return s
}

// fromFirst says how the error of each row differs from that of the first, and whether
// significantly, where both are of the same kind.
func (r *results) fromFirst() []string {
	var says []string
	first := r.arms[0]
	for _, a := range r.arms[1:] {
		if a.Variant == nil && !a.Autoencoder && a.Images == first.Images {
			said := r.difference(a.Name, first.Name)
			if p := page.PValue(r.less(a.Name, first.Name)); p < 0.05 {
				said += ", which is significant"
			}
			says = append(says, said)
		}
	}
	return says
}

// comparison returns the table of all arms; differences are to the first one.
func (r *results) comparison() page.Table {
	t := page.Table{Header: []string{"arm", "paper, %", "test error, %", "less the first, points", "p", "test NLL", "train error, %", "images", "updates", "rate", "s/update"}}
	first := r.arms[0].Name
	for _, a := range r.arms {
		recs := r.of(a.Name)
		paper, diff, p := "–", "–", "–"
		if a.paper > 0 {
			paper = fmt.Sprintf("%.2f", a.paper)
			if a.paperError > 0 {
				paper += fmt.Sprintf(" ± %.2f", a.paperError)
			}
		}
		if a.Name != first {
			d := r.less(a.Name, first)
			diff, p = page.PlusMinus(d, 2), page.P(d)
		}
		train := page.InPercent(r.estimate(a.Name, experiment.TrainError))
		var seconds float64
		var steps int64
		for _, rec := range recs {
			seconds, steps = seconds+rec.Time.Seconds(), steps+rec.History.Steps
		}
		t.Rows = append(t.Rows, []string{
			a.Name, paper, page.PlusMinus(r.errorOf(a.Name), 2), diff, p, page.PlusMinus(r.estimate(a.Name, experiment.TestNLL), 4), page.PlusMinus(train, 2),
			fmt.Sprint(recs[0].Trial.Arm.Images), fmt.Sprint(recs[0].History.Steps), fmt.Sprintf("%.3g", a.Rate),
			fmt.Sprintf("%.4f", seconds/float64(steps)),
		})
	}
	return t
}

// order says how well the order of the arms agrees with the paper's.
func (r *results) order() string {
	var pairs, same, sure, against int
	for i, a := range r.arms {
		for _, b := range r.arms[i+1:] {
			if a.paper == 0 || b.paper == 0 || a.paper == b.paper {
				continue
			}
			pairs++
			d, there := r.less(a.Name, b.Name), 1
			if a.paper < b.paper {
				there = -1
			}
			if float64(there)*d.Mean > 0 {
				same++
			}
			switch page.Beyond(d) {
			case there:
				sure++
			case -there:
				against++
			}
		}
	}
	if pairs == 0 {
		return ""
	}
	return fmt.Sprintf("Pairs of rows that the paper's numbers put in an order: %d. In the same order here: %d, "+
		"of these by the 95 %% interval of the paired difference: %d. In the opposite order by that: %d.",
		pairs, same, sure, against)
}

// gap says how the numbers compare with the paper's.
func (r *results) gap() string {
	var parts []string
	for _, a := range r.arms {
		if a.paper > 0 {
			parts = append(parts, a.reached(r.errorOf(a.Name)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	says := "Test error in per cent: " + strings.Join(parts, "; ") + "."
	if r.budget.Seeds > 1 {
		says += " A number reproduces if the mean here is not above the published one and its standard error, if it has one. " +
			"In brackets is the 95 % interval of the mean, by Student's t over the seeds; where it contains that limit, chance alone may have decided."
	}
	return says
}

// fullHours estimates how long the study would take at the full budget on this
// machine, from the time per weight and update here.
func (r *results) fullHours() float64 {
	var seconds, work float64
	for _, rec := range r.records {
		seconds += rec.Time.Seconds()
		work += float64(rec.Trial.Arm.weights(rec.Trial.Budget.Shrink)) * float64(rec.History.Steps)
	}
	full := r.study.budgets["full"]
	var all float64
	for _, a := range r.study.arms(full) {
		all += float64(a.weights(full.Shrink)) * float64(a.updates(full.Updates)) * float64(full.Seeds)
	}
	return seconds / work * all / float64(r.workers) / 3600
}

// reached says of an error in per cent what it is here and in the paper.
func (a arm) reached(e experiment.Estimate) string {
	if e.N < 2 {
		return fmt.Sprintf("%s %.2f here, %.2f there", a.Name, e.Mean, a.paper)
	}
	low, high := e.Interval(0.95)
	return fmt.Sprintf("%s %.2f here (%.2f to %.2f), %.2f there: %s", a.Name, e.Mean, math.Max(0, low), high, a.paper, page.Verdict(e, a.paper+a.paperError))
}
