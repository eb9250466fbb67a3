package main

import (
	"cmp"
	"context"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
)

// A study is an experiment of the paper.
type study struct {
	name, title, source string

	arms    func(budget) []arm
	budgets map[string]budget // by name
	// measures names what is measured besides error and likelihood.
	measures string
	// records is the name of the file of records, for studies that look at the
	// same trainings in two ways; "" is the study's name.
	records string
	// timed is for studies of time, which run one training at a time.
	timed bool
	// choose is what --tune does; nil chooses learning rates.
	choose func(*studyRun, context.Context, []arm) ([]arm, []record, error)
	// widths says which widths the arms have; "" means the paper's.
	widths    string
	summarize func(*results) (*summary, error)
}

// studies are in the paper's order, followed by the others.
var studies = []study{
	table2, fig4, fig7, fig8, fig9, fig10, fig11, table9, table10, hinton2012, dropConnected, batchwiseStudy, updatesStudy, whyStudy, variantsStudy,
}

// recordFile returns the path of the records in a directory.
func (s study) recordFile(dir string) string {
	name := s.records
	if name == "" {
		name = s.name
	}
	return filepath.Join(dir, name+".jsonl")
}

// namedWidths returns the name of the arms' widths.
func (s study) namedWidths() string { return cmp.Or(s.widths, "the paper's widths") }

func find(name string) (study, bool) {
	for _, s := range studies {
		if s.name == name {
			return s, true
		}
	}
	return study{}, false
}

// budgets returns the usual budgets, which studies change.
func budgets(quick func(*budget)) map[string]budget {
	q := budget{Images: 2000, Test: 10000, Updates: 800, Shrink: 4, Seeds: 5, Passes: 100}
	if quick != nil {
		quick(&q)
	}
	return map[string]budget{
		// tiny is for tests.
		"tiny":  {Images: 100, Test: 100, Updates: 4, Shrink: 128, Seeds: 2, Passes: 4},
		"quick": q,
		"hours": {Images: 60000, Test: 10000, Updates: 12000, Shrink: 1, Seeds: 3, Passes: 200},
		"full":  {Images: 60000, Test: 10000, Updates: 1000000, Shrink: 1, Seeds: 5, Passes: 200},
	}
}

// The drop probabilities that the paper uses unless it says otherwise.
const (
	inputDrop  = 0.2
	hiddenDrop = 0.5
)

// Learning rates for repeated gradients, found on small budgets. With three
// times as much, the wide networks without dropout diverge.
const (
	usualRate = 0.5
	exactRate = 0.2 // with exact-k dropout
)

// plain is an arm without dropout.
func plain(name string, hidden ...int) arm { return arm{Name: name, Hidden: hidden, Rate: usualRate} }

// dropped is an arm with the paper's dropout.
func dropped(name string, hidden ...int) arm {
	return arm{Name: name, Hidden: hidden, Input: inputDrop, Drop: hiddenDrop, Rate: usualRate}
}

// maxNorm bounds the norms of an arm.
func (a arm) maxNorm(c float64) arm {
	a.MaxNorm = c
	return a
}

// settled is the share of the updates that is enough for an arm without
// dropout: long before the end it has memorized its training set, and gains
// nothing from the rest.
const settled = 1. / 3

// settled gives an arm that share.
func (a arm) settled() arm { return a.share(settled) }

// share gives an arm a share of the updates.
func (a arm) share(of float64) arm {
	a.Share = of
	return a
}

// thinned makes an arm with dropout keep an exact number of units for a batch
// and compute with these only. Gradients of a few kept units can be large, so
// they are clipped.
func (a arm) thinned() arm {
	a.Dropout, a.Rate, a.ClipNorm = exactK, exactRate, 1
	return a
}

// short reports whether networks of the paper's widths get far fewer updates
// than in the paper.
func (b budget) short() bool { return b.Shrink == 1 && b.Updates <= 100000 }

// longer gives an arm with dropout more updates if the budget is short, since
// it needs many.
func (a arm) longer(b budget, times float64) arm {
	if !b.short() {
		return a
	}
	if a.Share == 0 {
		a.Share = 1
	}
	a.Share *= times
	return a
}

// at sets the paper's number of an arm.
func (a arm) at(percent float64) arm {
	a.paper = percent
	return a
}

// give returns the arm with the standard error that the paper gives, in per cent.
func (a arm) give(standardError float64) arm {
	a.paperError = standardError
	return a
}

// tableSummary returns the summary of a study that is a table of arms.
func tableSummary(more func(*results) []string) func(*results) (*summary, error) {
	return func(r *results) (*summary, error) {
		findings := []string{r.order(), r.gap()}
		if more != nil {
			findings = append(findings, more(r)...)
		}
		drawn, err := r.dots()
		return &summary{tables: []page.Table{r.comparison()}, figures: []figure{drawn}, findings: findings}, err
	}
}

// errMissing returns the error of a record that lacks what a study needs.
func errMissing(arm, what string) error {
	return errors.Errorf("%s: every record must have %s, got none: remove the lines of these records", arm, what)
}
