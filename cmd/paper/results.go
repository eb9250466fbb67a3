package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

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

// A table has a header and rows of cells.
type table struct {
	header []string
	rows   [][]string
}

// A summary is what is written about results.
type summary struct {
	tables   []table
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

// inPercent returns an estimate of a share in per cent.
func inPercent(e experiment.Estimate) experiment.Estimate {
	e.Mean, e.StdErr = 100*e.Mean, 100*e.StdErr
	return e
}

// pm formats a mean and its standard error.
func pm(e experiment.Estimate, decimals int) string {
	if math.IsNaN(e.StdErr) {
		return fmt.Sprintf("%.*f", decimals, e.Mean)
	}
	return fmt.Sprintf("%.*f ± %.*f", decimals, e.Mean, decimals, e.StdErr)
}

// seedCount formats a number of seeds.
func seedCount(n int) string {
	if n == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds", n)
}

// pValue returns the two-sided p of a paired t test of no difference, NaN for
// one seed.
func pValue(e experiment.Estimate) float64 {
	if e.N < 2 || e.StdErr == 0 {
		return math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(e.N - 1)}
	return 2 * t.CDF(-math.Abs(e.Mean/e.StdErr))
}

func pText(e experiment.Estimate) string {
	p := pValue(e)
	switch {
	case math.IsNaN(p):
		return "–"
	case p < 0.001:
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
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
		s += fmt.Sprintf(" (paired over %d seeds: ± %.2f, 95 %% interval %+.2f to %+.2f, p %s)", d.N, d.StdErr, low, high, pText(d))
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
			if p := pValue(r.less(a.Name, first.Name)); p < 0.05 {
				said += ", which is significant"
			}
			says = append(says, said)
		}
	}
	return says
}

// comparison returns the table of all arms; differences are to the first one.
func (r *results) comparison() table {
	t := table{header: []string{"arm", "paper, %", "test error, %", "less the first, points", "p", "test NLL", "train error, %", "images", "updates", "rate", "s/update"}}
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
			diff, p = pm(d, 2), pText(d)
		}
		train := inPercent(r.estimate(a.Name, experiment.TrainError))
		var seconds float64
		var steps int64
		for _, rec := range recs {
			seconds, steps = seconds+rec.Time.Seconds(), steps+rec.History.Steps
		}
		t.rows = append(t.rows, []string{
			a.Name, paper, pm(r.errorOf(a.Name), 2), diff, p, pm(r.estimate(a.Name, experiment.TestNLL), 4), pm(train, 2),
			fmt.Sprint(recs[0].Trial.Arm.Images), fmt.Sprint(recs[0].History.Steps), fmt.Sprintf("%.3g", a.Rate),
			fmt.Sprintf("%.4f", seconds/float64(steps)),
		})
	}
	return t
}

// without returns the table without the columns of the given names.
func (t table) without(names ...string) table {
	kept := func(row []string) (cells []string) {
		for i, cell := range row {
			if !slices.Contains(names, t.header[i]) {
				cells = append(cells, cell)
			}
		}
		return cells
	}
	shorter := table{header: kept(t.header)}
	for _, row := range t.rows {
		shorter.rows = append(shorter.rows, kept(row))
	}
	return shorter
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
			switch beyond(d) {
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
