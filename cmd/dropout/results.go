package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// resultRows returns the table of results; the first row and column are names.
func resultRows(o *compare.Outcome, w compare.Wording) [][]string {
	head := []string{"", w.ErrorName() + strings.ReplaceAll(w.Percent(), " %", ", %"), "NLL"}
	calibrated := o.Kind != compare.Text
	switch o.Kind {
	case compare.Numbers:
		head = append(head, fmt.Sprintf("in %.0f %% intervals", 100*compare.Level))
	case compare.Classes, compare.Labels:
		head = append(head, "calibration error")
	}
	rows := [][]string{head}
	digits := compare.Decimals(o.NLL.Mean, o.NLL.StdErr)
	for _, way := range o.Ways {
		row := []string{way.Name, pair(w.Error(way.Error.Mean, o.Error.StdErr, false), w.Error(way.Error.StdErr, o.Error.StdErr, false), way.Error),
			pair(fmt.Sprintf("%.*f", digits, way.NLL.Mean), fmt.Sprintf("%.*f", digits, way.NLL.StdErr), way.NLL)}
		if calibrated {
			row = append(row, fmt.Sprintf("%.1f %%", 100*way.Calibration))
		}
		rows = append(rows, row)
	}
	difference := []string{"difference", w.Error(o.Error.Mean, o.Error.StdErr, true), fmt.Sprintf("%+.*f", digits, o.NLL.Mean)}
	interval := []string{"95 % interval"}
	if o.Error.N < 2 {
		interval = append(interval, "needs 2 splits", "needs 2 splits")
	} else {
		low, high := o.Error.Interval(0.95)
		interval = append(interval, w.Error(low, o.Error.StdErr, true)+" to "+w.Error(high, o.Error.StdErr, true))
		low, high = o.NLL.Interval(0.95)
		interval = append(interval, fmt.Sprintf("%+.*f to %+.*f", digits, low, digits, high))
	}
	if calibrated {
		difference, interval = append(difference, ""), append(interval, "")
	}
	return append(rows, difference, interval)
}

func pair(mean, error string, e compare.Estimate) string {
	if math.IsNaN(e.StdErr) {
		return mean
	}
	return mean + " ± " + error
}

// writeTable writes rows with the numbers to the right.
func writeTable(to io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	for _, row := range rows {
		line := pad(row[0], widths[0])
		for i, cell := range row[1:] {
			line += "  " + padLeft(cell, widths[i+1])
		}
		fmt.Fprintln(to, strings.TrimRight(line, " "))
	}
}

// showResults writes the table of results and what was found.
func showResults(to io.Writer, o *compare.Outcome, w compare.Wording) {
	writeTable(to, resultRows(o, w))
	fmt.Fprintln(to)
	paragraph(to, resultNote(o))
	for _, said := range o.Finding(w) {
		fmt.Fprintln(to)
		paragraph(to, said)
	}
}

func resultNote(o *compare.Outcome) string {
	if o.Error.N < 2 {
		return fmt.Sprintf("One split. Settings of both arms: the best of %s.", count(o.Rounds, "trial", "trials"))
	}
	note := fmt.Sprintf("Means over %d splits ± standard error; errors and intervals allow for training parts that overlap (Nadeau and Bengio 2003). Settings of each arm: the best of %s in each split.",
		o.Error.N, count(o.Rounds, "trial", "trials"))
	if o.Kind != compare.Numbers && o.Kind != compare.Text {
		note += " NLL is the mean negative log-likelihood in nats; the calibration error is the distance between confidence and accuracy, over all test parts."
	}
	if o.Kind == compare.Numbers {
		note += fmt.Sprintf(" NLL is the mean negative log-likelihood in nats; intervals that should hold %.0f %% of the numbers hold the share in the last column.", 100*compare.Level)
	}
	return note
}
