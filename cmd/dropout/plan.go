package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// A planRow is a row of the table of columns: a column, or several alike beside each other.
type planRow struct{ Name, Use, Missing, Note string }

// planRows returns the table of columns.
func planRows(p *tabular.Plan, rows int) []planRow {
	var all []planRow
	for i := 0; i < len(p.Columns); {
		c := p.Columns[i]
		n := 1
		for i+n < len(p.Columns) && plain(c) && plain(p.Columns[i+n]) && c.Use == p.Columns[i+n].Use {
			n++
		}
		row := planRow{Name: c.Name, Use: useName(c.Use), Note: c.Note}
		if n > 2 {
			row.Name = fit(c.Name, 11) + " … " + fit(p.Columns[i+n-1].Name, 11)
			row.Note = fmt.Sprintf("%d columns", n)
		} else {
			n = 1
		}
		if c.Missing > 0 && c.Use != tabular.Out && c.Use != tabular.Target {
			row.Missing = fmt.Sprintf("%.3g %%", 100*float64(c.Missing)/float64(rows))
		}
		if note := doneTo(c); note != "" {
			if row.Note != "" {
				row.Note += "; "
			}
			row.Note += note
		}
		all = append(all, row)
		i += n
	}
	return all
}

// plain reports whether there is nothing to say of a column but its use.
func plain(c tabular.Column) bool { return c.Note == "" && c.Missing == 0 && c.Use == tabular.Number }

func useName(u tabular.Use) string {
	if u == tabular.Out {
		return "left out"
	}
	return string(u)
}

// doneTo says what is done to a column.
func doneTo(c tabular.Column) string {
	switch {
	case c.Use == tabular.Date && c.Missing > 0:
		return "as days, and time of year, week and day; mean and indicator where missing"
	case c.Use == tabular.Date:
		return "as days, and time of year, week and day"
	case c.Use == tabular.Category && c.Missing > 0:
		return "one-hot; missing is a level"
	case c.Use == tabular.Category:
		return "one-hot"
	case c.Use == tabular.Embedding:
		return "embedded"
	case c.Use == tabular.Group:
		return "no group is in two parts"
	case c.Use == tabular.Order:
		return "tests follow what is learned from"
	case c.Missing > 0 && (c.Use == tabular.Number || c.Use == tabular.Boolean):
		return "median and indicator where missing"
	}
	return ""
}

// show writes what was found in the data and what will be done.
func (d *data) show(to io.Writer, name string) {
	if d.table == nil {
		for _, note := range d.notes {
			paragraph(to, note)
		}
		fmt.Fprintln(to)
		return
	}
	paragraph(to, fmt.Sprintf("%s: %s, %s. To predict: %s, %s (%s).", name, count(d.table.Len(), "row", "rows"),
		count(len(d.table.Names), "column", "columns"), names(d.plan.Targets()), d.plan.Task, d.plan.Why))
	for _, note := range d.notes {
		paragraph(to, note)
	}
	fmt.Fprintln(to)
	rows := planRows(d.plan, d.table.Len())
	nameWidth, missing := len("column"), 0
	for _, r := range rows {
		nameWidth = min(25, max(nameWidth, runewidth.StringWidth(r.Name)))
		if r.Missing != "" {
			missing = len("missing") + 2
		}
	}
	line := func(r planRow) {
		head := pad(fit(r.Name, nameWidth), nameWidth) + "  " + pad(r.Use, 9) + "  "
		if missing > 0 {
			head += padLeft(r.Missing, missing-2) + "  "
		}
		if r.Note == "" {
			fmt.Fprintln(to, strings.TrimRight(head, " "))
			return
		}
		fmt.Fprint(to, head)
		at := runewidth.StringWidth(head)
		wrap(to, r.Note, at)
	}
	line(planRow{"column", "used as", "missing", "what was found, and what is done"})
	for _, r := range rows {
		line(r)
	}
	fmt.Fprintln(to)
}

// describe says how the experiment is made.
func (d *data) describe(e *compare.Experiment) string {
	n := len(e.Splits) - 1
	s := e.Splits[1]
	how, upTo := "at random", ""
	if !e.Fixed && n > 5 {
		upTo = "up to "
	}
	switch {
	case d.Kind() == compare.Text:
		how = "by position"
	case d.plan != nil && d.plan.One(tabular.Group) != "":
		how = "by " + d.plan.One(tabular.Group)
	case d.plan != nil && d.plan.One(tabular.Order) != "":
		how = "in order of " + d.plan.One(tabular.Order)
	case d.Kind() == compare.Classes:
		how = "at random, stratified by class"
	case d.Kind() == compare.Numbers:
		how = "at random, stratified by the target"
	}
	examples := "rows"
	switch {
	case d.Kind() == compare.Text:
		examples = "runs of 48 characters"
	case d.table == nil:
		examples = "images"
	}
	return fmt.Sprintf("Method: %s, %s: about %s %s to train on, %s to tune on, %s to test on. "+
		"In each split both arms are tuned with the same number of trials, and the best network of each is tested once. "+
		"All that is fitted is fitted to the training part.",
		upTo+count(n, "split", "splits"), how, thousands(len(s.Train)), examples, thousands(len(s.Validation)), thousands(len(s.Test)))
}
