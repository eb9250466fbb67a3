package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// variantSummary compares the methods on each set.
func variantSummary(r *results) (*summary, error) {
	s := &summary{training: r.variantTraining()}
	for i, set := range variant.Sets() {
		t, err := r.variantTable(set)
		if err != nil {
			return nil, err
		}
		s.tables = append(s.tables, t)
		s.findings = append(s.findings, r.variantFinding(set))
		drawn, err := r.variantFigure(set)
		if err != nil {
			return nil, err
		}
		drawn.name += fmt.Sprintf("-%d", i+1)
		s.figures = append(s.figures, drawn)
	}
	s.tables = append(s.tables, r.settingsTable())
	s.findings = append(s.findings,
		r.sparseFinding("A weight is superfluous if the variance of its noise is e³ times its square or more.", variant.Variational),
		r.sparseFinding(fmt.Sprintf("Targeted dropout is trained for the loss of the %v %% of a unit's weights with the smallest magnitudes.", 100*variant.TargetedShare), variant.Targeted),
		fmt.Sprintf("To leave out every other block, as LayerDrop's authors do, is tried with all methods of %s. %s", variant.Transformer, r.halves()),
		fmt.Sprintf("The first two tables have %d intervals each, so that chance alone makes one of them exclude 0 in many tables like these. "+
			"%s's updates take each example twice. The time of an update is the one that nine of ten of a training exceed, the lowest of the seeds, since the machine had other work too: compare times within this page only. Early dropout's is that of its updates without dropout.",
			len(variant.SetNamed(variant.MNIST).Methods)-1, variant.RDrop))
	return s, nil
}

// variantTable returns the table of the methods on a set; differences are to
// ordinary dropout.
func (r *results) variantTable(set variant.Set) (page.Table, error) {
	t := page.Table{Header: []string{
		"arm", "test error, %", "less " + variant.Ordinary + ", points", "95 % interval", "test NLL", "train error, %", "updates", "ms/update", "sparsity, %", "pruned: test error, %",
	}}
	for _, m := range set.Methods {
		name := variantName(set.Name, m.Name)
		diff, interval := "–", "–"
		if m.Name != variant.Ordinary {
			d := r.less(name, variantName(set.Name, variant.Ordinary))
			diff, interval = fmt.Sprintf("%+.2f", d.Mean), intervalText(d)
		}
		update, err := r.perUpdate(name)
		if err != nil {
			return t, err
		}
		train := page.InPercent(r.estimate(name, experiment.TrainError))
		t.Rows = append(t.Rows, []string{
			name, page.PlusMinus(r.errorOf(name), 2), diff, interval, page.PlusMinus(r.estimate(name, experiment.TestNLL), 4), page.PlusMinus(train, 2),
			fmt.Sprint(r.of(name)[0].History.Steps), update,
			r.extraText(name, sparsityExtra), r.extraText(name, prunedErrorExtra),
		})
	}
	return t, nil
}

// intervalText formats the 95 % interval of a difference, which one seed has
// not.
func intervalText(d experiment.Estimate) string {
	if d.N < 2 {
		return "–"
	}
	low, high := d.Interval(0.95)
	return fmt.Sprintf("%+.2f to %+.2f", low, high)
}

// extraText formats a measurement that few arms have.
func (r *results) extraText(arm, name string) string {
	if e := r.extra(arm, name); len(e) > 0 {
		return page.PlusMinus(e[0], 2)
	}
	return "–"
}

// perUpdate returns the milliseconds of an update: the lowest of the seeds, which
// is that of the least disturbed training.
func (r *results) perUpdate(arm string) (string, error) {
	var all []float64
	for _, rec := range r.of(arm) {
		all = append(all, rec.Extra[updateExtra]...)
	}
	if len(all) == 0 {
		return "", errMissing(arm, "the time of an update")
	}
	return fmt.Sprintf("%.2f", 1000*slices.Min(all)), nil
}

// settingsTable returns what each method could choose and what it has chosen.
func (r *results) settingsTable() page.Table {
	t := page.Table{Header: []string{"arm", "source", "space", "chosen", "rate", "decay", "validation error, %"}}
	for _, a := range r.arms {
		m := a.Variant.By()
		var spaces, chosen []string
		for j, s := range m.Settings {
			spaces = append(spaces, s.String())
			chosen = append(chosen, fmt.Sprintf("%s %g", s.Name, a.Variant.Settings[j]))
		}
		t.Rows = append(t.Rows, []string{
			a.Name, cmp.Or(m.Source, "–"), cmp.Or(strings.Join(spaces, "; "), "–"), cmp.Or(strings.Join(chosen, ", "), "–"),
			fmt.Sprintf("%g", a.Rate), fmt.Sprintf("%g", a.Variant.Decay), r.heldError(a.Name),
		})
	}
	return t
}

