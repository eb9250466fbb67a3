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

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/report"
)

// write writes NAME.md, NAME.csv and the figures to the directory, and the
// finding to out.
func (l *studyRun) write(out io.Writer, r *results, took time.Duration) error {
	s, err := l.study.summarize(r)
	if err != nil {
		return err
	}
	if err := page.WriteFile(l.dir, l.study.name+".csv", func(w io.Writer) error { return writeCSV(w, r.records) }); err != nil {
		return err
	}
	for _, f := range s.figures {
		for _, format := range []report.Format{report.PNG, report.SVG} {
			if err := page.WriteFile(l.dir, f.name+"."+string(format), func(w io.Writer) error { return f.write(w, format) }); err != nil {
				return err
			}
		}
	}
	var text strings.Builder
	l.page(&text, r, s, took)
	return page.Write(out, l.dir, l.study.name, text.String())
}

// beginSmall says what --small-weights does.
const beginSmall = "Weights of networks of ReLUs are at first normal with a standard deviation of 0.01, as in 2012."

// writeRows shows what some rows of a study are, which make no page.
func (l *studyRun) writeRows(out io.Writer, r *results) {
	var text strings.Builder
	switch {
	case r.arms[0].Autoencoder:
		codeTable(r).Write(&text)
	default:
		// The first row is any, and that of a study of variants may be on another set.
		r.comparison().Without("less the first, points", "p").Write(&text)
	}
	if gap := r.gap(); gap != "" {
		fmt.Fprintf(&text, "%s\n\n", gap)
	}
	if says := r.fromFirst(); len(says) > 0 {
		fmt.Fprintf(&text, "%s.\n\n", strings.Join(says, "; "))
	}
	if l.small {
		fmt.Fprintf(&text, "%s\n\n", beginSmall)
	}
	page.WriteMachines(&text, machines(slices.Concat(r.records, r.tuned)))
	page.Show(out, text.String(), cmdline.Columns(out))
}

// page writes the study's page in Markdown.
func (l *studyRun) page(w io.Writer, r *results, s *summary, took time.Duration) {
	b := r.budget
	fmt.Fprintf(w, "# %s: %s\n\n%s.\n\n", l.study.name, l.study.title, l.study.source)
	if l.label == "quick" {
		fmt.Fprint(w, "**A quick run**: it shows that the experiment works and in which direction things go; it is no reproduction of the paper's numbers.\n\n")
	}
	widths := l.study.namedWidths()
	if b.Shrink > 1 {
		widths += fmt.Sprintf(" divided by %d", b.Shrink)
	}
	fmt.Fprintf(w, "Budget %s: %d training images, %d test images, about %d updates of %d images each, both where a row does not say otherwise, %s, seeds %d to %d.\n\n",
		l.label, b.Images, b.Test, b.Updates, batch, widths, l.seed, l.seed+uint64(b.Seeds)-1)
	for _, f := range s.figures {
		fmt.Fprintf(w, "![%s](%s.png)\n\n", f.Alt, f.name)
	}
	for _, t := range s.tables {
		t.Write(w)
	}
	for _, p := range s.findings {
		if p != "" {
			fmt.Fprintf(w, "%s\n\n", p)
		}
	}
	if s.training != "" {
		fmt.Fprintf(w, "%s\n\n", s.training)
	} else {
		l.writeTraining(w, r)
	}
	var trained time.Duration
	all := slices.Concat(r.records, r.tuned)
	for _, rec := range all {
		trained += rec.Time
	}
	full := l.study.budgets["full"]
	fmt.Fprintf(w, "Updates took %s in all, this call %s. At the time per update and weight of this run the full budget (%d updates, %s, %s) would take about %s hours, training %d at a time.\n\n",
		trained.Round(time.Second), took.Round(time.Second), full.Updates, seedCount(full.Seeds), l.study.namedWidths(), hours(r.fullHours()), r.workers)
	page.WriteMachines(w, machines(all))
	page.WriteOrigin(w, l.args, l.blas)
}

// writeTraining writes how the arms were trained, and the rates that were tried.
func (l *studyRun) writeTraining(w io.Writer, r *results) {
	fmt.Fprintf(w, "Means over seeds ± standard error; p of a paired t test. SGD, batches of %d, momentum from %v to %v over the first fifth of the updates; "+
		"the learning rate of a step is rate × (1 - momentum), along half a cosine to 0. ", batch, firstMomentum, lastMomentum)
	if l.small {
		fmt.Fprintf(w, "%s ", beginSmall)
	}
	if len(r.tuned) > 0 {
		fmt.Fprintf(w, "The rate of each row is the best of these on %d images held out of the training set, after a sixth of the updates or half of the row's own (one seed, not one of those above):\n\n", r.tuned[0].Trial.Held)
		t := page.Table{Header: []string{"arm", "rate", "validation error, %"}}
		for _, rec := range r.tuned {
			e := "diverged"
			if rec.Diverged == "" {
				e = fmt.Sprintf("%.2f", 100*rec.History.Test.Error())
			}
			t.Rows = append(t.Rows, []string{rec.Trial.Arm.Name, fmt.Sprintf("%.3g", rec.Trial.Arm.Rate), e})
		}
		t.Write(w)
	} else {
		fmt.Fprint(w, "The rates are those that the code gives; they were not tuned for this budget (--tune does it).\n\n")
	}
}

func hours(h float64) string {
	if h < 10 {
		return fmt.Sprintf("%.1f", h)
	}
	return fmt.Sprintf("%.0f", h)
}

// longest is how many numbers an extra may have to be written to the table of
// runs: those of figures stay in the records.
const longest = 40

// writeCSV writes a row for each training.
func writeCSV(w io.Writer, records []record) error {
	names := make(map[string]bool)
	for _, r := range records {
		for name, values := range r.Extra {
			if len(values) <= longest {
				names[name] = true
			}
		}
	}
	extras := slices.Sorted(maps.Keys(names))
	c := csv.NewWriter(w)
	rows := [][]string{append([]string{"arm", "seed", "images", "updates", "rate", "train_error", "test_error", "test_errors", "test_nll", "seconds"}, extras...)}
	for _, r := range records {
		h := r.History
		row := []string{
			r.Trial.Arm.Name, fmt.Sprint(r.Trial.Seed), fmt.Sprint(r.Trial.Arm.Images), fmt.Sprint(h.Steps), fmt.Sprint(r.Trial.Arm.Rate),
			fmt.Sprintf("%.6f", h.Train.Error()), fmt.Sprintf("%.6f", h.Test.Error()), fmt.Sprint(h.Test.Examples - h.Test.Correct),
			fmt.Sprintf("%.6f", h.Test.NLL), fmt.Sprintf("%.2f", r.Time.Seconds()),
		}
		for _, name := range extras {
			var cells []string
			for _, v := range r.Extra[name] {
				cells = append(cells, fmt.Sprintf("%.6g", v))
			}
			row = append(row, strings.Join(cells, " "))
		}
		rows = append(rows, row)
	}
	return errors.Wrap(c.WriteAll(rows), "CSV")
}