// heldError returns the validation error of the chosen settings of an arm.
func (r *results) heldError(arm string) string {
	of := slices.DeleteFunc(slices.Clone(r.tuned), func(rec record) bool { return rec.Trial.Arm.Name != arm })
	if k := lowestError(of); k >= 0 {
		return fmt.Sprintf("%.2f", 100*of[k].History.Test.Error())
	}
	return "–"
}

// variantFinding says which methods the intervals tell from ordinary dropout on a
// set.
func (r *results) variantFinding(set variant.Set) string {
	methods := func(names []string) string { return cmp.Or(strings.Join(names, ", "), "no method") }
	var below, above, open []string
	for _, m := range set.Methods {
		if m.Name == variant.Ordinary {
			continue
		}
		d := r.less(variantName(set.Name, m.Name), variantName(set.Name, variant.Ordinary))
		said := fmt.Sprintf("%s (%s)", m.Name, intervalText(d))
		switch page.Beyond(d) {
		case -1:
			below = append(below, said)
		case 1:
			above = append(above, said)
		default:
			open = append(open, m.Name)
		}
	}
	return fmt.Sprintf("On %s the 95 %% interval of the difference to %s, paired over %s, is below 0 for %s; above 0 for %s; the data do not tell %s from it.",
		set.Name, variant.Ordinary, seedCount(r.budget.Seeds), methods(below), methods(above), methods(open))
}

// sparseFinding says what a method makes superfluous, and why that may be pruned.
func (r *results) sparseFinding(why, method string) string {
	var parts []string
	for _, s := range variant.Sets() {
		if !slices.ContainsFunc(s.Methods, func(m variant.Method) bool { return m.Name == method }) {
			continue
		}
		name := variantName(s.Name, method)
		parts = append(parts, fmt.Sprintf("%s %% of the weights from hidden units on %s, and without these the test error is %s instead of %s %%",
			r.extraText(name, sparsityExtra), s.Name, r.extraText(name, prunedErrorExtra), page.PlusMinus(r.errorOf(name), 2)))
	}
	return fmt.Sprintf("%s Superfluous for %s: %s.", why, method, strings.Join(parts, "; "))
}

// halves says what the networks of blocks lose with every other block.
func (r *results) halves() string {
	var parts []string
	for _, m := range variant.SetNamed(variant.Transformer).Methods {
		name := variantName(variant.Transformer, m.Name)
		parts = append(parts, fmt.Sprintf("%s %s instead of %s", m.Name, r.extraText(name, prunedErrorExtra), page.PlusMinus(r.errorOf(name), 2)))
	}
	return "The test error in per cent of the two blocks that are left, without further training, is with " + strings.Join(parts, "; with ") + "."
}

// variantFigure draws how the errors on a set differ from that of ordinary dropout.
func (r *results) variantFigure(set variant.Set) (figure, error) {
	title := "Test error on " + set.Name + " less that of " + variant.Ordinary
	c := report.RowChart{
		Title: title, Alt: title, X: "test error less that of " + variant.Ordinary + " (points)", Caption: "Bar: 95 % interval over the seeds.",
	}
	for _, m := range set.Methods {
		if m.Name == variant.Ordinary {
			continue
		}
		d := r.less(variantName(set.Name, m.Name), variantName(set.Name, variant.Ordinary))
		low, high := d.Interval(0.95)
		c.Marks = append(c.Marks, report.Mark{Row: len(c.Rows), Value: d.Mean, Bar: d.N > 1, Low: low, High: high})
		c.Rows = append(c.Rows, m.Name)
	}
	f, err := c.Figure()
	return named(r.study.name, f, err)
}

// variantTraining says how the arms are trained and their settings chosen.
func (r *results) variantTraining() string {
	how := "The settings are the middle of each space; they were not tuned (--tune does it)."
	if len(r.tuned) > 0 {
		how = fmt.Sprintf("Each row has the best, by validation error, of %d settings of a Latin hypercube in the spaces of %s, %s and its own settings, "+
			"the same places for all rows; trained as long as the result, with one seed, which is not one of those above, and judged on %d held-out images or characters. The test set was used once, for the table.",
			r.budget.Trials, variant.Rate, variant.Decay, r.tuned[0].Trial.Held)
	}
	return fmt.Sprintf("Means over seeds ± standard error. AdamW, batches of %d, the learning rate along half a cosine from rate to 0; biases and what methods learn besides weights do not decay. "+
		"Methods drop hidden units, or the weights from them; sparsity is a share of these weights. In the Transformer they drop parts of blocks, or all of a block, and sparsity is a share of the blocks; scales of its normalization do not decay either. On opticks a network predicts a character of Newton's book from the %d before it, as one-hot vectors, or with a Transformer of four blocks of four heads; "+
		"as many places in the book as images are drawn for each seed. %s", batch, variant.Before, how)
}
